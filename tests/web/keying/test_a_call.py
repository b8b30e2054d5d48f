"""A request that staff key for a caller: the same questions, rules and guards, then no more."""

import pytest

from clinic.access import Role
from clinic.models import AuditEntry, Consent, Draft, Intake, Letter, PhoneEntry
from tests.web.keying.calling import CALLER, Call
from tests.web.patient.walking import ticks


def test_a_call_goes_all_the_way_without_an_email(call: Call) -> None:
    page = call.sends()

    assert page.heading == "We have the request"
    request = call.request()
    assert request.reference in page.text
    assert (request.desk_state, request.answered_by, request.channel) == ("new", "patient", "phone")
    [intake] = call.rows(Intake)
    assert not intake.complete  # what is private is the therapist's to ask
    assert {"hiv", "hepatitis", "rf-crisis"} <= set(intake.answers["_left"])
    assert call.rows(Letter) == []
    [entry] = call.rows(PhoneEntry)
    assert call.dana is not None
    assert (entry.by_id, entry.channel) == (call.dana.id, "phone")
    assert entry.sent_at == intake.sent_at


def test_what_is_shown_to_the_caller_is_what_a_patient_reads(call: Call) -> None:
    page = call.comes_to_history()

    assert "Read each question out as it stands" in page.text
    assert "Do you have chest pain, or are you short of breath, right now or today?" in page.text


def test_the_pages_speak_the_language_of_the_call(call: Call) -> None:
    page = call.begins(language="es")

    assert page.soup.html is not None
    assert page.soup.html["lang"] == "es"
    [draft] = call.rows(Draft)
    assert draft.request_id == call.request().id
    assert call.request().language == "es"


def test_the_consent_is_given_by_voice_to_somebody(call: Call) -> None:
    call.has_filled_in()
    page = call.get(f"{call.path}/consent")
    refused = page.submit("Save and continue")
    assert refused.status == 422
    assert refused.errors == {"agree": "Tick the box when the person has said yes"}

    page.submit("Save and continue", {"agree": True})

    [consent] = call.rows(Consent)
    assert call.dana is not None
    assert (consent.given_by, consent.heard_by_id) == ("patient", call.dana.id)
    [entry] = [one for one in call.rows(AuditEntry) if one.act == "consent.given"]
    assert '"how": "by voice"' in entry.detail


@pytest.mark.proves("AZ-5", "AZ-8")
def test_after_sending_the_desk_sees_no_answer_also_by_the_back_button(call: Call) -> None:
    check = call.is_at_the_check()
    stale = check.form("Send my request")
    stale.submit("Send my request")

    for page in ("", "/about", "/where", "/history/red-flags", "/consent", "/check", "/later"):
        answer = call.client.get(call.path + page)
        assert answer.status_code == 404, page
        assert "no-store" in answer.headers["Cache-Control"]
    for page in ("/about", "/where", "/history/red-flags", "/consent", "/stop", "/discard"):
        sent = call.client.post(call.path + page, data={"csrf_token": check.values["csrf_token"]})
        assert sent.status_code == 404, page


@pytest.mark.proves("CON-4")
def test_a_double_click_on_send_sends_once_and_shows_the_same(call: Call) -> None:
    form = call.is_at_the_check().form("Send my request")

    first, second = form.submit("Send my request"), form.submit("Send my request")

    assert first.heading == second.heading == "We have the request"
    assert len(call.rows(Intake)) == 1


def test_a_double_click_on_the_first_page_begins_one(call: Call) -> None:
    form = call.get("/staff/keying/new").form("Save and continue").fill(CALLER)

    first, second = form.submit("Save and continue"), form.submit("Save and continue")

    assert first.path == second.path
    assert len(call.rows(PhoneEntry)) == 1


@pytest.mark.proves("AZ-3", "AZ-4")
def test_others_are_told_who_writes_and_see_nothing(call: Call) -> None:
    call.begins()
    call.actor = call.hire("Olga Other", Role.FRONT_DESK)

    page = call.get(f"{call.path}/check")

    assert page.status == 409
    assert "Dana Desk is writing this one since" in page.text
    assert "Cora" not in page.text
    assert "Cora" not in call.get("/staff/keying/").text
    call.actor = call.hire("Ada Admin", Role.ADMIN)
    assert call.client.get(f"{call.path}/check").status_code == 403
    assert call.client.get("/staff/keying/new").status_code == 403
    assert not call.get("/staff/").has_link("New request by phone")


def test_a_request_that_a_patient_wrote_is_not_there(call: Call) -> None:
    with call.app.app_context():
        request_id = call.scene.request()
    reference = next(
        one.reference for one in call.rows(type(call.request())) if one.id == request_id
    )

    for page in ("", "/check", "/sent"):
        assert call.client.get(f"/staff/keying/{reference}{page}").status_code == 404


def test_a_call_without_an_email_has_to_be_reached_by_phone(call: Call) -> None:
    page = call.get("/staff/keying/new").submit("Save and continue", {**CALLER, "channel": "email"})

    assert page.status == 422
    assert page.errors == {"email": "Enter your email, or choose a phone call below"}
    assert call.rows(PhoneEntry) == []


def test_the_timeline_says_how_it_came_and_what_has_to_be_told_by_phone(call: Call) -> None:
    call.has_sent()

    page = call.get(f"{call.path}/sent").follow("Open the request")

    assert "Answers written during a call" in page.text
    assert "no e-mail: tell by phone" in page.text


def test_a_patient_without_email_is_asked_again_on_blank_pages(call: Call) -> None:
    call.has_sent()
    page = call.get(f"/staff/requests/{call.request().reference}")

    begun = page.follow("Ask the questions again").submit("Begin")

    assert begun.path == f"{call.path}/where"
    assert "wanted_regions" not in begun.values
    page = begun.submit("Save and continue", {"wanted_regions": ["neck"]})
    assert ticks("rf-chest-breath") not in page.values
    call.fills_in_again().submit("Send my request")
    assert sorted(intake.number for intake in call.rows(Intake)) == [1, 2]
    assert call.client.get(f"{call.path}/check").status_code == 404


def test_nobody_is_asked_again_while_the_answers_are_open(call: Call) -> None:
    call.has_sent()
    path = f"{call.path}/again"
    form = call.get(path).form("Begin")
    form.submit("Begin")
    assert form.submit("Begin").path == f"{call.path}/where"

    call.actor = call.hire("Olga Other", Role.FRONT_DESK)
    refused = call.get(path).submit("Begin")

    assert refused.status == 409
    assert "These answers are open already" in refused.text
    assert [entry.by_id for entry in call.rows(PhoneEntry)] == [call.dana.id if call.dana else None]
