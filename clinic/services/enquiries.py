"""Questions from the public pages: sent once, worked by staff, answered by letter, closed.

A question may speak of a warning sign. It is searched for such words like any free text of a
history; then the clinic is alerted, the question stands on top, and only a clinician takes it
off, after a call that reached its writer or with a note why there was none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from clinic import contact
from clinic.access import Actor, ActorKind, NotThere, Permission, Refused
from clinic.booking import enquiry as path
from clinic.extensions import db, site, vault
from clinic.models import Enquiry, Request, User
from clinic.sealing import fingerprint
from clinic.services import idempotency, outbox, screenings
from clinic.services.transaction import ChangedUnderneath, Work, writes
from clinic.services.triage import ClaimedByOther

WORDS = "free_text.hopes"  # the box of a history in which such words are searched for
CLINIC_LANGUAGE = "en"
RECEIPTS_A_DAY = 5  # letters that a question arrived, to one address
DAY = timedelta(days=1)


class AnsweredBefore(Exception):
    """A letter went out already; another one is sent only by somebody who knows that."""


class UrgentQuestion(Exception):
    """A question may not wait; a clinician takes it off the top before it can be closed."""


class CallOrNoteMissing(Exception):
    """Nobody reached the writer, and no note says why an urgent question is closed."""


@dataclass(frozen=True)
class Question:
    """What somebody sends, already normalised."""

    name: str
    email: str
    phone: str | None
    words: str
    language: str
    may_publish: bool


def send(actor: Actor, now: datetime, *, question: Question, browser: str, key: str) -> UUID:
    """Take a question in, once whatever is clicked."""
    try:
        return _send(actor, now, question=question, browser=browser, key=key)
    except IntegrityError:  # a racer with the same key was first: now its row is there
        return _send(actor, now, question=question, browser=browser, key=key)


@writes
def _send(work: Work, *, question: Question, browser: str, key: str) -> UUID:
    if work.actor.kind not in (ActorKind.ANYONE, ActorKind.PATIENT):
        raise NotThere
    body = {**asdict(question), "browser": browser}
    made = idempotency.made_before(work, key, "enquiry", body)
    if made is not None:
        return made
    enquiry = _written(work, question, browser)
    work.session.add(enquiry)
    work.session.flush()
    work.audit("enquiry.sent", "enquiry", enquiry.id, urgent=enquiry.urgent)
    _confirm(work, enquiry)
    if enquiry.urgent:
        _alert(work, enquiry)
    idempotency.remember(work, key, "enquiry", body, enquiry.id)
    return enquiry.id


def _written(work: Work, question: Question, browser: str) -> Enquiry:
    urgent = _may_not_wait(work, question.words)
    return Enquiry(
        reference=free_reference(work),
        state=path.move(None, "send"),
        language=question.language,
        urgent=urgent,
        urgent_open=urgent,
        may_publish=question.may_publish,
        made_at=work.now,
        browser=fingerprint(browser),
        name=question.name,
        email=question.email,
        phone=question.phone,
        question=question.words,
        email_digest=vault.ring.digest("email", contact.email_key(question.email)),
    )


def _may_not_wait(work: Work, words: str) -> bool:
    """Tell whether the words speak of a warning sign, in either language."""
    screening = screenings.screen({WORDS: words}, as_of=work.now.date())
    return any(finding.urgency is not None for finding in screening.findings)


def _confirm(work: Work, enquiry: Enquiry) -> None:
    """Say by letter that it arrived, unless that address had its letters of the day."""
    same = select(func.count()).where(
        Enquiry.email_digest == enquiry.email_digest,
        Enquiry.made_at > work.now - DAY,
        Enquiry.id != enquiry.id,
    )
    if (work.session.scalar(same) or 0) < RECEIPTS_A_DAY:
        mail(work, enquiry, "enquiry_received", number=1)


def _alert(work: Work, enquiry: Enquiry) -> None:
    _tell_clinic(work, enquiry, site.settings.alert_addresses, number=0)


def _tell_clinic(work: Work, enquiry: Enquiry, addresses: Sequence[str], *, number: int) -> int:
    """Mail the alert to each address, each number once; say how many letters are new."""
    before = len(work.entries)
    for place, address in enumerate(addresses):
        outbox.enqueue(
            work,
            "enquiry_alert",
            to=address,
            language=CLINIC_LANGUAGE,
            dedupe_key=f"{enquiry.id.hex}:enquiry_alert:{number}:{place}",
            enquiry_id=enquiry.id,
            reference=enquiry.reference,
        )
    return len(work.entries) - before


def escalate_due(actor: Actor, now: datetime) -> int:
    """Mail the alert again for each urgent question that nobody has taken; say how many."""
    due = select(Enquiry.id).where(Enquiry.urgent_open, Enquiry.claimed_by_id.is_(None))
    found = db.session.scalars(due.order_by(Enquiry.id)).all()
    return sum(_escalate(actor, now, enquiry_id) for enquiry_id in found)


@writes
def _escalate(work: Work, enquiry_id: UUID) -> bool:
    if work.actor.kind is not ActorKind.SYSTEM:
        raise Refused
    enquiry = _locked(work, enquiry_id)
    if not enquiry.urgent_open or enquiry.claimed_by_id is not None:
        return False
    patience = timedelta(minutes=site.settings.alert_minutes)
    number = min((work.now - enquiry.made_at) // patience, site.settings.alert_escalations)
    if number < 1:
        return False
    return bool(_tell_clinic(work, enquiry, site.settings.escalation_addresses, number=number))


# --- What staff do with it -------------------------------------------------------------------


@writes
def claim(work: Work, enquiry_id: UUID, *, seen: int, take_over: bool = False) -> UUID:
    """Take a question to work on; the loser of a race is told who has it."""
    if load(work, enquiry_id).claimed_by_id == work.actor.id:
        return enquiry_id
    enquiry = open_for(work, enquiry_id, seen=seen, take_over=take_over, claims=False)
    _claim(work, enquiry)
    return enquiry.id


@writes
def release(work: Work, enquiry_id: UUID, *, seen: int, take_over: bool = False) -> UUID:
    """Give a question back to the queue."""
    enquiry = open_for(work, enquiry_id, seen=seen, take_over=take_over, claims=False)
    if enquiry.claimed_by_id is not None:
        enquiry.claimed_by_id = enquiry.claimed_at = None
        work.audit("enquiry.released", "enquiry", enquiry.id)
    return enquiry.id


@writes
def answer(
    work: Work,
    enquiry_id: UUID,
    *,
    text: str,
    again: bool,
    seen: int,
    key: str,
    take_over: bool = False,
) -> UUID:
    """Answer by letter; a second letter is sent only by somebody who knows of the first."""
    work.actor.require(Permission.ANSWER_ENQUIRIES)
    body = {"enquiry": enquiry_id, "text": text}
    made = idempotency.made_before(work, key, "enquiry answer", body)
    if made is not None:
        return made
    enquiry = open_for(work, enquiry_id, seen=seen, take_over=take_over)
    if (enquiry.answered_at is not None) != again:
        raise AnsweredBefore
    move(work, enquiry, "answer", text=text)
    enquiry.answered_at, enquiry.answered_by_id = work.now, work.actor.id
    number = sum(one["act"] == "answer" for one in enquiry.events or ())
    mail(work, enquiry, "enquiry_answer", number=number, text=text)
    idempotency.remember(work, key, "enquiry answer", body, enquiry.id)
    return enquiry.id


@writes
def call(
    work: Work,
    enquiry_id: UUID,
    *,
    outcome: str,
    number: str,
    seen: int,
    key: str,
    take_over: bool = False,
) -> UUID:
    """Record one call to the writer; voicemail is not contact."""
    work.actor.require(Permission.ANSWER_ENQUIRIES)
    body = {"enquiry": enquiry_id, "outcome": outcome, "number": number}
    made = idempotency.made_before(work, key, "enquiry call", body)
    if made is not None:
        return made
    enquiry = open_for(work, enquiry_id, seen=seen, take_over=take_over)
    if outcome not in path.CALL_OUTCOMES:
        raise path.NotPossibleNow(enquiry.state, "call")
    note(work, enquiry, "call", outcome=outcome, number=number)
    work.audit("enquiry.called", "enquiry", enquiry.id, outcome=outcome)
    idempotency.remember(work, key, "enquiry call", body, enquiry.id)
    return enquiry.id


@writes
def close_urgent(
    work: Work, enquiry_id: UUID, *, why: str, seen: int, take_over: bool = False
) -> UUID:
    """Take an urgent question off the top: a clinician's, after a call or with a note why not."""
    work.actor.require(Permission.DECIDE)
    enquiry = open_for(work, enquiry_id, seen=seen, take_over=take_over)
    if not enquiry.urgent_open:
        raise path.NotPossibleNow(enquiry.state, "close urgent")
    if not why.strip() and not any(_reached(one) for one in enquiry.events or ()):
        raise CallOrNoteMissing
    enquiry.urgent_open = False
    note(work, enquiry, "close urgent", clinical=why.strip())
    work.audit("enquiry.urgent_closed", "enquiry", enquiry.id)
    return enquiry.id


