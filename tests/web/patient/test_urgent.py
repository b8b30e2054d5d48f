"""An urgent answer stops at once; what was answered first stays on record."""

import pytest

from clinic.access import Actor, ActorKind, Role
from clinic.models import Draft, Intake, ScreeningRecord
from clinic.screening import outcome
from clinic.services import review, submission
from clinic.services.triage import UrgentOpen
from tests.support.clock import MONDAY_MORNING
from tests.support.scene import Scene
from tests.web.patient.walking import HEALTHY, Walker, yes

CHEST = {
    **yes("rf-chest-breath"),
    "rf-chest-breath.worse": "yes",
    "rf-chest-breath.after-needling": "no",
}


def test_chest_pain_stops_and_puts_the_request_on_top_of_the_queue(ana_on_both: Walker) -> None:
    page = ana_on_both.save(ana_on_both.comes_to_history(), CHEST)

    assert page.path == "/request/stop"
    assert page.heading == "Please stop here and get care"
    assert "Call 911" in page.text
    assert "(555) 555-0100" in page.text
    request = ana_on_both.request()
    assert (request.desk_state, request.clinical_state) == ("new", "needs_review")
    assert (request.level, request.urgent_open, request.call_today) == ("urgent", True, "urgent")
    [intake] = ana_on_both.rows(Intake)
    assert not intake.complete
    assert intake.answers["rf-chest-breath"] == "yes"
    [alert] = ana_on_both.letters("urgent_alert")
    assert alert.recipient == "alerts@example.com"
    assert request.reference in (alert.body or "")
    for content in ("chest", "breath", "Ana", "555-555-0101"):
        assert content not in f"{alert.subject} {alert.body}"


def test_an_urgent_answer_stops_although_its_follow_ups_are_missing(ana: Walker) -> None:
    page = ana.save(ana.comes_to_history(), yes("rf-chest-breath"))

    assert page.path == "/request/stop"
    assert ana.request().urgent_open


def test_a_gap_that_could_be_urgent_is_asked_before_the_emergency_page(ana: Walker) -> None:
    page = ana.save(ana.comes_to_history(), yes("rf-fever-infection"))

    assert page.status == 422
    assert "rf-fever-infection.signs" in page.errors
    assert ana.request().desk_state == "draft"


def test_the_one_way_on_is_to_say_that_it_was_a_mistake(ana: Walker) -> None:
    ana.save(ana.comes_to_history(), CHEST)

    pages = ("", "where", "check", "consent", "later")
    for path in (f"/request/{page}" for page in pages):
        assert ana.get(path).path == "/request/stop", path
    page = ana.get("/request/stop").submit("I chose that by mistake")

    assert page.path == "/request/history/red-flags"
    assert ana.get("/request/check").path == "/request/stop"


def test_an_answer_called_a_mistake_stays_on_record_and_holds_the_needles(
    ana_on_both: Walker,
) -> None:
    ana = ana_on_both
    ana.save(ana.comes_to_history(), CHEST)
    page = ana.get("/request/stop").submit("I chose that by mistake")

    page = ana.save(page, HEALTHY["red-flags"])
    while page.path.startswith("/request/history/"):
        page = ana.save(page, HEALTHY[page.path.rpartition("/")[2]])
    page = page.submit("Agree and continue", {"agree": True}).submit("Send my request")

    assert page.heading == "We have your request"
    assert "We will call you today" in page.text
    assert "We call you, to ask" in page.text
    assert "before any needling is planned" not in page.text  # a screening can clear by itself
    first, second = ana.rows(Intake)
    assert (first.number, second.number) == (1, 2)
    assert second.complete
    assert second.answers["rf-chest-breath"] == "no"
    records = {record.intake_id: record for record in ana.rows(ScreeningRecord)}
    finding = outcome.from_json(records[second.id].result).finding("rf-chest-breath.changed")
    assert finding is not None
    assert finding.level.value == "absolute"
    request = ana.request()
    assert request.urgent_open
    assert request.call_today == "urgent"
    assert len(ana.letters("urgent_alert")) == 1
    assert ana.rows(Draft) == []
    page = ana.proves()
    assert "We will call you today" in page.text
    assert not page.has_button("Yes, take it back")


def test_the_same_urgent_answer_again_makes_no_second_alarm(ana: Walker) -> None:
    ana.save(ana.comes_to_history(), CHEST)
    page = ana.get("/request/stop").submit("I chose that by mistake")

    page = ana.save(page, CHEST)

    assert page.path == "/request/stop"
    assert len(ana.rows(Intake)) == 1
    assert len(ana.letters("urgent_alert")) == 1


def test_the_same_urgent_answer_again_is_an_alarm_once_the_first_one_was_closed(
    ana: Walker,
) -> None:
    ana.save(ana.comes_to_history(), CHEST)
    page = ana.get("/request/stop").submit("I chose that by mistake")
    with ana.app.app_context():
        request = ana.request()
        theo = Scene().staff("Theo Therapist", Role.THERAPIST)
        review.close_urgent(
            theo, MONDAY_MORNING, request.id, note="Rosa says: a mistake", seen=request.version
        )

    page = ana.save(page, CHEST)

    assert page.path == "/request/stop"
    assert ana.request().urgent_open
    assert len(ana.letters("urgent_alert")) == 2


def test_an_urgent_request_is_not_taken_back_by_its_patient(ana: Walker) -> None:
    ana.save(ana.comes_to_history(), CHEST)
    with ana.app.app_context():
        request = ana.request()
        with pytest.raises(UrgentOpen):
            submission.withdraw(
                Actor(ActorKind.PATIENT, request_id=request.id),
                MONDAY_MORNING,
                request.id,
                seen=request.version,
            )

    assert (ana.request().desk_state, ana.request().urgent_open) == ("new", True)


def test_a_stopped_draft_is_not_sent(ana: Walker) -> None:
    held = ana.is_at_the_check().form("Send my request")
    ana.save(ana.get("/request/history/red-flags"), CHEST)
    [draft] = ana.rows(Draft)

    held.data = [
        (name, str(draft.version) if name == "seen" else value) for name, value in held.data
    ]
    sent = held.submit("Send my request")

    assert sent.path == "/request/stop"
    assert [intake.complete for intake in ana.rows(Intake)] == [False]


def test_words_that_speak_of_a_red_flag_are_asked_about_again_and_call_today(ana: Walker) -> None:
    ana.begins()
    ana.save(
        ana.get("/request/where"),
        {"wanted_regions": ["neck"], "free_text.anything-else": "I have chest pain since today"},
    )
    for page_id, healthy in HEALTHY.items():
        ana.save(ana.get(f"/request/history/{page_id}"), healthy)
    ana.get("/request/consent").submit("Agree and continue", {"agree": True})

    page = ana.get("/request/check")

    assert "Please look at this once more" in page.text
    page.submit("Send my request")
    request = ana.request()
    assert (request.level, request.call_today) == ("absolute", "own_words")


def test_milder_answers_in_a_second_request_of_the_same_person_are_a_finding(ana: Walker) -> None:
    ana.has_sent(
        answers={
            "lymph-node-removal": "yes",
            "lymph-node-removal.place": ["armpit"],
            "lymph-node-removal.side": "left",
            "lymph-node-removal.extent": "not_sure",
        }
    )

    ana.elsewhere().has_sent()

    newest = max(ana.rows(ScreeningRecord), key=lambda one: str(one.earlier))
    found = [finding.id for finding in outcome.from_json(newest.result).findings]
    assert "lymph-node-removal.changed" in found
