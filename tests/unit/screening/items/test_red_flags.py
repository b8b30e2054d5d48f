"""Red flags: every branch of every item, the days on which they change, and what is read first."""

from datetime import date
from typing import Any

import pytest

from clinic.screening import rules
from clinic.screening.outcome import Level, patient_text
from tests.unit.screening.harmless import BLANK, TODAY, finding, level, screened

Changes = dict[str, Any]
FEVER = {"rf-fever-infection": "yes", "rf-fever-infection.signs": []}
HURT = {
    "rf-acute-trauma": "yes",
    "rf-acute-trauma.signs": [],
    "rf-acute-trauma.weak-bones": "no",
    "rf-acute-trauma.date": "2026-11-08",
    "rf-acute-trauma.swollen": "no",
    "rf-acute-trauma.regions": ["ankle-foot-left"],
}
FRESH = {**HURT, "rf-acute-trauma.date": "2026-11-21", "rf-acute-trauma.swollen": "yes"}
WEAKER = {"rf-new-weakness": "yes", "rf-new-weakness.speed": "weeks"}
THINNER = {"rf-weight-loss": "yes"}
AWAKE = {
    "rf-night-pain": "yes",
    "rf-night-pain.always": "no",
    "rf-night-pain.cancer": "no",
    "rf-night-pain.first-back-pain": "no",
}
FIRST = {**AWAKE, "rf-night-pain.first-back-pain": "yes"}

