"""Somebody who has asked before: the last answers are laid into the new draft, to be confirmed.

Only after a mailed code has proved the address in the browser of the draft, and only what this
person answered under this address. Each page shows them; saving the page says that they are true
still. What may change in a day, and what is worded otherwise now, is asked anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from clinic.access import own
from clinic.booking import calendar
from clinic.models import Intake, QuestionnaireVersion, Request
from clinic.screening import asking, questionnaire, stored
from clinic.services import drafting, screenings, triage
from clinic.services.transaction import Work, writes


class NotProved(Exception):
    """No code has proved the address of this draft yet."""


@writes
def bring(work: Work, request_id: UUID) -> bool:
    """Lay the last answers of the same person beside the draft; tell whether there were any."""
    own(work.actor, request_id)
    request, draft = drafting.open_draft(work, request_id)
    if request.email_proved_at is None or request.email_digest is None:
        raise NotProved
    before = _last(work, request)
    if before is None:
        return False
    day = calendar.visit_on(before.sent_at, triage.zone_of(work, request))
    mark = {
        "on": day.isoformat(),
        "answers": reusable(work, before),
        "wanted": before.answers.get("wanted_regions"),
        "of": drafting.person_of(request),
    }
    draft.answers = {**draft.answers, asking.LAST: mark}
    work.audit("intake.brought_along", "intake", before.id, request=request.id.hex)
    return True


def reusable(work: Work, intake: Intake) -> dict[str, Any]:
    """Return the answers of an intake that may be shown again to be confirmed."""
    return asking.reusable(_asked_by(work, intake), questionnaire.shipped(), intake.answers)


def _asked_by(work: Work, intake: Intake) -> questionnaire.Questionnaire:
    now = questionnaire.shipped()
    if intake.questionnaire_hash == now.hash:
        return now
    kept = work.session.get_one(QuestionnaireVersion, intake.questionnaire_hash)
    return stored.read_questions(kept.document, kept.hash, now.language).questions


def _last(work: Work, request: Request) -> Intake | None:
    """Return the newest whole history that the same person sent under this proved address."""
    query = (
        select(Intake)
        .join(Request, Request.id == Intake.request_id)
        .where(
            Request.id != request.id,
            Request.email_digest == request.email_digest,
            Request.person_digest == request.person_digest,
            Request.email_proved_at.is_not(None),
            Intake.complete,
        )
        .order_by(Intake.sent_at.desc(), Intake.number.desc(), Intake.id)
        .limit(1)
    )
    return work.session.scalars(query).first()


def confirmed(answers: Mapping[str, Any], day: str) -> dict[str, Any]:
    """Mark every answer as said to be true still on this day."""
    plain = {key: day for key in answers if not key.startswith(screenings.OWN_MARKS)}
    return {**answers, asking.CONFIRMED: plain}
