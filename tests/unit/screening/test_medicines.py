"""Medicines as patients type them, in both languages."""

from datetime import date

import pytest

from clinic.screening import medicine_list
from clinic.screening.levels import Level
from clinic.screening.medicine_list import recognise
from tests.unit.screening.harmless import TODAY, finding, level, screened

# What was typed, and the classes that count.
CURRENT = [
    ("Eliquis", {"factor-xa-inhibitor"}),
    ("ELIQUIS 5 mg twice a day", {"factor-xa-inhibitor"}),
    ("elaquis", {"factor-xa-inhibitor"}),
    ("eliqius 2.5mg BID", {"factor-xa-inhibitor"}),
    ("elikwis", {"factor-xa-inhibitor"}),
    ("apixiban", {"factor-xa-inhibitor"}),
    ("xaralto", {"factor-xa-inhibitor"}),
    ("zarelto 20", {"factor-xa-inhibitor"}),
    ("rivaroxabán 20 mg", {"factor-xa-inhibitor"}),
    ("Savaysa", {"factor-xa-inhibitor"}),
    ("lixiana", {"factor-xa-inhibitor"}),
    ("cumadin", {"vitamin-k-antagonist"}),
    ("coumidin 5mg", {"vitamin-k-antagonist"}),
    ("warferin", {"vitamin-k-antagonist"}),
    ("warfarina", {"vitamin-k-antagonist"}),
    ("warfarin since 2015", {"vitamin-k-antagonist"}),
    ("Sintrom 4 mg", {"vitamin-k-antagonist"}),
    ("acenocumarol", {"vitamin-k-antagonist"}),
    ("marcumar", {"vitamin-k-antagonist"}),
    ("previscan", {"vitamin-k-antagonist"}),
    ("pradaxa 150", {"thrombin-inhibitor"}),
    ("predaxa", {"thrombin-inhibitor"}),
    ("Lovenox shots", {"heparin"}),
    ("enoxaparina", {"heparin"}),
    ("heparina en la mañana", {"heparin"}),
    ("plavics", {"p2y12-and-similar"}),
    ("Plavix 75", {"p2y12-and-similar"}),
    ("clopidrogel", {"p2y12-and-similar"}),
    ("brillinta", {"p2y12-and-similar", "snri"}),  # taken for Brintellix, so both
    ("tikagrelor", {"p2y12-and-similar"}),
    ("cilostazol 100 mg", {"p2y12-and-similar"}),
    ("Aggrenox", {"p2y12-and-similar", "aspirin"}),
    ("aspirina 100 mg al día", {"aspirin"}),
    ("asprin", {"aspirin"}),
    ("baby aspirin", {"aspirin"}),
    ("Ecotrin 81", {"aspirin"}),
    ("a blood thinner, I forgot the name", {"blood-thinner-without-name"}),
    ("bloodthinners", {"blood-thinner-without-name"}),
    ("clot pill", {"blood-thinner-without-name"}),
    ("the pink heart pill", {"blood-thinner-without-name"}),
    ("shots in my belly", {"blood-thinner-without-name"}),
    ("anticoagulante", {"blood-thinner-without-name"}),
    ("la pastilla para la sangre", {"blood-thinner-without-name"}),
    ("algo para adelgazar la sangre", {"blood-thinner-without-name"}),
    ("pastillas para los coágulos", {"blood-thinner-without-name"}),
    ("not sure, maybe Eliquis", {"factor-xa-inhibitor"}),
    ("no estoy seguro, creo que Xarelto", {"factor-xa-inhibitor"}),
    ("Humera", {"biologic", "insulin"}),  # taken for Humalog, so both
    ("metotrexate", {"immunosuppressant"}),
    ("metotrexato 15 mg semanal", {"immunosuppressant"}),
    ("chemo tablet", {"cancer-medicine"}),
    ("infusion", {"immunosuppressant"}),
    ("zantack", {"stomach-medicine", "opioid-sleep-or-relaxant"}),
    ("celebrix", {"nsaid", "ssri"}),
    ("prednisona 5 mg", {"steroid-tablet"}),
    ("insulina lantus", {"insulin"}),
    ("metformina 850", {"diabetes-medicine"}),
    ("metformin 500 and lisinopril 10", {"diabetes-medicine", "blood-pressure-medicine"}),
    ("Spiriva", {"copd-inhaler"}),
    ("albuterol inhaler as needed", {"reliever-inhaler"}),
    ("prenatal vitamins", {"pregnancy-clue"}),
    ("vitaminas prenatales", {"pregnancy-clue"}),
    ("lisinoprel 20", {"blood-pressure-medicine"}),
    ("losartán 50 mg", {"blood-pressure-medicine"}),
    ("losartan 50mg once daily for blood pressure", {"blood-pressure-medicine"}),
    ("water pill", {"blood-pressure-medicine"}),
    ("pastilla para la presión", {"blood-pressure-medicine"}),
    ("atorvastatin (Lipitor) 40 mg at night", {"statin"}),
    ("omeprazol 20", {"stomach-medicine"}),
    ("levothyroxine 50 mcg in the morning", {"hormone-and-birth-control"}),
    ("levotiroxina", {"hormone-and-birth-control"}),
    ("birth control pill", {"hormone-and-birth-control"}),
    ("Vitamin D3 2000 IU", {"supplement-without-flag"}),
    ("vit d, fish oil", {"supplement-without-flag", "supplement-with-bleeding-signal"}),
    ("St. John's Wort", {"supplement-with-bleeding-signal"}),
    ("anticoag", {"blood-thinner-without-name"}),
    ("pill so I don't get clots", {"blood-thinner-without-name"}),
    ("pastilla para no hacer coágulos", {"blood-thinner-without-name"}),
    ("AAS 100 mg", {"aspirin"}),
    ("Tylenol as needed", {"pain-and-other"}),
    ("my husband is on Plavix but I take Tylenol", {"pain-and-other"}),
    ("stopped Eliquis, restarted in May", {"factor-xa-inhibitor"}),
    ("I still take Coumadin, never stopped", {"vitamin-k-antagonist"}),
    ("never stopped warfarin", {"vitamin-k-antagonist"}),
    ("have not stopped my Eliquis", {"factor-xa-inhibitor"}),
    ("no he dejado el Sintrom", {"vitamin-k-antagonist"}),
    ("Amlodipine besylate 5 mg", {"blood-pressure-medicine"}),
    ("Plavix, my cardiologist said until June but I still take it", {"p2y12-and-similar"}),
    ("1,000 mg metformin", {"diabetes-medicine"}),
    ("amlodipine/benazepril", {"blood-pressure-medicine"}),
    ("I don't take aspirin because I take Eliquis", {"factor-xa-inhibitor"}),
    ("no tomo aspirina porque tomo Eliquis", {"factor-xa-inhibitor"}),
    ("no side effects from Eliquis", {"factor-xa-inhibitor"}),
    ("no bleeding on Xarelto", {"factor-xa-inhibitor"}),
    ("never without my Eliquis", {"factor-xa-inhibitor"}),
    ("never missed a dose of Eliquis", {"factor-xa-inhibitor"}),
    ("sin falta Eliquis", {"factor-xa-inhibitor"}),
    ("no aspirin Eliquis 5 mg", {"factor-xa-inhibitor"}),  # nobody knows what "no" belongs to
    ("not currently on Eliquis", {"factor-xa-inhibitor"}),  # it may have been last week
    ("no more Eliquis", {"factor-xa-inhibitor"}),
    ("stopped aspirin in 2015 now on Eliquis", {"factor-xa-inhibitor"}),
    ("Eliquis 5 mg (quit smoking in 2015)", {"factor-xa-inhibitor"}),
    ("dejé de fumar en 2015, tomo Eliquis", {"factor-xa-inhibitor"}),
    ("took Eliquis since 2019", {"factor-xa-inhibitor"}),
    ("my wife makes sure of Eliquis", {"factor-xa-inhibitor"}),
    ("Plavix to stop another stroke, had one in 2015", {"p2y12-and-similar"}),
    ("my mother takes Eliquis, me too", {"factor-xa-inhibitor"}),
    ("mi papá toma Sintrom, yo también", {"vitamin-k-antagonist"}),
    ("I took Eliquis in 2019 and still do", {"factor-xa-inhibitor"}),
    ("Plavix when I had my stent", {"p2y12-and-similar"}),
    ("vitamin E 400 IU", {"supplement-with-bleeding-signal"}),
    ("vitamina E", {"supplement-with-bleeding-signal"}),
]
# What was typed, and that nothing in it counts as taken now.
NOT_TAKEN = [
    "no blood thinners",
    "I don't take aspirin",
    "never took warfarin",
    "not on Eliquis or Xarelto",
    "no tomo aspirina",
    "sin anticoagulantes",
    "nunca tomé warfarina",
    "my mother takes warfarin",
    "my husband is on Plavix",
    "mi mamá toma Sintrom",
    "mi esposo usa insulina",
    "warfarin, stopped in 2015",
    "Coumadin until 2012",
    "dejé el Sintrom en 2018",
    "only Tamiflu when I had flu",
    "Xarelto, stopped 2 months ago",
    "aspirin now and then",
    "aspirina a veces",
    "none",
    "N/A",
    "I am not taking any medicines",
    "ninguna por ahora",
    "Ninguna",
    "no tomo nada",
    "I don't take any medication",
    "No prescription meds",
    "no tomo ningún medicamento",
    "not currently taking blood thinners",
    "no aspirin or Eliquis",
    "my husband takes warfarin every day",
    "Plavix when I had surgery in 2015",
    "only Eliquis when I had surgery in 2015",
]
STOPPED = [
    ("stopped Eliquis last week", 1),
    ("Eliquis (stopped yesterday)", 1),
    ("quit warfarin 10 days ago", 10),
    ("came off Xarelto two weeks ago", 14),
    ("dejé de tomar Xarelto hace 3 semanas", 21),
    ("ya no tomo Sintrom desde hace un mes", 30),
    ("Lovenox until last month", 22),
    ("warfarin, stopped 2026-11-01", 21),
    ("warfarin, stopped 11/01/2026", 21),
    ("warfarin stopped in October 2026", 22),
    ("suspendí la warfarina en octubre", 22),
    ("warfarin, stopped in 2015", 3979),
    ("I used to take Eliquis", None),
    ("not taking Eliquis anymore", None),
    ("no longer on warfarin", None),
    ("ya no tomo warfarina", None),
]


