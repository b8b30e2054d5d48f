"""The outbox: letters are rows, rendered and sealed in the transaction of the change.

SMTP can only be at least once; the fixed Message-ID lets the receiving side drop the one
repeat that a crash can cause.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import or_, select, update
from sqlalchemy.engine import CursorResult

from clinic.access import Permission
from clinic.booking import mail
from clinic.extensions import site
from clinic.models import Letter, Request
from clinic.sealing import CannotBeRead
from clinic.services import letters
from clinic.services.transaction import Work, writes

LEASE = timedelta(minutes=2)
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
GIVE_UP = timedelta(hours=4)
REFUSED_FOR_GOOD = re.compile(r"smtp 5\d\d")


@dataclass(frozen=True)
class Leased:
    """One letter that this worker may send until the lease ends."""

    id: UUID
    lease: UUID
    message_id: str
    recipient: str
    subject: str
    body: str
    language: str
    queued_at: datetime
    calendar: str | None = None  # the .ics that goes with it


def enqueue(
    work: Work,
    kind: str,
    *,
    to: str | None,
    language: str,
    dedupe_key: str,
    request_id: UUID | None = None,
    enquiry_id: UUID | None = None,
    useless_after: datetime | None = None,
    calendar: str | None = None,
    **context: object,
) -> None:
    """Render a letter now and store it sealed; the same dedupe key is queued only once.

    A letter that has nobody to go to is noted and skipped: never an error, never lost from sight.
    """
    if not to:
        if request_id is not None:
            skip(work, kind, request_id)
        return
    known = work.session.scalar(select(Letter.id).where(Letter.dedupe_key == dedupe_key))
    if known is not None:
        return
    subject, body = letters.render(
        kind, language, {"address_proved": _is_proved(work, request_id), **context}
    )
    letter_id = uuid4()
    host = site.settings.hosts[0] if site.settings.hosts else "localhost"
    work.session.add(
        Letter(
            id=letter_id,
            dedupe_key=dedupe_key,
            message_id=f"<{letter_id.hex}@{host}>",
            request_id=request_id,
            enquiry_id=enquiry_id,
            kind=kind,
            language=language,
            recipient=to,
            subject=subject,
            body=body,
            calendar=calendar,
            queued_at=work.now,
            due_at=work.now,
            useless_after=useless_after,
        )
    )
    work.audit("letter.queued", "letter", letter_id, kind=kind)


def _is_proved(work: Work, request_id: UUID | None) -> bool:
    request = work.session.get(Request, request_id) if request_id is not None else None
    return request is not None and request.email_proved_at is not None


def skip(work: Work, kind: str, request_id: UUID) -> None:
    """Note that a letter has nobody to go to: the patient has no e-mail and is told by phone."""
    work.audit("letter.skipped", "request", request_id, kind=kind)


@writes
def lease(work: Work) -> Leased | None:
    """Take the next letter that is due, for two minutes; no lock is held while it is sent.

    A letter that has become useless is dropped on the way, one that cannot be read is failed.
    """
    while (letter := _next_due(work)) is not None:
        if letter.useless_after is not None and letter.useless_after <= work.now:
            _end(work, letter, "dropped", None)
            continue
        try:
            return _lease(work, letter)
        except CannotBeRead:
            _end(work, letter, "failed", "unreadable")
    return None


@writes
def mark_sent(work: Work, leased: Leased) -> bool:
    """Mark the letter as sent if the lease is still ours; tell whether it was."""
    return _settle(work, leased, state="sent", sent_at=work.now, last_error=None)


@writes
def mark_refused(work: Work, leased: Leased, *, code: str) -> bool:
    """Mark a letter that the mail server will never take as failed: a thing to do."""
    return _settle(work, leased, state="failed", last_error=code)


@writes
def mark_delayed(work: Work, leased: Leased, *, code: str) -> bool:
    """Try again later, one minute to one hour apart; give up four hours after queueing."""
    letter = work.session.get(Letter, leased.id)
    if letter is None:
        return False
    if work.now - letter.queued_at >= GIVE_UP:
        return _settle(work, leased, state="failed", last_error=code)
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (letter.tries - 1))
    return _settle(work, leased, state="queued", due_at=work.now + wait, last_error=code)


@writes
def queue_failed_again(work: Work) -> int:
    """Queue again what failed while the mail server was away; say how many letters.

    Not what the server refused for good, what is of no use any more, and what went to an address
    that is not the patient's any more: those are a person's to look at.
    """
    work.actor.require(Permission.SEE_OUTBOX)
    query = select(Letter).where(Letter.state == "failed").order_by(Letter.queued_at, Letter.id)
    again = [one for one in work.session.scalars(query.with_for_update()) if _of_use(work, one)]
    for letter in again:
        letter.state, letter.last_error, letter.tries = "queued", None, 0
        letter.queued_at = letter.due_at = work.now
        work.audit("letter.queued_again", "letter", letter.id)
    return len(again)


def _of_use(work: Work, letter: Letter) -> bool:
    error = letter.last_error or ""
    if letter.kind in mail.SHORT_LIVED or error == mail.UNREADABLE or REFUSED_FOR_GOOD.match(error):
        return False
    if letter.body_sealed is None or (letter.useless_after or work.now) < work.now:
        return False
    if letter.request_id is None or letter.kind in mail.TO_CLINIC:
        return True
    request = work.session.get(Request, letter.request_id)
    return request is not None and letter.recipient == request.email


def drop(work: Work, request_id: UUID, *kinds: str) -> None:
    """Take back letters that a change has made useless, such as one about a cancelled visit."""
    useless = (
        select(Letter)
        .where(Letter.request_id == request_id, Letter.kind.in_(kinds), Letter.state == "queued")
        .order_by(Letter.id)
        .with_for_update()
    )
    for letter in work.session.scalars(useless).all():
        _end(work, letter, "dropped", None)


def _next_due(work: Work) -> Letter | None:
    due = (
        select(Letter)
        .where(
            Letter.state == "queued",
            Letter.due_at <= work.now,
            or_(Letter.leased_until.is_(None), Letter.leased_until < work.now),
        )
        .order_by(Letter.due_at, Letter.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return work.session.scalars(due).first()


def _lease(work: Work, letter: Letter) -> Leased:
    leased = Leased(
        letter.id,
        uuid4(),
        letter.message_id,
        letter.recipient or "",
        letter.subject or "",
        letter.body or "",
        letter.language,
        letter.queued_at,
        letter.calendar,
    )
    letter.lease, letter.leased_until = leased.lease, work.now + LEASE
    letter.tries += 1
    return leased


def _end(work: Work, letter: Letter, state: str, error: str | None) -> None:
    letter.state, letter.last_error = state, error
    letter.lease, letter.leased_until = None, None
    work.audit(f"letter.{state}", "letter", letter.id)


def _settle(work: Work, leased: Leased, *, state: str, **values: object) -> bool:
    result = work.session.execute(
        update(Letter)
        .where(Letter.id == leased.id, Letter.lease == leased.lease, Letter.state == "queued")
        .values(state=state, lease=None, leased_until=None, **values)
        .execution_options(synchronize_session=False)
    )
    changed = isinstance(result, CursorResult) and result.rowcount == 1
    if changed and state != "queued":
        work.audit(f"letter.{state}", "letter", leased.id)
    return changed