BRANCHES = [
    # yes and not sure send to care at once; a blank only holds
    *(
        (item, {item: answer}, expected)
        for item in (
            "rf-stroke-signs",
            "rf-cauda-equina",
            "rf-dvt-suspected",
            "rf-severe-headache",
            "rf-pregnancy-warning",
        )
        for answer, expected in (
            ("yes", "urgent"),
            ("not_sure", "urgent"),
            ("prefer_not", "urgent"),
            (BLANK, "absolute"),
            ("no", "none"),
        )
    ),
    # fever
    ("rf-fever-infection", FEVER, "absolute"),
    ("rf-fever-infection", {**FEVER, "rf-fever-infection.signs": ["low-immunity"]}, "urgent"),
    *(
        ("rf-fever-infection", {**FEVER, item: answer}, "urgent")
        for item in (
            "immune-suppressed",
            "immunosuppressant-medicine",
            "steroids-oral",
            "cancer-treatment",
            "splenectomy",
        )
        for answer in ("yes", "not_sure")
    ),
    ("rf-fever-infection", {**FEVER, "medicines": ["prednisone 10 mg daily"]}, "urgent"),
    ("rf-fever-infection", {**FEVER, "medicines": ["metotrexate"]}, "urgent"),
    ("rf-fever-infection", {**FEVER, "medicines": ["capecitabine"]}, "urgent"),
    *(
        ("rf-fever-infection", {**FEVER, "rf-fever-infection.signs": [sign]}, "urgent")
        for sign in ("confused", "stiff-neck", "rash", "fast-breathing", "not_sure")
    ),
    ("rf-fever-infection", {**FEVER, "hiv": "yes"}, "urgent"),
    ("rf-fever-infection", {**FEVER, "hiv": "not_sure"}, "urgent"),
    (
        "rf-fever-infection",
        {**FEVER, "hiv": "yes", "hiv.undetectable": "no", "hiv.well": "yes"},
        "urgent",
    ),
    (
        "rf-fever-infection",
        {**FEVER, "hiv": "yes", "hiv.undetectable": "yes", "hiv.well": "no"},
        "urgent",
    ),
    ("rf-fever-infection", {**FEVER, "hiv": "prefer_not"}, "absolute"),
    (
        "rf-fever-infection",
        {**FEVER, "hiv": "yes", "hiv.undetectable": "yes", "hiv.well": "yes"},
        "absolute",
    ),
    # a recent injury
    *(
        ("rf-acute-trauma", {**HURT, "rf-acute-trauma.signs": [sign]}, "urgent")
        for sign in ("head", "cannot-use", "deformed", "severe-after-crash", "not_sure")
    ),
    ("rf-acute-trauma", {**HURT, "rf-acute-trauma.signs": BLANK}, "urgent"),
    *(
        ("rf-acute-trauma", {**HURT, "rf-acute-trauma.weak-bones": answer}, "absolute")
        for answer in ("yes", "not_sure", "prefer_not", BLANK)
    ),
    ("rf-acute-trauma", {**HURT, "medicines": ["prednisone"]}, "absolute"),
    ("rf-acute-trauma", {**HURT, "steroids-oral": "yes"}, "absolute"),
    ("rf-acute-trauma", {**HURT, "steroids-oral": "not_sure"}, "absolute"),
    ("rf-acute-trauma", HURT, "relative"),
    ("rf-acute-trauma", {"rf-acute-trauma": "not_sure"}, "relative"),
    ("rf-acute-trauma", {"rf-acute-trauma": BLANK}, "relative"),
    ("rf-acute-trauma", {"rf-acute-trauma": "yes"}, "urgent"),
    ("rf-acute-trauma", {**HURT, "rf-acute-trauma": "no"}, "relative"),
    # weakness
    ("rf-new-weakness", WEAKER, "absolute"),
    ("rf-new-weakness", {**WEAKER, "rf-new-weakness.speed": "hours"}, "urgent"),
    ("rf-new-weakness", {**WEAKER, "rf-new-weakness.speed": "days"}, "urgent"),
    ("rf-new-weakness", {**WEAKER, "rf-new-weakness.speed": "not_sure"}, "urgent"),
    ("rf-new-weakness", {"rf-new-weakness": "yes"}, "urgent"),
    ("rf-new-weakness", {"rf-new-weakness": "not_sure"}, "absolute"),
    ("rf-new-weakness", {"rf-new-weakness": BLANK}, "absolute"),
    # weight
    ("rf-weight-loss", THINNER, "absolute"),
    ("rf-weight-loss", {"rf-weight-loss": "not_sure"}, "relative"),
    ("rf-weight-loss", {"rf-weight-loss": "not_sure", **FEVER}, "relative"),
    ("rf-weight-loss", {"rf-weight-loss": BLANK}, "relative"),
    *(
        ("rf-weight-loss", {**THINNER, item: answer}, "urgent")
        for item in ("rf-night-pain", "rf-fever-infection", "cancer-history", "cancer-current")
        for answer in ("yes", "not_sure")
    ),
    ("rf-weight-loss", {**THINNER, "cancer-history": BLANK}, "absolute"),
    ("rf-weight-loss", {**THINNER, "rf-night-pain.cancer": "yes"}, "urgent"),
    # pain at night
    ("rf-night-pain", AWAKE, "relative"),
    ("rf-night-pain", {"rf-night-pain": "not_sure"}, "relative"),
    ("rf-night-pain", {"rf-night-pain": BLANK}, "relative"),
    ("rf-night-pain", {"rf-night-pain": "yes"}, "absolute"),
    *(
        ("rf-night-pain", {**AWAKE, "rf-night-pain.cancer": answer}, "absolute")
        for answer in ("yes", "not_sure", BLANK)
    ),
    ("rf-night-pain", {**AWAKE, "cancer-history": "yes"}, "absolute"),
    ("rf-night-pain", {**AWAKE, "cancer-current": "yes"}, "absolute"),
    ("rf-night-pain", {**AWAKE, "rf-weight-loss": "yes"}, "absolute"),
    ("rf-night-pain", {**AWAKE, "rf-weight-loss": "not_sure"}, "absolute"),
    ("rf-night-pain", {**AWAKE, **FEVER}, "absolute"),
    ("rf-night-pain", FIRST, "relative"),
    ("rf-night-pain", {**FIRST, "minor": BLANK}, "absolute"),
    ("rf-night-pain", {**AWAKE, "minor": "1965-03-01"}, "relative"),
    # a hot joint
    ("rf-hot-joint", {"rf-hot-joint": "yes"}, "urgent"),
    ("rf-hot-joint", {"rf-hot-joint": "not_sure"}, "absolute"),
    ("rf-hot-joint", {"rf-hot-joint": BLANK}, "absolute"),
    # pregnancy
    ("rf-pregnancy-warning", {"rf-pregnancy-warning": "not_applicable"}, "none"),
    (
        "rf-pregnancy-warning",
        {"rf-pregnancy-warning": "not_applicable", "pregnancy": "yes"},
        "absolute",
    ),
    (
        "rf-pregnancy-warning",
        {"rf-pregnancy-warning": "not_applicable", "pregnancy": "not_sure"},
        "absolute",
    ),
    # crisis
    ("rf-crisis", {"rf-crisis": "yes"}, "urgent"),
    ("rf-crisis", {"rf-crisis": "prefer_not"}, "absolute"),
    ("rf-crisis", {"rf-crisis": BLANK}, "absolute"),
    ("rf-crisis", {"rf-crisis": "not_sure"}, "urgent"),
    ("rf-crisis", {"rf-crisis": "no"}, "none"),
]

