"""What people type: kept as typed, or refused with a code; hostile strings among it."""

import unicodedata
from datetime import date
from itertools import combinations

import pytest

from clinic import contact
from clinic.contact import Unfit, UnfitDate, UnfitEmail, UnfitPhone, UnfitText

TODAY = date(2026, 11, 22)
BORN = date(1956, 2, 3)

# What was typed, and what a field of one line and one of several lines say to it:
# None where it is kept, else the problem.
HOSTILE: list[tuple[str, str | None, str | None]] = [
    ("Robert'); DROP TABLE request;--", None, None),
    ('" OR ""="', None, None),
    ("<script>alert(1)</script>", None, None),
    ('"><img src=x onerror=alert(1)>', None, None),
    ("javascript:alert(1)", None, None),
    ("{{ 7*7 }}{% raw %}", None, None),
    ("${jndi:ldap://127.0.0.1/a}", None, None),
    ("%s%s%n%x %00", None, None),
    ("../../../../etc/passwd", None, None),
    ('=HYPERLINK("http://127.0.0.1")', None, None),
    ("$(touch x) `id` | & ;", None, None),
    ("\\x00 \\u0000 \\", None, None),
    ("NULL None undefined NaN true 0", None, None),
    ("", None, None),
    ("   ", None, None),
    ("two\tcolumns", None, None),
    ("Zoë Núñez-O\u2019Brien", None, None),
    ("e\u0301cole", None, None),
    ("Z\u0351\u034b\u0323a\u0336l\u0334g\u0335o\u0321", None, None),
    ("\u1112\u1161\u11ab\u1100\u1173\u11af", None, None),
    ("\U0001f469\U0001f3fd\u200d\u2695\ufe0f", None, None),
    ("\U0001f1fa\U0001f1f8 \U0001f4a9", None, None),
    ("\U00020000 \U0010fffd", None, None),
    ("مريم العبد الله", None, None),
    ("מרים כהן", None, None),
    ("abc\u202edef\u202c\u2066ghi\u2069", None, None),
    ("zero\u200bwidth\ufeff\u00ad", None, None),
    ("\uffff \ufffe \ufffd", None, None),
    ("\u3000全角スペース", None, None),
    ("İı ß ﬁ Ǆ", None, None),
    ("nul\x00byte", "nul", "nul"),
    ("bell\x07", "control", "control"),
    ("escape\x1b[2J", "control", "control"),
    ("\x08back\x0b\x0c", "control", "control"),
    ("delete\x7f", "control", "control"),
    ("c1 \x9b31m and \x85", "control", "control"),
    ("lone \ud800 half", "surrogate", "surrogate"),
    ("\udcff\udcfe", "surrogate", "surrogate"),
    ("name\r\nBcc: evil@example.com", "newline", None),
    ("line\u2028separator\u2029paragraph", "newline", None),
    ("a" * 201, "too_long", "too_long"),
    ("\x00" * 801, "too_long", "too_long"),
    ("\u0301" * 100_000, "too_long", "too_long"),
]


def problem_with(raw: str, *, multiline: bool) -> str | None:
    try:
        contact.clean_text(raw, limit=200, multiline=multiline)
    except UnfitText as unfit:
        return unfit.problem
    return None