@pytest.mark.parametrize(("line", "classes"), CURRENT)
def test_a_medicine_is_found(line: str, classes: set[str]) -> None:
    assert recognise(line, as_of=TODAY).classes == classes


@pytest.mark.parametrize("line", NOT_TAKEN)
def test_what_is_denied_past_or_somebody_elses_does_not_count(line: str) -> None:
    found = recognise(line, as_of=TODAY)

    assert {hit.name for hit in found.hits if hit.fires} == set()
    assert found.unknown == ()


@pytest.mark.parametrize(("line", "days"), STOPPED)
def test_when_a_medicine_was_stopped(line: str, days: int | None) -> None:
    (hit,) = recognise(line, as_of=TODAY).hits

    assert (hit.status, hit.days_since) == ("stopped", days)


@pytest.mark.parametrize(
    ("line", "unknown"),
    [
        ("qwyzzt 20 mg", ("qwyzzt",)),
        ("metformin and qwyzzt", ("qwyzzt",)),
        ("metformin qwyzzt", ("qwyzzt",)),
        ("I don't take qwyzzt", ("qwyzzt",)),
        ("pill for my knee", ("pill for my knee",)),
        ("la de la tarde", ("la de la tarde",)),
        ("???", ("???",)),
        ("metformin 薬", ("薬",)),
    ],
)
def test_words_that_name_no_known_medicine_are_kept(line: str, unknown: tuple[str, ...]) -> None:
    assert recognise(line).unknown == unknown


