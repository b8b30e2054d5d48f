"""The therapist's page after an upgrade: what an older release stored is read, never a 500."""

import json
from uuid import UUID

import pytest
from sqlalchemy import select

from clinic.access import SYSTEM
from clinic.extensions import db
from clinic.models import Intake, QuestionnaireVersion, Request, RulesetVersion, ScreeningRecord
from clinic.screening import questionnaire, rules, source
from clinic.services import screenings
from clinic.services.transaction import Work, writes
from tests.support.kept_versions import RELEASES, kept
from tests.support.page import Page
from tests.web.therapist.conftest import DECIDE, Room

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
TOLD = "An older version asked and screened this"
GIVEN = {"diabetes": "yes"}


@pytest.mark.parametrize("release", RELEASES)
def test_a_history_that_an_earlier_release_screened_is_shown_whole(
    room: Room, release: str
) -> None:
    patient = room.asks(answers=GIVEN)
    asked, ruled = kept(release, "questions"), kept(release, "rules")
    room.behind(_again_as_stored, SYSTEM, room.now, patient.request_id, asked=asked, ruled=ruled)

    page = room.open(patient)

    assert page.status == 200
    assert TOLD not in page.text
    assert "Diabetes" in page.text


def test_a_format_that_cannot_be_read_shows_its_stored_words_and_can_be_decided_on(
    room: Room,
) -> None:
    patient = room.asks(answers=GIVEN, hopes="To sleep through.")
    asked, ruled = _of_later(questionnaire.shipped().document, rules.shipped_rules().document)
    room.behind(_again_as_stored, SYSTEM, room.now, patient.request_id, asked=asked, ruled=ruled)

    page = room.open(patient)

    assert TOLD in page.text
    said = questionnaire.shipped().questions["diabetes"].text
    assert f"{said} Yes" in page.text
    assert "To sleep through." in page.text
    assert "Rosa Example" in page.submit(DECIDE, decision="refer", reason="See a doctor.").text


def test_a_document_that_is_no_document_still_shows_every_answer(room: Room) -> None:
    request_id = room.behind(room.scene.request, name="Olga Older")
    reference = room.behind(lambda: db.session.get_one(Request, request_id).reference)

    page = Page.get(room.client, f"/staff/review/{reference}")

    assert page.status == 200
    assert TOLD in page.text
    assert "Answers to questions whose wording cannot be read any more" in page.text
    assert "quetzalcoatl" in page.text


def _of_later(*documents: str) -> list[str]:
    """Write documents as a later format might: with a key that nobody knows yet."""
    found = []
    for document in documents:
        value = json.loads(document)
        for item in value["items"].values():
            item["a_key_of_later"] = True
        for item in value["items"].values():
            for question in item.get("questions", {}).values():
                question["a_key_of_later"] = True
        found.append(json.dumps(value))
    return found


@writes
def _again_as_stored(work: Work, request_id: UUID, *, asked: str, ruled: str) -> None:
    """Store the newest history once more, as asked and screened by other documents."""
    query = select(Intake).where(Intake.request_id == request_id)
    before = work.session.scalars(query).one()
    digests = source.digest(asked), source.digest(ruled)
    if work.session.get(QuestionnaireVersion, digests[0]) is None:  # else it is today's
        questions = QuestionnaireVersion(version="older", document=asked, stored_at=work.now)
        questions.hash = digests[0]
        work.session.add(questions)
    if work.session.get(RulesetVersion, digests[1]) is None:
        ruleset = RulesetVersion(
            version="older", document=ruled, complete=False, stored_at=work.now
        )
        ruleset.hash = digests[1]
        work.session.add(ruleset)
    work.session.flush()
    intake = Intake(
        request_id=request_id,
        number=before.number + 1,
        questionnaire_hash=digests[0],
        language="en",
        answered_by="patient",
        complete=True,
        answers=before.answers,
        sent_at=work.now,
    )
    work.session.add(intake)
    work.session.flush()
    screened = screenings.screen(before.answers, as_of=work.now.date())
    record = ScreeningRecord(
        request_id=request_id,
        intake_id=intake.id,
        ruleset_hash=digests[1],
        as_of=screened.as_of,
        made_at=work.now,
        level=screened.level.value,
        result=screened.as_bytes().decode(),
    )
    work.session.add(record)