class TestText:
    def test_the_table_is_as_long_as_promised(self) -> None:
        assert len({raw for raw, *_ in HOSTILE}) >= 40

    @pytest.mark.parametrize(("raw", "one_line", "lines"), HOSTILE)
    @pytest.mark.proves("IN-3")
    def test_hostile_text_is_kept_whole_or_refused(
        self, raw: str, one_line: str | None, lines: str | None
    ) -> None:
        assert problem_with(raw, multiline=False) == one_line
        assert problem_with(raw, multiline=True) == lines
        if lines is None:
            kept = contact.clean_text(raw, limit=200, multiline=True)
            assert kept == unicodedata.normalize("NFC", raw)
            assert kept.encode("utf-8").decode("utf-8") == kept

    @pytest.mark.parametrize("code", [*range(32), 127])
    def test_of_the_control_characters_only_tab_and_line_breaks_may_stay(self, code: int) -> None:
        kept_in_one_line = problem_with(f"a{chr(code)}b", multiline=False) is None
        kept_in_lines = problem_with(f"a{chr(code)}b", multiline=True) is None

        assert kept_in_one_line == (chr(code) == "\t")
        assert kept_in_lines == (chr(code) in "\t\n\r")

    def test_the_limit_counts_composed_characters(self) -> None:
        four_to_one = "\u03b1\u0313\u0300\u0345"

        assert contact.clean_text(four_to_one * 10, limit=10) == "\u1f82" * 10
        with pytest.raises(UnfitText, match="too_long"):
            contact.clean_text(four_to_one * 10 + "a", limit=10)
        with pytest.raises(UnfitText, match="too_long"):
            contact.clean_text("\ufb2c" * 4, limit=10)  # composing makes this one longer

    def test_a_refusal_never_repeats_what_was_typed(self) -> None:
        with pytest.raises(UnfitText) as refused:
            contact.clean_text("pregnant\x00", limit=200)

        assert "pregnant" not in f"{refused.value!r}{refused.value}"

    def test_every_other_input_refuses_or_reads_the_hostile_table_without_breaking(self) -> None:
        for raw, *_ in HOSTILE:
            for read in (contact.phone, contact.phone_key, contact.email, contact.email_key):
                with pytest.raises(Unfit):
                    read(raw)
            with pytest.raises(UnfitDate):
                contact.birth_date(raw, raw, raw, today=TODAY)
            assert contact.parse_reference(raw) is None
            assert contact.first_name(raw).count(" ") == 0
            contact.masked_email(raw)
            contact.masked_phone(raw)


class TestPhone:
    @pytest.mark.parametrize(
        ("raw", "e164", "display"),
        [
            ("2125550199", "+12125550199", "(212) 555-0199"),
            ("(212) 555-0199", "+12125550199", "(212) 555-0199"),
            ("212.555.0199", "+12125550199", "(212) 555-0199"),
            ("1-212-555-0199", "+12125550199", "(212) 555-0199"),
            ("+1 212 555 0199", "+12125550199", "(212) 555-0199"),
            (" 212\u2011555\u20130199 ", "+12125550199", "(212) 555-0199"),
            ("\u202a+1 (212)\u00a0555-0199\u202c", "+12125550199", "(212) 555-0199"),
            ("\uff0b\uff11\uff12\uff11\uff12-555-0199", "+12125550199", "(212) 555-0199"),
            ("\u0662\u0661\u0662-555-0199", "+12125550199", "(212) 555-0199"),
            ("+44 20 7946 0018", "+442079460018", "+44 20 7946 0018"),
            ("(+44) 20 7946 0018", "+442079460018", "+44 20 7946 0018"),
            ("011 52 55 1234 5678", "+525512345678", "+52 55 1234 5678"),
        ],
    )  # fmt: skip
    def test_a_number_is_read_however_it_is_written(
        self, raw: str, e164: str, display: str
    ) -> None:
        number = contact.phone(raw)

        assert (number.e164, number.display, number.extension) == (e164, display, "")

    @pytest.mark.parametrize("area_code", ["212", "503", "555", "787"])
    def test_numbers_kept_for_fiction_pass_in_any_area_code(self, area_code: str) -> None:
        for last in ("0100", "0142", "0199"):
            assert contact.phone(f"({area_code}) 555-{last}").e164 == f"+1{area_code}555{last}"

    @pytest.mark.parametrize(
        "raw",
        [
            "212-555-0199 x12",
            "212-555-0199 ext. 12",
            "(212) 555-0199 Extension 12",
            "212 555 0199 extensión 12",
            "212 555 0199 extensio\u0301n 12",
            "2125550199,12",
            "2125550199#12",
            "+12125550199;ext=12",
        ],
    )
    def test_an_extension_is_kept(self, raw: str) -> None:
        number = contact.phone(raw)

        assert number.extension == "12"
        assert number.display == "(212) 555-0199 ext. 12"
        assert number.uri == "tel:+12125550199;ext=12"
        assert contact.phone_key(raw) == "+12125550199"

    @pytest.mark.parametrize(
        "raw", ["212-555-0199", "212-555-0199 x7", "+44 20 7946 0018", "+44 20 7946 0018 x7"]
    )
    def test_what_is_stored_and_what_is_shown_read_back_as_the_same_number(self, raw: str) -> None:
        number = contact.phone(raw)

        assert contact.phone(number.stored) == number
        assert contact.phone(number.display) == number

    @pytest.mark.parametrize(
        ("raw", "problem"),
        [
            ("", "blank"),
            (" \u200b ", "blank"),
            ("555-0199", "no_area_code"),
            ("911", "too_short"),
            ("212-555-01", "too_short"),
            ("212-555-01999", "too_long"),
            ("1" * 65, "too_long"),
            ("123-456-7890", "impossible"),
            ("000-000-0000", "impossible"),
            ("212-155-0199", "impossible"),
            ("911-555-0199", "impossible"),
            ("+999 212 555 0199", "unreadable"),
            ("no phone", "unreadable"),
            ("call 212-555-0199", "unreadable"),
            ("212-555-0199 or 212-555-0142", "unreadable"),
            ("212-555-0199\r\nBcc: x", "unreadable"),
            ("212-555-0199\n", "unreadable"),
            ("1-800-FLOWERS", "unreadable"),
            ("+", "unreadable"),
            ("212\x005550199", "unreadable"),
            ("212-555-0199 x12345678", "unreadable"),
        ],
    )
    def test_what_nobody_could_dial_is_refused_with_its_reason(
        self, raw: str, problem: str
    ) -> None:
        with pytest.raises(UnfitPhone) as refused:
            contact.phone(raw)

        assert refused.value.problem == problem

    def test_another_region_reads_its_own_numbers(self) -> None:
        assert contact.phone("020 7946 0018", "GB").display == "020 7946 0018"
        assert contact.phone("(212) 555-0199", "US") == contact.phone("+1 212 555 0199", "US")


