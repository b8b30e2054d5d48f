"""An urgent answer: stop at once, tell the clinic, and keep what was said."""

from tests.browser.conftest import Seat
from tests.browser.navigators import Desk, Patient, Therapist
from tests.support.open_clinic import ALERTS, OpenClinic


def test_chest_pain_stops_the_form_alarms_the_clinic_and_leads_the_queue(
    on_sqlite: OpenClinic, seat: Seat
) -> None:
    patient = seat(
        Patient, on_sqlite, width="phone", name="Uma Urgent", email="uma.urgent@example.com",
        phone="212 555 0145",
    )  # fmt: skip
    desk = seat(Desk, on_sqlite, width="phone")

    reference = patient.has_chest_pain()

    assert "Call 911 now" in patient.said
    assert patient.page.locator("main a[href='tel:911']").count() >= 1
    alert = on_sqlite.letter(ALERTS, reference)
    assert "chest" not in alert.text.lower()
    assert patient.name not in alert.text
    patient.opens("/request/history/medicines")
    assert patient.path == "/request/stop"
    desk.signs_in()
    desk.opens("/staff/")
    first = " ".join(desk.page.locator(".queue tbody tr").first.inner_text().split())
    assert patient.name in first
    assert "Call today" in first
    assert "chest" not in desk.page.content().lower()


def test_an_urgent_answer_called_a_mistake_stays_on_record(
    on_postgresql: OpenClinic, seat: Seat
) -> None:
    patient = seat(
        Patient, on_postgresql, width="phone", name="Mia Mistake", phone="212 555 0147",
        email="mia.mistake@example.com", thorough=False,
    )  # fmt: skip
    therapist = seat(Therapist, on_postgresql)
    reference = patient.has_chest_pain()

    patient.presses("I chose that by mistake")
    patient.box("rf-chest-breath").uncheck()
    patient.tells_history()
    patient.agrees()
    patient.sends()

    therapist.signs_in()
    therapist.reads(reference)
    assert "Urgent answer: call this patient today" in therapist.said
    assert "Nothing can be cleared until a clinician closes the flag" in therapist.said
    assert therapist.page.locator("#finding-1").count() == 1
    therapist.signs(
        "clear", "I asked again on the phone.", grounds="I asked again, and the answer is different"
    )
    assert therapist.page.locator(".error-summary").count() == 1


def test_none_of_these_in_a_follow_up_takes_back_no_answer_above_it(
    on_sqlite: OpenClinic, seat: Seat
) -> None:
    patient = seat(
        Patient, on_sqlite, width="phone", name="Fay Fever", phone="212 555 0148",
        email="fay.fever@example.com", thorough=False,
    )  # fmt: skip
    patient.starts()
    patient.says_where("knee-left")
    patient.ticks("rf-fever-infection")

    patient.chooses("rf-fever-infection.signs", "none")

    fever = patient.box("rf-fever-infection")
    assert fever.is_checked()
    patient.chooses("ticks-red-flags-now", "none")
    assert not fever.is_checked()
