"""What people type about themselves: text, names, phones, e-mail, birth dates, references.

Each function gives one form to keep, or refuses with a code that a form turns into words.
Nothing here asks a network, and every input is bounded before it is read.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

LONGEST_EMAIL = 254
LONGEST_PHONE = 64
LONGEST_REFERENCE = 40
LONGEST_FIRST_NAME = 40
EARLIEST_BIRTH_YEAR = 1900
HIDDEN = "•••"

REFERENCE_ALPHABET = "34679CDFGHJKMPQRTWX"
"""What a reference is made of: 19 characters, none mistaken for another.

Without 0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V, which look alike; N, heard as M on the phone; and
vowels, so that no reference spells a word. 19 is prime: the check character depends on it.
"""
REFERENCE_LENGTH = 8
REFERENCE_RANDOM_BYTES = 8

_TAB_AND_NEWLINES = "\t\n\r"
_LINE_BREAKS = frozenset("\n\r\u2028\u2029")
# Undivided letters that Unicode gives no accent to strip from.
_PLAIN_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
# Apostrophes as keyboards and word processors write them, and dots.
_DROPPED = "'`.\u2018\u2019\u02bc\u00b4"
# Persian and Sinhala names need the two joiners; no name needs the other invisible ones.
_WITHIN_NAMES = "'-\u2019\u200c\u200d"
_PHONE = re.compile(
    r"(?P<number>\(?\+?[0-9 ().\-/]+)"
    r"(?:(?:;ext=|(?:,+|#|x|ext|extension|extensi\u00f3n)[ .:]*)(?P<extension>[0-9]{1,7}))?",
    re.IGNORECASE,
)
# The first digits of an area code and of an exchange are 2 to 9; N11 is a service code.
_NORTH_AMERICAN = re.compile(r"[2-9](?!11)[0-9]{2}[2-9][0-9]{6}")


class Unfit(ValueError):
    """Something typed that cannot be kept; `problem` is a code, never what was typed."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class UnfitText(Unfit):
    """Problems: too_long, surrogate, nul, control, newline, blank."""


class UnfitPhone(Unfit):
    """Problems: blank, unreadable, no_area_code, too_short, too_long, impossible."""


class UnfitEmail(Unfit):
    """Problems: blank, too_long, control, several, unreadable."""