class TestEmail:
    @pytest.mark.parametrize(
        ("raw", "sent_to"),
        [
            ("ana.lopez@example.com", "ana.lopez@example.com"),
            ("Ana.Lopez@Example.COM", "Ana.Lopez@example.com"),
            (" ana@example.com\t", "ana@example.com"),
            ("ana+needles@sub.example.org", "ana+needles@sub.example.org"),
            ("o'brien@example.com", "o'brien@example.com"),
            ("ana@ex\u00e1mple.com", "ana@xn--exmple-qta.com"),
            ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
        ],
    )
    def test_an_address_is_made_ready_to_send_to(self, raw: str, sent_to: str) -> None:
        assert contact.email(raw) == sent_to
        assert contact.email(sent_to) == sent_to

    @pytest.mark.parametrize(
        ("raw", "problem"),
        [
            ("", "blank"),
            (" \t\u00a0", "blank"),
            ("a@example.com\n", "control"),
            ("a@example.com\r\nBcc: evil@example.com", "control"),
            ("a@example.com\r\n folded", "control"),
            ("a\x00@example.com", "control"),
            ("a@example.com\u2028", "control"),
            ("a\u2029@example.com", "control"),
            ("a\x85@example.com", "control"),
            ("\ud800@example.com", "control"),
            ("a@example.com, evil@example.org", "several"),
            ("a@example.com,", "several"),
            ("a@example.com;b@example.com", "several"),
            ("a@example.com b@example.com", "several"),
            ("a@b@example.com", "several"),
            ("Ana <a@example.com>", "unreadable"),
            ('"a b"@example.com', "unreadable"),
            ("a b@example.com", "unreadable"),
            ("a(comment)@example.com", "unreadable"),
            ("ñ@example.com", "unreadable"),
            ("a\u200b@example.com", "unreadable"),
            ("a@\u202eexample.com", "unreadable"),
            ("a@example", "unreadable"),
            ("a@localhost", "unreadable"),
            ("a@[127.0.0.1]", "unreadable"),
            ("a@clinic.test", "unreadable"),
            ("a@clinic.local", "unreadable"),
            ("a@clinic.invalid", "unreadable"),
            ("a..b@example.com", "unreadable"),
            (".a@example.com", "unreadable"),
            ("a@-example.com", "unreadable"),
            ("@example.com", "unreadable"),
            ("a@", "unreadable"),
            ("example.com", "unreadable"),
            ("a" * 65 + "@example.com", "unreadable"),
            ("a@" + "b" * 250 + ".com", "too_long"),
            ("a" * 10_240, "too_long"),
            ("a@" + "é." * 100 + "com", "unreadable"),
        ],
    )
    def test_what_could_reach_nobody_or_somebody_else_is_refused(
        self, raw: str, problem: str
    ) -> None:
        with pytest.raises(UnfitEmail) as refused:
            contact.email(raw)

        assert refused.value.problem == problem

    def test_the_same_mailbox_is_found_however_its_case_is_typed(self) -> None:
        assert contact.email_key("Ana.LOPEZ@Example.com") == "ana.lopez@example.com"
        assert contact.email_key(" ana.lopez@EXAMPLE.com") == "ana.lopez@example.com"


