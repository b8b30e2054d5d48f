"""What is private is not asked by the desk: it is left, blank and marked, for the therapist."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from clinic.access import Actor, Refused
from clinic.models import Draft, Intake
from clinic.screening import pages, questionnaire, rules, source
from clinic.services import drafting
from clinic.services.drafting import Given
from tests.support.clock import MONDAY_MORNING
from tests.unit.screening.harmless import copied
from tests.web.keying.calling import Call
from tests.web.patient.walking import healthy

PRIVATE = "needle-phobia"
ASKED = "How do you feel about needles?"


@pytest.fixture
def private_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The shipped questionnaire with one item made private, as items of later sections are."""
    file = copied(tmp_path) / "items" / f"{PRIVATE}.yaml"
    file.write_text(file.read_text("utf-8").replace("questions:", "private: true\nquestions:", 1))
    planted = source.read_folder(tmp_path)
    monkeypatch.setattr(source, "shipped", lambda: planted)
    questionnaire.shipped.cache_clear()
    rules.shipped_rules.cache_clear()
    yield PRIVATE
    monkeypatch.undo()
    questionnaire.shipped.cache_clear()
    rules.shipped_rules.cache_clear()


def test_the_desk_is_asked_no_private_question_and_the_intake_needs_review(
    private_item: str, call: Call
) -> None:
    asked = healthy(questionnaire.without_private(questionnaire.shipped()))
    page = call.comes_to_history()
    seen = page.text
    while "/history/" in page.path:
        assert private_item not in {key for key, _value in page.form("Save and continue").data}
        page = page.submit("Save and continue", asked[page.path.rpartition("/")[2]])
        seen += page.text
    check = page.submit("Save and continue", {"agree": True})
    assert "Some questions are left for the therapist" in check.text
    check.submit("Send my request")

    assert ASKED not in seen + check.text
    [intake] = call.rows(Intake)
    assert not intake.complete
    assert private_item not in intake.answers
    assert private_item in intake.answers["_left"]
    assert call.request().clinical_state == "needs_review"


def test_the_therapist_reads_that_it_was_not_asked(private_item: str, call: Call) -> None:
    call.has_sent()

    call.actor = call.theo
    page = call.get(f"/staff/review/{call.request().reference}")

    assert ASKED in page.text
    assert "Not asked yet: left for the therapist. Never a no" in page.text


def test_a_private_answer_is_refused_from_the_desk_and_kept_from_its_pages(
    private_item: str, call: Call
) -> None:
    call.comes_to_history()
    questions = questionnaire.shipped()
    page = pages.page_of(questions, questions.questions[private_item].section)

    assert private_item not in call.client.get(f"{call.path}/history/{page}").text
    with call.app.app_context(), pytest.raises(Refused):
        _write(call.dana, MONDAY_MORNING, call, page or "")


def _write(actor: Actor | None, now: datetime, call: Call, page: str) -> None:
    assert actor is not None
    drafting.save_answers(
        actor,
        now,
        call.request().id,
        page=page,
        given=Given({PRIVATE: "fine"}),
        seen=call.rows(Draft)[0].version,
        language="en",
        browser=None,
    )