FIRST_BACK_PAIN = [
    ("2006-11-23", "absolute"),  # twenty tomorrow
    ("2006-11-22", "relative"),  # twenty today
    ("1976-11-23", "relative"),  # fifty tomorrow
    ("1976-11-22", "absolute"),  # fifty today, and over it by the next day
    ("1975-11-22", "absolute"),
]

EMERGENCY, SAME_DAY = "emergency", "same_day"
KINDS = [
    ({"rf-stroke-signs": "yes"}, "rf-stroke-signs", EMERGENCY),
    ({"rf-cauda-equina": "yes"}, "rf-cauda-equina", EMERGENCY),
    ({"rf-dvt-suspected": "yes"}, "rf-dvt-suspected", SAME_DAY),
    ({"rf-acute-trauma": "yes"}, "rf-acute-trauma", EMERGENCY),
    ({"rf-severe-headache": "yes"}, "rf-severe-headache", EMERGENCY),
    ({"rf-new-weakness": "yes"}, "rf-new-weakness", EMERGENCY),
    ({**THINNER, "cancer-history": "yes"}, "rf-weight-loss", SAME_DAY),
    ({"rf-hot-joint": "yes"}, "rf-hot-joint", SAME_DAY),
    ({"rf-pregnancy-warning": "yes"}, "rf-pregnancy-warning", EMERGENCY),
    ({"rf-crisis": "yes"}, "rf-crisis", EMERGENCY),
]

FIRST_WORDS = [
    ({"rf-acute-trauma": "yes"}, "rf-acute-trauma", "If you cannot walk on it"),
    ({"rf-new-weakness": "yes"}, "rf-new-weakness", "If it is getting worse fast"),
    ({**THINNER, "rf-night-pain": "yes"}, "rf-weight-loss", "Please call your doctor or go to"),
    ({**FEVER, "splenectomy": "yes"}, "rf-fever-infection", "Please call 911"),
    ({"rf-crisis": "yes"}, "rf-crisis", "We are glad you told us. You can call or text 988"),
    (WEAKER, "rf-new-weakness", "This should be checked by a doctor today."),
    (HURT, "rf-acute-trauma", "Please get this checked by a doctor before your visit."),
    (THINNER, "rf-weight-loss", "There can be many reasons for this."),
]