class TestPerson:
    @pytest.mark.parametrize(
        "name",
        [
            "María José O'Núñez",
            "  maria   jose\to'nunez ",
            "MARÍA JOSÉ O\u2019NÚÑEZ",
            "Mari\u0301a Jose\u0301 ONun\u0303ez",
            "Maria-Jose O\u02bcNunez",
            "Maria\u2010Jose\u200b O'Nunez.",
        ],
    )
    @pytest.mark.proves("CRY-4")
    def test_one_person_is_one_value_however_the_name_is_typed(self, name: str) -> None:
        assert contact.person_key(name, BORN) == "maria jose onunez|1956-02-03"

    @pytest.mark.parametrize(
        ("one", "other"),
        [("Łukasz Søby", "Lukasz Soby"), ("Weiß", "WEISS"), ("İpek I\u015f\u0131k", "IPEK ISIK")],
    )
    def test_letters_without_an_accent_to_strip_are_plain_too(self, one: str, other: str) -> None:
        assert contact.person_key(one, BORN) == contact.person_key(other, BORN)

    def test_other_names_and_other_birth_dates_are_other_persons(self) -> None:
        keys = {
            contact.person_key(name, born)
            for name in ("Ana Lopez", "Ana Lopes", "AnaLopez", "\u0939\u0941", "\u0939\u0942")
            for born in (BORN, date(1956, 3, 2))
        }

        assert len(keys) == 10

    def test_a_name_of_marks_alone_still_counts_and_a_blank_one_is_refused(self) -> None:
        assert contact.person_key("--", BORN) == "--|1956-02-03"
        with pytest.raises(UnfitText, match="blank"):
            contact.person_key(" \t ", BORN)

    @pytest.mark.parametrize(
        ("full", "first"),
        [
            ("Ana López", "Ana"),
            ("  María José  Núñez", "María"),
            ("Jean-Luc O", "Jean-Luc"),
            ("D\u2019Arcy X", "D\u2019Arcy"),
            ("J. Smith", "J."),
            ("مريم العبد", "مريم"),
            ("Mari\u0301a", "Mari\u0301a"),
            ("", ""),
            ("   ", ""),
            ("López, Ana", ""),
            ("evil.example/win now", ""),
            ("http://evil.example", ""),
            ("evil@example.com", ""),
            ("\u202eanA", ""),
            ("-Ana", ""),
            (".", ""),
            ("A" * 41, ""),
        ],
    )
    def test_letters_greet_by_first_name_or_by_none(self, full: str, first: str) -> None:
        assert contact.first_name(full) == first

    def test_a_hint_shows_too_little_to_reach_anybody(self) -> None:
        assert contact.masked_email("ana.lopez@mail.example.com") == "a•••@m•••.com"
        assert contact.masked_email("a@b.org") == "a•••@b•••.org"
        assert contact.masked_phone("+12125550199") == "••• ••• ••99"
        assert contact.masked_phone("+12125550199;ext=12") == "••• ••• ••99"
        assert contact.masked_phone("(212) 555-0199 ext. 12") == "••• ••• ••99"


