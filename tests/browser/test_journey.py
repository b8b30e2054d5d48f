"""The whole path in five acts: patient, desk, therapist, desk, patient."""

import pytest

from tests.browser.conftest import Seat
from tests.browser.hands import Keys
from tests.browser.navigators import Desk, Patient, Therapist
from tests.support.open_clinic import OpenClinic

BLOOD_THINNER = {
    "anticoagulant": ["yes"],
    "anticoagulant.which": ["apixaban"],
    "medicines": "Eliquis 5 mg twice a day",
}


def whole_path(clinic: OpenClinic, patient: Patient, desk: Desk, therapist: Therapist) -> None:
    """Play all five acts; each leaves behind what the next one needs."""
    reference = asks_and_sends(clinic, patient)
    claims_and_calls(desk, patient)
    reads_and_clears(therapist, reference)
    day = offers_a_time(desk, patient)
    accepts(clinic, patient, day)


def asks_and_sends(clinic: OpenClinic, patient: Patient) -> str:
    """Act one: she asks, tells her history, sends it and proves her address."""
    patient.starts()
    patient.says_where("lower-back-left", "shoulder-right")
    patient.tells_history(**BLOOD_THINNER)
    patient.agrees()
    assert "Eliquis 5 mg twice a day" in patient.said
    reference = patient.sends()
    patient.proves_her_address()
    assert reference in patient.said
    patient.leaves()
    assert reference in clinic.letter(patient.email, "we have your request").text
    return reference


def claims_and_calls(desk: Desk, patient: Patient) -> None:
    """Act two: the desk takes the request and reaches her at the second try."""
    desk.signs_in()
    desk.finds(patient.name)
    desk.presses("Claim")
    desk.records_call("Voicemail")
    desk.records_call("Reached")
    assert "Eliquis" not in desk.page.content()
    assert "blood" not in desk.said.lower()


def reads_and_clears(therapist: Therapist, reference: str) -> None:
    """Act three: the therapist reads why, decides and signs."""
    therapist.signs_in()
    therapist.reads(reference)
    assert "Eliquis 5 mg twice a day" in therapist.said
    assert "Blood thinner" in therapist.said
    therapist.signs(
        "clear with limits",
        "Spoke with the prescriber: superficial needling only.",
        technique=["superficial_only"],
        grounds="The prescriber agreed",
        regions=["lower-back-left", "shoulder-right"],
    )
    assert "In force" in therapist.said


def offers_a_time(desk: Desk, patient: Patient) -> str:
    """Act four: the desk offers a time."""
    desk.finds(patient.name)
    day = desk.offers_a_time_with("Theo Therapist")
    assert "Held:" in desk.said
    assert "Eliquis" not in desk.page.content()
    return day


def accepts(clinic: OpenClinic, patient: Patient, day: str) -> None:
    """Act five: she opens the mailed link, proves that it is she, and accepts."""
    patient.opens_the_link_in("a time for you")
    assert day not in patient.said
    patient.asks_for_a_code()
    assert day in patient.said
    patient.presses("Accept this time")
    assert "Your appointment is confirmed" in patient.said
    letter = clinic.letter(patient.email, "your appointment is confirmed")
    assert day in letter.text
    assert "Main Street" in letter.text
    assert "Eliquis" not in letter.text


@pytest.mark.proves("HDR-2")
def test_a_patient_gets_from_the_first_page_to_a_confirmed_visit_on_a_phone(
    on_sqlite: OpenClinic, seat: Seat
) -> None:
    patient = seat(Patient, on_sqlite, width="phone")
    desk = seat(Desk, on_sqlite, width="phone")
    therapist = seat(Therapist, on_sqlite, width="phone")

    whole_path(on_sqlite, patient, desk, therapist)


def test_the_whole_path_needs_no_scripts(on_postgresql: OpenClinic, seat: Seat) -> None:
    plain = {"javascript": False, "thorough": False}
    patient = seat(
        Patient, on_postgresql, width="phone", name="Nora Noscript",
        email="nora.noscript@example.com", phone="212 555 0143", **plain,
    )  # fmt: skip
    desk = seat(Desk, on_postgresql, **plain)
    therapist = seat(Therapist, on_postgresql, **plain)

    whole_path(on_postgresql, patient, desk, therapist)


def test_the_whole_path_can_be_gone_by_keyboard_alone(on_sqlite: OpenClinic, seat: Seat) -> None:
    keys = {"hands": Keys(), "thorough": False}
    patient = seat(
        Patient, on_sqlite, name="Kim Keyboard", email="kim.keyboard@example.com",
        phone="212 555 0144", **keys,
    )  # fmt: skip
    desk = seat(Desk, on_sqlite, **keys)
    therapist = seat(Therapist, on_sqlite, **keys)

    whole_path(on_sqlite, patient, desk, therapist)


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no scripts"])
def test_an_error_tells_what_to_mend_and_loses_nothing(
    on_sqlite: OpenClinic,
    seat: Seat,
    javascript: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    patient = seat(Patient, on_sqlite, width="phone", javascript=javascript)
    patient.opens("/request/")
    patient.introduces_herself()
    patient.writes("phone", "12")
    patient.writes_date("birth_date", "13", "45", "1980")

    patient.goes_on()

    assert patient.page.title().startswith("Error:")
    assert patient.page.locator(".error-summary a").count() == 2
    assert patient.page.locator("[name=name]").input_value() == patient.name
    patient.writes("phone", patient.phone)
    patient.writes_date("birth_date", "4", "2", "1980")
    patient.goes_on()
    assert patient.path == "/request/where"
    patient.goes_on()
    assert patient.page.locator(".error-summary a").count() == 1