HEARD = [
    ("my face is drooping on the left", "rf-stroke-signs"),
    ("de repente se me torció la boca", "rf-stroke-signs"),
    ("I can't hold my pee anymore", "rf-cauda-equina"),
    ("ya no aguanto la orina", "rf-cauda-equina"),
    ("my leg is swollen since the flight", "rf-dvt-suspected"),
    ("tengo la pantorrilla inflamada", "rf-dvt-suspected"),
    ("I fell off a ladder last week", "rf-acute-trauma"),
    ("me caí de la bicicleta", "rf-acute-trauma"),
    ("this is the worst headache of my life", "rf-severe-headache"),
    ("dolor de cabeza con fiebre", "rf-severe-headache"),
    ("I keep dropping things", "rf-new-weakness"),
    ("cada vez más débil de la pierna", "rf-new-weakness"),
    ("I have lost weight without trying", "rf-weight-loss"),
    ("he bajado de peso sin querer", "rf-weight-loss"),
    ("the pain wakes me up every night", "rf-night-pain"),
    ("me despierta el dolor", "rf-night-pain"),
    ("my knee is hot and swollen", "rf-hot-joint"),
    ("la rodilla caliente y roja", "rf-hot-joint"),
    ("my water broke", "rf-pregnancy-warning"),
    ("el bebé se mueve menos", "rf-pregnancy-warning"),
    ("I think about hurting myself", "rf-crisis"),
    ("mi esposo me pega", "rf-crisis"),
    ("no chest pain but I can't pee", "rf-cauda-equina"),
    ("I can't speak since this morning", "rf-stroke-signs"),
]
NOT_HEARD = [
    ("I can't speak English well", "rf-stroke-signs"),
    ("no puedo hablar por teléfono en la mañana", "rf-stroke-signs"),
    ("no trouble speaking", "rf-stroke-signs"),
    ("I fell asleep in a bad position", "rf-acute-trauma"),
    ("pain from an old car accident", "rf-acute-trauma"),
    ("me hicieron ondas de choque", "rf-acute-trauma"),
    ("car accident in 2009", "rf-acute-trauma"),
    ("my mother had a bad fall", "rf-acute-trauma"),
    ("no new weakness", "rf-new-weakness"),
    ("lost weight with diet and exercise", "rf-weight-loss"),
    ("less pain at night", "rf-night-pain"),
    ("my back is killing me", "rf-crisis"),
    ("ni adormecimiento ni incontinencia", "rf-cauda-equina"),
]


@pytest.mark.parametrize(("item", "changes", "expected"), BRANCHES)
def test_each_branch_comes_to_the_level_of_the_evidence(
    item: str, changes: Changes, expected: str
) -> None:
    assert level(changes, item) == expected


@pytest.mark.parametrize(("born_on", "expected"), FIRST_BACK_PAIN)
def test_a_first_back_pain_counts_under_twenty_and_over_fifty(born_on: str, expected: str) -> None:
    assert level({**FIRST, "minor": born_on}, "rf-night-pain") == expected


@pytest.mark.parametrize(("changes", "item", "kind"), KINDS)
def test_an_urgent_flag_says_emergency_or_same_day(changes: Changes, item: str, kind: str) -> None:
    found = finding(changes, item)

    assert found.level is Level.URGENT
    assert found.urgency == kind


@pytest.mark.parametrize(("changes", "item", "begins"), FIRST_WORDS)
def test_the_patient_reads_first_what_is_to_be_done_now(
    changes: Changes, item: str, begins: str
) -> None:
    text = patient_text(finding(changes, item), rules.shipped_rules(), "en")

    assert text.startswith(begins)


@pytest.mark.parametrize(("text", "item"), HEARD)
def test_words_of_a_red_flag_hold_and_say_call_today(text: str, item: str) -> None:
    found = finding({"free_text": {"hopes": text}}, item)

    assert found.level is Level.ABSOLUTE
    assert found.urgency == "call_today"


@pytest.mark.parametrize(("text", "item"), NOT_HEARD)
def test_words_that_only_look_like_a_red_flag_do_not(text: str, item: str) -> None:
    assert level({"free_text": {"hopes": text}}, item) == "none"