class UnfitDate(Unfit):
    """Problems: blank, unreadable, not_real, too_early, future; in year, month or day."""

    def __init__(self, problem: str, part: str) -> None:
        super().__init__(problem)
        self.part = part


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number: to look up (E.164), to read, and the extension if there is one."""

    e164: str
    display: str
    extension: str = ""

    @property
    def stored(self) -> str:
        """The one text that `phone` reads back as this same number, extension and all."""
        return f"{self.e164};ext={self.extension}" if self.extension else self.e164

    @property
    def uri(self) -> str:
        """The link that dials it (RFC 3966)."""
        return f"tel:{self.stored}"


def clean_text(raw: str, *, limit: int, multiline: bool = False) -> str:
    """Give the text as typed, in Unicode's NFC; both databases can hold it and give it back.

    Refuses NUL, control characters but tab (and line breaks, where there may be several
    lines), half surrogate pairs and more than `limit` characters. Nothing is trimmed. Emoji,
    combining marks and right-to-left text stay, and so do the characters that turn the
    direction of writing: Arabic and Hebrew need them, so pages isolate what people typed
    (`<bdi>`, `dir="auto"`) instead. Raises UnfitText.
    """
    # Composing makes a text four times shorter at most, and is slow on endless accents.
    if len(raw) > 4 * limit:
        raise UnfitText("too_long")
    for character in raw:
        _refuse_unkept(character, multiline=multiline)
    text = unicodedata.normalize("NFC", raw)
    if len(text) > limit:
        raise UnfitText("too_long")
    return text


def _refuse_unkept(character: str, *, multiline: bool) -> None:
    if character == "\0":
        raise UnfitText("nul")
    if "\ud800" <= character <= "\udfff":
        raise UnfitText("surrogate")
    if character in _LINE_BREAKS and not multiline:
        raise UnfitText("newline")
    # Cc is C0, DEL and C1: no keyboard types them, and a terminal obeys them.
    if unicodedata.category(character) == "Cc" and character not in _TAB_AND_NEWLINES:
        raise UnfitText("control")


def phone(raw: str, region: str = "US") -> Phone:
    """Read a telephone number as typed in that region, or anywhere after a plus.

    Possible is enough, assigned is not asked for: the library's list of assigned ranges is
    older than the newest area code, and numbers reserved for fiction (555-01xx) must pass.
    What nobody could dial is refused: wrong length, no area code, an area code that begins
    with 0 or 1. Raises UnfitPhone.
    """
    number, extension = _phone_parts(raw)
    try:
        read = phonenumbers.parse(number, region)
    except NumberParseException as unread:
        raise UnfitPhone("unreadable") from unread
    _refuse_impossible(read)
    if extension:
        read.extension = extension
    at_home = read.country_code == phonenumbers.country_code_for_region(region)
    style = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    return Phone(
        e164=phonenumbers.format_number(read, PhoneNumberFormat.E164),
        display=phonenumbers.format_number(read, style),
        extension=extension,
    )


def _phone_parts(raw: str) -> tuple[str, str]:
    if len(raw) > LONGEST_PHONE:
        raise UnfitPhone("too_long")
    plain = "".join(_plain_phone(c) for c in unicodedata.normalize("NFKC", raw)).strip(" \t")
    if not plain:
        raise UnfitPhone("blank")
    # The library would pick a number out of any sentence and drop the rest unseen.
    parts = _PHONE.fullmatch(plain)
    if parts is None:
        raise UnfitPhone("unreadable")
    return parts["number"], parts["extension"] or ""


def _plain_phone(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    kind = unicodedata.category(character)
    # Phones copy a contact's number wrapped in invisible marks of direction.
    return {"Cf": "", "Pd": "-", "Zs": " "}.get(kind, character)


def _refuse_impossible(read: phonenumbers.PhoneNumber) -> None:
    match phonenumbers.is_possible_number_with_reason(read):
        case ValidationResult.IS_POSSIBLE:
            pass
        case ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            raise UnfitPhone("no_area_code")
        case ValidationResult.TOO_SHORT:
            raise UnfitPhone("too_short")
        case ValidationResult.TOO_LONG:
            raise UnfitPhone("too_long")
        case _:
            raise UnfitPhone("impossible")
    national = phonenumbers.national_significant_number(read)
    if read.country_code == 1 and not _NORTH_AMERICAN.fullmatch(national):
        raise UnfitPhone("impossible")


def phone_key(raw: str, region: str = "US") -> str:
    """Give the form by which the same phone is found again: E.164, whatever the extension."""
    return phone(raw, region).e164


def email(raw: str) -> str:
    """Give the one address to send to, in ASCII, its domain in lower case and punycode.

    By its form alone: whether mail arrives is proved by the mailed code. Refuses whatever
    could become a second recipient or header, names that never receive mail (.test, .local),
    and letters beyond ASCII before the @, which many mail servers still drop. Blanks around
    it are forgiven. Raises UnfitEmail.
    """
    address = raw.strip(" \t\u00a0")
    if not address:
        raise UnfitEmail("blank")
    if len(address) > LONGEST_EMAIL:
        raise UnfitEmail("too_long")
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in address):
        raise UnfitEmail("control")
    if any(c in ",;" for c in address) or address.count("@") > 1:
        raise UnfitEmail("several")
    return _sendable(address)


def _sendable(address: str) -> str:
    try:
        # Strict: no more than the 64 characters before the @ that RFC 5321 promises to carry.
        read = validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError as unread:
        raise UnfitEmail("unreadable") from unread
    if read.ascii_email is None:  # letters beyond ASCII before the @
        raise UnfitEmail("unreadable")
    return read.ascii_email


def email_key(raw: str) -> str:
    """Give the form by which the same mailbox is found again: all in lower case."""
    return email(raw).lower()


def person_key(name: str, birth_date: date) -> str:
    """Give one value for a full name with its birth date, by which a person is found again.

    Case, accents, hyphens, apostrophes, dots, invisible characters and spacing do not
    count. Never of a birth date alone: a blank name raises UnfitText.
    """
    folded = _collapsed(_folded(name)) or _collapsed(name.casefold())
    if not folded:
        raise UnfitText("blank")
    return f"{folded}|{birth_date.isoformat()}"


def folded(text: str) -> str:
    """Give a text without case, accents, apostrophes and hyphens, for finding a name in it."""
    return _collapsed(_folded(text)) or _collapsed(text.casefold())


def _folded(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    kept = (_folded_character(c) for c in decomposed)
    return "".join(kept).translate(_PLAIN_LETTERS)


def _folded_character(character: str) -> str:
    if unicodedata.category(character) == "Pd":
        return " "
    dropped = unicodedata.combining(character) or unicodedata.category(character) == "Cf"
    return "" if dropped or character in _DROPPED else character


def _collapsed(text: str) -> str:
    return " ".join(text.split())


def birth_date(year: str, month: str, day: str, *, today: date) -> date:
    """Read a date of birth typed in three boxes: a real day from 1900 up to today.

    Raises UnfitDate, which names the box to look at.
    """
    typed = {"year": year.strip(), "month": month.strip(), "day": day.strip()}
    numbers = {part: _box(text, part) for part, text in typed.items()}
    born = _real_day(**numbers)
    if born.year < EARLIEST_BIRTH_YEAR:
        raise UnfitDate("too_early", "year")
    if born > today:
        raise UnfitDate("future", _first_later(born, today))
    return born


def _box(text: str, part: str) -> int:
    if not text:
        raise UnfitDate("blank", part)
    # Two digits of a year could be of either century.
    fits = len(text) == 4 if part == "year" else len(text) <= 2
    if not (fits and text.isdecimal()):
        raise UnfitDate("unreadable", part)
    return int(text)


def _real_day(*, year: int, month: int, day: int) -> date:
    if not 1 <= month <= 12:
        raise UnfitDate("not_real", "month")
    try:
        return date(year or 1, month, day)
    except ValueError as unreal:
        raise UnfitDate("not_real", "day") from unreal


def _first_later(born: date, today: date) -> str:
    if born.year > today.year:
        return "year"
    return "month" if born.month > today.month else "day"


def reference(random_bytes: bytes) -> str:
    """Make a request's reference to read out on the phone, like "K7MQ-4HXT".

    Seven characters by chance (19**7, 894 million) and a last one that depends on them all.
    Takes at least 8 random bytes, else ValueError. It is a name, not a secret.
    """
    if len(random_bytes) < REFERENCE_RANDOM_BYTES:
        raise ValueError(f"a reference takes {REFERENCE_RANDOM_BYTES} random bytes")
    chance, drawn = int.from_bytes(random_bytes, "big"), ""
    for _ in range(REFERENCE_LENGTH - 1):
        chance, place = divmod(chance, len(REFERENCE_ALPHABET))
        drawn += REFERENCE_ALPHABET[place]
    check = -_weighed(drawn) % len(REFERENCE_ALPHABET)
    return _grouped(drawn + REFERENCE_ALPHABET[check])


def parse_reference(raw: str) -> str | None:
    """Give the reference that was typed or heard, or None if it cannot be one.

    Case, spaces and dashes do not matter. One wrong character, and any two exchanged, are
    always noticed.
    """
    if len(raw) > LONGEST_REFERENCE:
        return None
    typed = "".join(c for c in raw.upper() if not _is_gap(c))
    if len(typed) != REFERENCE_LENGTH or any(c not in REFERENCE_ALPHABET for c in typed):
        return None
    return None if _weighed(typed) % len(REFERENCE_ALPHABET) else _grouped(typed)


def _weighed(characters: str) -> int:
    # Weights 8 to 1, all different and none a multiple of the prime 19, as in ISBN-10.
    return sum(
        (REFERENCE_LENGTH - place) * REFERENCE_ALPHABET.index(character)
        for place, character in enumerate(characters)
    )


def _is_gap(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Pd", "Cf")


def _grouped(characters: str) -> str:
    half = REFERENCE_LENGTH // 2
    return f"{characters[:half]}-{characters[half:]}"


def first_name(full: str) -> str:
    """Give the first name to greet with, or "" where it is better to greet without.

    Only letters, accents, apostrophes, hyphens and a closing dot: our letters must not carry
    a stranger's link or advertisement to a third person's mailbox.
    """
    words = full.split()
    if not words or len(words[0]) > LONGEST_FIRST_NAME:
        return ""
    name = words[0]
    return name if name[0].isalpha() and all(map(_is_of_a_name, name.removesuffix("."))) else ""


def _is_of_a_name(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM" or character in _WITHIN_NAMES


def masked_email(address: str) -> str:
    """Hint at an address without giving it away: "a•••@e•••.com"."""
    mailbox, _, domain = address.rpartition("@")
    name, _, top = domain.rpartition(".")
    return f"{mailbox[:1]}{HIDDEN}@{name[:1]}{HIDDEN}.{top}"


def masked_phone(number: str) -> str:
    """Hint at a phone number by its last two digits, those of an extension not among them."""
    digits = [c for c in number.partition(";")[0].partition("ext")[0] if c.isdecimal()]
    return f"{HIDDEN} {HIDDEN} ••{''.join(digits[-2:])}"