@pytest.mark.parametrize("line", ["qwyzzt 20 mg", "pill for my knee", "薬を飲んでいます", "💊"])
def test_a_line_that_is_not_understood_is_reviewed_with_its_words(line: str) -> None:
    found = finding({"medicines": [line]}, "medicine-not-recognised")

    assert found.level.value == "relative"
    assert found.answers() == {"medicines": line}


@pytest.mark.parametrize(
    ("line", "daily"),
    [
        ("aspirin 81 mg", 81),
        ("aspirin 81", 81),
        ("aspirin 81 mg twice a day", 162),
        ("aspirin 325mg", 325),
        ("baby aspirin", 81),
        ("low dose aspirin", 81),
        ("aspirin 1 tablet", None),
        ("aspirin since 2015", None),
        ("aspirina 100 mg 2 veces al día", 200),
        ("aspirina 100 mg cada 12 horas", 200),
        ("aspirin 81 mg two tablets daily", 162),
        ("aspirin 81 mg, 2 daily", 162),
        ("aspirin 81 mg x2", 162),
        ("2 baby aspirin a day", 162),
        ("aspirin 81 mg in the morning and 325 at night", 406),
        ("81 mg aspirin", 81),
        ("aspirin 1 a day", None),
        ("aspirin 2 daily", None),
        ("aspirin 81 mg for 2 years", 81),
        ("aspirin 81 mg 7 days a week", 81),
        ("aspirina 81 mg 1 comprimido al día", 81),
    ],
)
def test_the_daily_dose(line: str, daily: int | None) -> None:
    (hit,) = recognise(line).hits

    assert hit.daily_mg == daily


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["aspirin 81 mg"], "precaution"),
        (["aspirin 100 mg"], "precaution"),
        (["aspirin 325 mg"], "relative"),
        (["aspirin 81 mg twice a day"], "relative"),
        (["aspirin"], "relative"),
        (["aspirin 325 mg as needed"], "none"),
        (["Plavix"], "relative"),
        (["Plavix", "aspirin 81 mg"], "absolute"),
        (["Plavix", "clopidogrel 75"], "relative"),
        (["Aggrenox"], "absolute"),
        (["aspirin 81 mg", "elaquis"], "absolute"),
        (["Plavix, stopped last week"], "relative"),
        (["Plavix, stopped 3 weeks ago"], "none"),
    ],
)
def test_what_aspirin_and_the_like_come_to(lines: list[str], expected: str) -> None:
    assert level({"medicines": lines}, "antiplatelet") == expected