class TestBirthDate:
    @pytest.mark.parametrize(
        ("year", "month", "day", "born"),
        [
            ("1956", "2", "3", BORN),
            (" 1956 ", "02", "03", BORN),
            ("2000", "2", "29", date(2000, 2, 29)),
            ("1900", "1", "1", date(1900, 1, 1)),
            ("2026", "11", "22", TODAY),
            ("\u0661\u0669\u0665\u0666", "2", "3", BORN),
        ],
    )
    def test_a_real_day_up_to_today_is_read(
        self, year: str, month: str, day: str, born: date
    ) -> None:
        assert contact.birth_date(year, month, day, today=TODAY) == born

    @pytest.mark.parametrize(
        ("typed", "problem", "part"),
        [
            (("", "2", "3"), "blank", "year"),
            (("1956", " ", "3"), "blank", "month"),
            (("1956", "2", ""), "blank", "day"),
            (("56", "2", "3"), "unreadable", "year"),
            (("19561", "2", "3"), "unreadable", "year"),
            (("-195", "2", "3"), "unreadable", "year"),
            (("1_56", "2", "3"), "unreadable", "year"),
            (("1956", "Feb", "3"), "unreadable", "month"),
            (("1956", "002", "3"), "unreadable", "month"),
            (("1956", "2", "\u00b2"), "unreadable", "day"),
            (("1956", "2", "3.0"), "unreadable", "day"),
            (("1956", "0", "3"), "not_real", "month"),
            (("1956", "13", "3"), "not_real", "month"),
            (("1956", "2", "30"), "not_real", "day"),
            (("1955", "2", "29"), "not_real", "day"),
            (("1956", "2", "0"), "not_real", "day"),
            (("1899", "12", "31"), "too_early", "year"),
            (("0000", "1", "1"), "too_early", "year"),
            (("2027", "1", "1"), "future", "year"),
            (("2026", "12", "1"), "future", "month"),
            (("2026", "11", "23"), "future", "day"),
        ],
    )
    @pytest.mark.proves("IN-6")
    def test_anything_else_is_refused_naming_the_box(
        self, typed: tuple[str, str, str], problem: str, part: str
    ) -> None:
        with pytest.raises(UnfitDate) as refused:
            contact.birth_date(*typed, today=TODAY)

        assert (refused.value.problem, refused.value.part) == (problem, part)


class TestReference:
    SOME = tuple(contact.reference(n.to_bytes(8, "big")) for n in (0, 1, 19**7 - 1, 123456789))

    def test_it_is_two_groups_of_four_without_look_alikes_or_vowels(self) -> None:
        for made in self.SOME:
            assert len(made) == 9
            assert made[4] == "-"
            assert not set(made.replace("-", "")) & set("0O1IL2Z5S8BUVNAEIOUY")

    def test_the_same_chance_makes_the_same_reference_and_other_chance_another(self) -> None:
        assert contact.reference(bytes(8)) == "3333-3333"
        assert len(set(self.SOME)) == len(self.SOME)

    def test_every_character_can_come_first(self) -> None:
        firsts = {contact.reference(n.to_bytes(8, "big"))[0] for n in range(19)}

        assert firsts == set(contact.REFERENCE_ALPHABET)

    def test_too_little_chance_is_refused(self) -> None:
        with pytest.raises(ValueError, match="8 random bytes"):
            contact.reference(bytes(7))

    def test_it_is_understood_in_any_case_with_or_without_its_dash(self) -> None:
        for made in self.SOME:
            half, other = made.split("-")
            for typed in (
                made,
                made.lower(),
                half + other,
                f"  {half} {other}\n",
                f"{half}\u2013{other}",
                " ".join(half.lower() + other),
                f"\u2068{made}\u2069",
            ):
                assert contact.parse_reference(typed) == made

    def test_any_one_wrong_character_is_noticed(self) -> None:
        for made in self.SOME:
            plain = made.replace("-", "")
            for place in range(8):
                for wrong in set(contact.REFERENCE_ALPHABET) - {plain[place]}:
                    typed = plain[:place] + wrong + plain[place + 1 :]
                    assert contact.parse_reference(typed) is None

    def test_any_two_exchanged_characters_are_noticed(self) -> None:
        for made in self.SOME:
            for one, other in combinations(range(8), 2):
                typed = list(made.replace("-", ""))
                if typed[one] != typed[other]:
                    typed[one], typed[other] = typed[other], typed[one]
                    assert contact.parse_reference("".join(typed)) is None

    @pytest.mark.parametrize(
        "raw",
        [
            "",
            "-",
            "3333-333",
            "3333-33333",
            "O333-3333",
            "3333_3333",
            "\u0663" * 8,
            f"3333{'-' * 40}3333",
        ],
    )
    def test_what_cannot_be_one_is_none(self, raw: str) -> None:
        assert contact.parse_reference(raw) is None


@pytest.mark.parametrize("flood", ["1", "(", " ", "a@", "-", "x1", "\u0301"])
def test_a_megabyte_of_anything_is_refused_for_its_length_before_it_is_read(flood: str) -> None:
    raw = f"a{flood * 500_000}a"

    for read in (contact.phone, contact.email):
        with pytest.raises(Unfit, match="too_long"):
            read(raw)
    with pytest.raises(UnfitText, match="too_long"):
        contact.clean_text(raw, limit=2000)
    assert contact.parse_reference(raw) is None
    assert contact.first_name(raw) in ("", "a")