@writes
def close(work: Work, enquiry_id: UUID, *, reason: str, seen: int, take_over: bool = False) -> UUID:
    """Close a question with a reason; an urgent one is a clinician's to look at first."""
    enquiry = open_for(work, enquiry_id, seen=seen, take_over=take_over, claims=False)
    if enquiry.urgent_open:
        raise UrgentQuestion
    if reason not in path.CLOSE_REASONS:
        raise path.NotPossibleNow(enquiry.state, "close")
    move(work, enquiry, "close", reason=reason)
    enquiry.closed_reason = reason
    enquiry.claimed_by_id = enquiry.claimed_at = None
    return enquiry.id


@writes
def reopen(work: Work, enquiry_id: UUID, *, seen: int, take_over: bool = False) -> UUID:
    """Take up a closed question again."""
    enquiry = open_for(work, enquiry_id, seen=seen, take_over=take_over, claims=False)
    enquiry.closed_reason = None
    move(work, enquiry, "reopen")
    _claim(work, enquiry)
    return enquiry.id


# --- Parts that its other services share -----------------------------------------------------


def open_for(
    work: Work, enquiry_id: UUID, *, seen: int, take_over: bool, claims: bool = True
) -> Enquiry:
    """Lock a question for a member of staff, and claim it for them if nobody holds it."""
    enquiry = load(work, enquiry_id)
    if enquiry.question is None:  # erased but for what was published
        raise NotThere
    if enquiry.claimed_by_id not in (None, work.actor.id) and not take_over:
        holder = work.session.get_one(User, enquiry.claimed_by_id)
        raise ClaimedByOther(holder.display_name, enquiry.claimed_at)
    if enquiry.version != seen:
        raise ChangedUnderneath
    if claims:
        _claim(work, enquiry)
    return enquiry


