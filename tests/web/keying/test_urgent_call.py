"""An urgent answer during a call: what is read out, what happens, and the way back."""

from clinic.models import Draft, Intake, Letter
from tests.support.page import Page
from tests.web.keying.calling import ASKED, Call
from tests.web.patient.walking import yes

BREATHLESS = {
    **yes("rf-chest-breath"),
    "rf-chest-breath.worse": "yes",
    "rf-chest-breath.after-needling": "no",
}


def _urgent(call: Call, **changed: str) -> Page:
    return call.comes_to_history(**changed).submit("Save and continue", BREATHLESS)


def test_an_urgent_answer_is_read_out_at_once_and_tops_the_queue(call: Call) -> None:
    page = _urgent(call)

    assert page.heading == "Stop. Read this out now"
    assert "Please call 911 or go to the nearest emergency room now." in page.text
    assert "Stay on the line" in page.text
    request = call.request()
    assert (request.desk_state, request.urgent_open, request.call_today) == ("new", True, "urgent")
    assert [letter.kind for letter in call.rows(Letter)] == ["urgent_alert"]
    [intake] = call.rows(Intake)
    assert not intake.complete
    assert call.get("/staff/").has_link("Cora Caller")


def test_an_urgent_answer_on_paper_has_to_be_called_about(call: Call) -> None:
    page = _urgent(call, source="paper")

    assert "Call the number below now, and read this out." in page.text
    assert "(555) 555-0101" in page.text
    assert "Stay on the line" not in page.text


def test_until_it_is_called_a_mistake_every_page_leads_back_to_it(call: Call) -> None:
    _urgent(call)

    for page in ("", "/about", "/where", "/check", "/consent", "/history/red-flags"):
        assert call.get(call.path + page).heading == "Stop. Read this out now", page


def test_a_mistake_can_be_put_right_and_stays_on_record(call: Call) -> None:
    page = _urgent(call).submit("That answer was a mistake")
    assert page.path == f"{call.path}/history/red-flags"

    page = page.submit("Save and continue", ASKED["red-flags"])
    page = call.answers(page).submit("Save and continue", {"agree": True})
    page.submit("Send my request")

    first, second = sorted(call.rows(Intake), key=lambda one: one.number)
    assert (first.complete, first.answers.get("_left")) == (False, None)
    assert second.answers["_left"]  # what is private, and nothing else
    assert [entry["question"] for entry in second.trail or ()] == ["rf-chest-breath"]
    assert call.request().urgent_open
    assert call.rows(Draft) == []