def test_a_fresh_swelling_blocks_the_injured_part_alone() -> None:
    over, beside = (
        screened({**FRESH, "wanted_regions": [wanted]})
        for wanted in ("ankle-foot-left", "ankle-foot-right")
    )

    assert over.level is Level.SITE
    assert over.blocked_regions == ("ankle-foot-left",)
    assert over.regions["ankle-foot-left"].verdict == "avoid"
    assert beside.level is Level.RELATIVE
    assert beside.regions["ankle-foot-right"].verdict == "care"


def test_a_fresh_injury_whose_place_is_not_known_blocks_every_part() -> None:
    found = finding({**FRESH, "rf-acute-trauma.regions": BLANK}, "rf-acute-trauma")

    assert found.level is Level.SITE
    assert set(found.blocked_regions) >= {"head", "shoulder-left", "ankle-foot-right"}


@pytest.mark.parametrize(
    ("swollen", "expected"), [("no", "relative"), ("not_sure", "site"), (BLANK, "site")]
)
def test_a_fresh_injury_counts_by_its_swelling(swollen: object, expected: str) -> None:
    changes = {**FRESH, "rf-acute-trauma.swollen": swollen, "wanted_regions": ["ankle-foot-left"]}

    assert level(changes, "rf-acute-trauma") == expected


@pytest.mark.parametrize(
    ("day", "expected", "blocked"),
    [
        (date(2026, 11, 20), "relative", 1),  # two days ago: swelling elsewhere does not lower it
        (date(2026, 11, 19), "relative", 1),  # three days: perhaps 72 hours, perhaps not
        (date(2026, 11, 18), "relative", 0),
        (date(2026, 10, 11), "relative", 0),  # six weeks to the day
        (date(2026, 10, 10), "none", 0),
    ],
)
def test_an_injury_counts_by_its_day(day: date, expected: str, blocked: int) -> None:
    changes = {**FRESH, "rf-acute-trauma.date": day.isoformat()}

    screening = screened(changes)

    assert level(changes, "rf-acute-trauma") == expected
    assert len(screening.blocked_regions) == blocked


def test_a_mild_injury_lapses_the_day_after_six_weeks() -> None:
    assert finding(HURT, "rf-acute-trauma").lapses_on == date(2026, 12, 21)
    assert level(HURT, "rf-acute-trauma", as_of=date(2026, 12, 20)) == "relative"
    assert level(HURT, "rf-acute-trauma", as_of=date(2026, 12, 21)) == "none"


def test_an_injury_on_a_day_to_come_takes_the_gravest_reading() -> None:
    changes = {
        **FRESH,
        "rf-acute-trauma.date": TODAY.replace(day=23).isoformat(),
        "wanted_regions": ["ankle-foot-left"],
    }

    assert level(changes, "rf-acute-trauma") == "site"


def test_not_sure_of_an_injury_asks_for_a_phone_call_first() -> None:
    notes = finding({"rf-acute-trauma": "not_sure"}, "rf-acute-trauma").notes

    assert notes == ("Phone call first, to rule out the severe signs.",)


def test_weight_loss_and_pain_at_night_speak_of_each_other() -> None:
    screening = screened({**THINNER, **AWAKE})

    assert {one.id: one.level.value for one in screening.findings} == {
        "rf-weight-loss": "urgent",
        "rf-night-pain": "absolute",
    }


@pytest.mark.parametrize("answer", ["yes", "prefer_not", BLANK])
def test_a_crisis_is_for_clinicians_alone_and_always_holds(answer: object) -> None:
    found = finding({"rf-crisis": answer}, "rf-crisis")

    assert found.private
    assert found.level >= Level.ABSOLUTE


def test_every_red_flag_that_is_left_blank_holds_and_none_sends_to_emergency() -> None:
    flags = [name for name in rules.shipped_rules().items if name.startswith("rf-")]

    screening = screened(dict.fromkeys(flags, BLANK))

    assert screening.level is Level.ABSOLUTE
    assert {one.id for one in screening.findings} == set(flags)