def load(work: Work, enquiry_id: UUID) -> Enquiry:
    """Lock a question, erased but for what was published or not, or raise NotThere."""
    work.actor.require(Permission.ANSWER_ENQUIRIES)
    return _locked(work, enquiry_id)


def move(work: Work, enquiry: Enquiry, act: str, **detail: Any) -> None:
    """Make one act, or raise NotPossibleNow; note it, audit it, and date what it settles."""
    before = enquiry.state
    enquiry.state = path.move(before, act)
    enquiry.settled_at = None if enquiry.state == "new" else work.now
    note(work, enquiry, act, **detail)
    work.audit(f"enquiry.{act}", "enquiry", enquiry.id, before=before, after=enquiry.state)


def note(work: Work, enquiry: Enquiry, act: str, **detail: Any) -> None:
    """Keep what was done, by whom and when; what was written stays sealed."""
    by = work.actor.id.hex if work.actor.id else None
    event = {"act": act, "at": work.now.isoformat(), "by": by, **detail}
    enquiry.events = [*(enquiry.events or ()), event]


def mail(work: Work, enquiry: Enquiry, kind: str, *, number: int, **context: Any) -> None:
    """Queue a letter to the writer."""
    outbox.enqueue(
        work,
        kind,
        to=enquiry.email or "",
        language=enquiry.language,
        dedupe_key=f"{enquiry.id.hex}:{kind}:{number}",
        enquiry_id=enquiry.id,
        reference=enquiry.reference,
        **context,
    )


def free_reference(work: Work) -> str:
    """Draw a reference that no enquiry and no request has."""
    while True:
        drawn = contact.reference(work.random(contact.REFERENCE_RANDOM_BYTES))
        taken = (
            select(table.id).where(table.reference == drawn).limit(1)
            for table in (Enquiry, Request)
        )
        if all(work.session.scalar(query) is None for query in taken):
            return drawn


def _locked(work: Work, enquiry_id: UUID) -> Enquiry:
    query = select(Enquiry).where(Enquiry.id == enquiry_id).with_for_update()
    enquiry = work.session.execute(query).scalar_one_or_none()
    if enquiry is None:
        raise NotThere
    return enquiry


def _claim(work: Work, enquiry: Enquiry) -> None:
    if enquiry.claimed_by_id != work.actor.id:
        enquiry.claimed_by_id, enquiry.claimed_at = work.actor.id, work.now
        work.audit("enquiry.claimed", "enquiry", enquiry.id)


def _reached(event: dict[str, Any]) -> bool:
    return bool(event["act"] == "call" and event["outcome"] == "reached")