@pytest.mark.parametrize(
    ("line", "expected", "lapses_on"),
    [
        ("Eliquis", "absolute", None),
        ("stopped Eliquis last week", "absolute", date(2026, 12, 6)),
        ("stopped Eliquis 2 weeks ago", "absolute", date(2026, 11, 23)),
        ("stopped Eliquis 15 days ago", "relative", date(2027, 2, 8)),
        ("stopped Eliquis", "absolute", None),
        ("Eliquis, stopped in 2015", "none", None),
        ("my mother takes Eliquis", "none", None),
    ],
)
def test_what_a_typed_blood_thinner_comes_to(
    line: str, expected: str, lapses_on: date | None
) -> None:
    found = screened({"medicines": [line]}).finding("anticoagulant")

    assert (found.level.value if found else "none") == expected
    assert (found.lapses_on if found else None) == lapses_on


def test_a_typed_blood_thinner_beside_a_no_does_not_match() -> None:
    found = finding({"medicines": ["elaquis"]}, "anticoagulant")

    assert found.mismatch
    assert "Answers do not match." in found.reason
    assert found.answers() == {"anticoagulant": "no", "medicines": "elaquis"}


@pytest.mark.parametrize(
    ("line", "item", "expected"),
    [
        ("insulin", "diabetes", "relative"),
        ("metformin", "diabetes", "precaution"),
        ("Spiriva", "lung-disease", "relative"),
        ("albuterol", "lung-disease", "precaution"),
        ("prenatal vitamin", "pregnancy", "precaution"),
        ("tamoxifen", "lymph-node-removal", "relative"),
        ("sertraline", "ssri-snri", "precaution"),
        ("ibuprofen most days", "nsaid-regular", "precaution"),
        ("Advil as needed", "nsaid-regular", "none"),
        ("Voltaren gel", "nsaid-regular", "none"),
        ("fish oil", "supplement-bleeding", "precaution"),
        ("gabapentin 300 mg", "sedating-medicine", "precaution"),
        ("methotrexate", "immunosuppressant-medicine", "relative"),
        ("tranexamic acid", "bleeding-disorder", "relative"),
        ("Xeloda", "cancer-treatment", "absolute"),
        ("chemo tablet", "cancer-treatment", "absolute"),
        ("Advate", "bleeding-disorder", "absolute"),
        ("desmopresina", "bleeding-disorder", "absolute"),
        ("Biktarvy", "hiv", "precaution"),
        ("lisinopril", "medicine-not-recognised", "none"),
    ],
)
def test_a_medicine_asks_its_question(line: str, item: str, expected: str) -> None:
    assert level({"medicines": [line]}, item) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"medicines": ["sertraline", "ibuprofen every day"]}, "relative"),
        ({"medicines": ["sertraline", "ibuprofen as needed"]}, "precaution"),
        ({"medicines": ["sertraline", "aspirin 81 mg"]}, "relative"),
        ({"medicines": ["Aleve", "Plavix"]}, "relative"),
        ({"medicines": ["duloxetine", "fish oil"]}, "precaution"),
        ({"medicines": ["sertraline"], "antiplatelet": "not_sure"}, "relative"),
        ({"medicines": ["Zoloft"], "anticoagulant": "yes"}, "relative"),
    ],
)
def test_pain_pills_and_antidepressants_together_are_reviewed(
    changes: dict[str, object], expected: str
) -> None:
    found = {level(changes, item) for item in ("nsaid-regular", "ssri-snri", "antiplatelet")}

    assert max(Level(one) for one in found) is Level(expected)


def test_a_yes_beside_its_medicine_counts_by_its_own_rule() -> None:
    changes = {
        "medicines": ["metformin"],
        "diabetes": "yes",
        "diabetes.a1c": 6.5,
        "diabetes.problems": [],
        "diabetes.unstable": "no",
    }

    found = finding(changes, "diabetes")

    assert found.level.value == "precaution"
    assert not found.mismatch


def test_a_medicine_that_tells_of_hiv_is_for_the_therapist_alone() -> None:
    assert finding({"medicines": ["Biktarvy"]}, "hiv").private
    assert not finding({"medicines": ["sertraline"]}, "ssri-snri").private


def test_two_hundred_harmless_medicines_are_known_by_name() -> None:
    shipped = medicine_list.shipped()
    harmless = {
        name
        for name, agents in shipped.names.items()
        for _, medicine_class in agents
        if not shipped.classes[medicine_class].about
    }

    assert len(harmless) >= 200
