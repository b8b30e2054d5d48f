"""Questions from the public pages: for staff in a list, one by one, and published for everybody."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from clinic import contact
from clinic.access import Actor, NotThere, Permission
from clinic.booking import enquiry as path
from clinic.booking import lifecycle
from clinic.extensions import db, vault
from clinic.models import Enquiry, Letter, Request, User
from clinic.sealing import fingerprint

PAGE = 25
LONGEST_SEARCH = 200
OPEN = "open"
FOLDERS = (OPEN, "mine", "answered", "published", "closed")


@dataclass(frozen=True)
class Sent:
    """What the browser that sent a question may show of it."""

    reference: str
    urgent: bool


@dataclass(frozen=True)
class Published:
    """One question with its answer, in words for everybody."""

    question: str
    answer: str
    language: str
    published_at: datetime


@dataclass(frozen=True)
class Waiting:
    """How many questions wait for an answer, how many must not wait, and have no holder yet."""

    open: int
    urgent: int
    untaken: int


@dataclass(frozen=True)
class Row:
    """One question as the list shows it."""

    reference: str
    version: int
    name: str
    begins: str
    state: str
    urgent: bool
    published: bool
    language: str
    made_at: datetime
    claimed_by: str | None
    mine: bool


@dataclass(frozen=True)
class Listed:
    """One page of the list, with the cursors of its neighbours."""

    rows: tuple[Row, ...]
    next: str | None
    previous: str | None


@dataclass(frozen=True)
class Event:
    """One thing that was done: the act, and its parts; no sentence."""

    act: str
    at: datetime
    by: str | None
    text: str = ""
    code: str = ""
    number: str = ""


@dataclass(frozen=True)
class Mailed:
    """One letter to the writer, and what became of it."""

    kind: str
    state: str
    at: datetime


@dataclass(frozen=True)
class EnquiryPage:
    """Everything the page of one question shows."""

    id: UUID
    reference: str
    version: int
    state: str
    closed_reason: str | None
    language: str
    urgent: bool
    urgent_open: bool
    may_publish: bool
    made_at: datetime
    answered_at: datetime | None
    answered_by: str | None
    published_at: datetime | None
    public_question: str | None
    public_answer: str | None
    erased: bool
    name: str
    email: str
    phone: str | None
    question: str
    newest_answer: str
    claimed_by: str | None
    claimed_at: datetime | None
    mine: bool
    was_called: bool
    may_close_urgent: bool
    can: tuple[str, ...]
    letter_failed: bool  # the newest one, and nothing was done since
    has_request: bool
    request_reference: str | None  # of the request it became, once that was sent
    open_request: str | None  # an open request of the same address
    others: tuple[str, ...]  # further questions of the same address
    events: tuple[Event, ...]
    letters: tuple[Mailed, ...]


# --- For everybody ---------------------------------------------------------------------------


def published(language: str) -> tuple[Published, ...]:
    """List published questions with their answers: those in this language first, newest first."""
    query = (
        select(Enquiry)
        .where(Enquiry.published_at.is_not(None))
        .order_by(Enquiry.language != language, Enquiry.published_at.desc(), Enquiry.id)
    )
    return tuple(
        Published(row.public_question or "", row.public_answer or "", row.language, _day(row))
        for row in db.session.scalars(query)
    )


def sent(enquiry_id: UUID, *, browser: str) -> Sent:
    """Return what the thank-you page says, in the browser that sent the question."""
    enquiry = db.session.get(Enquiry, enquiry_id)
    if enquiry is None or enquiry.browser != fingerprint(browser):
        raise NotThere
    return Sent(enquiry.reference, enquiry.urgent)


# --- For staff -------------------------------------------------------------------------------


def waiting(actor: Actor) -> Waiting:
    """Count the questions that wait; none for who does not answer them."""
    if not actor.may(Permission.ANSWER_ENQUIRIES):
        return Waiting(0, 0, 0)
    numbers = (
        func.count().filter(_folder(OPEN, actor)),
        func.count().filter(Enquiry.urgent_open),
        func.count().filter(Enquiry.urgent_open, Enquiry.claimed_by_id.is_(None)),
    )
    row = db.session.execute(select(*numbers).select_from(Enquiry)).one()
    return Waiting(*row)


def counts(actor: Actor) -> dict[str, int]:
    """Count every folder in one go."""
    actor.require(Permission.ANSWER_ENQUIRIES)
    numbers = [func.count().filter(_folder(name, actor)) for name in FOLDERS]
    row = db.session.execute(select(*numbers).select_from(Enquiry)).one()
    return dict(zip(FOLDERS, row, strict=True))


def listed(actor: Actor, *, folder: str, search: str = "", cursor: str = "") -> Listed:
    """Return one page: urgent first, then oldest first (all but the open ones: newest first)."""
    actor.require(Permission.ANSWER_ENQUIRIES)
    spot = _read_cursor(cursor)
    newest_first = folder not in (OPEN, "mine")
    backwards = spot is not None and spot.backwards
    query = _narrowed(actor, folder, search)
    if spot is not None:
        query = query.where(_beyond(spot, newest_first=newest_first))
    query = query.order_by(*_order(reverse=backwards, newest_first=newest_first))
    found = list(db.session.scalars(query.limit(PAGE + 1)))
    more, found = len(found) > PAGE, found[:PAGE]
    if backwards:
        found.reverse()
    further, earlier = (True, more) if backwards else (more, spot is not None)
    return Listed(
        tuple(_rows(actor, found)),
        next=_cursor(found[-1], backwards=False) if found and further else None,
        previous=_cursor(found[0], backwards=True) if found and earlier else None,
    )


def find(actor: Actor, reference: str) -> UUID:
    """Return the id of a question by its reference, or raise NotThere."""
    actor.require(Permission.ANSWER_ENQUIRIES)
    return _named(reference).id


def page(actor: Actor, reference: str) -> EnquiryPage:
    """Return what the page of one question shows to this actor."""
    actor.require(Permission.ANSWER_ENQUIRIES)
    row = _named(reference)
    names, holder = _names(), row.claimed_by_id
    events = tuple(_events(actor, row, names))
    answers = [event.text for event in events if event.act == "answer"]
    decides = actor.may(Permission.DECIDE)
    return EnquiryPage(
        id=row.id,
        reference=row.reference,
        version=row.version,
        state=row.state,
        closed_reason=row.closed_reason,
        language=row.language,
        urgent=row.urgent,
        urgent_open=row.urgent_open,
        may_publish=row.may_publish,
        made_at=row.made_at,
        answered_at=row.answered_at,
        answered_by=names.get(row.answered_by_id) if row.answered_by_id else None,
        published_at=row.published_at,
        public_question=row.public_question,
        public_answer=row.public_answer,
        erased=row.question is None,
        name=row.name or "",
        email=row.email or "",
        phone=row.phone,
        question=row.question or "",
        newest_answer=answers[-1] if answers else "",
        claimed_by=names.get(holder) if holder else None,
        claimed_at=row.claimed_at,
        mine=holder is not None and holder == actor.id,
        was_called=any(event.act == "call" and event.code == "reached" for event in events),
        may_close_urgent=row.urgent_open and decides,
        can=path.acts(row.state) if row.question is not None else (),
        letter_failed=_has_failed(row),
        has_request=row.request_id is not None,
        request_reference=_request_of(row),
        open_request=_open_request(row),
        others=tuple(_others(row)),
        events=events,
        letters=tuple(_letters(row)),
    )


def of_request(actor: Actor, request_id: UUID) -> tuple[str, ...]:
    """List the references of the questions that became this request, for its page."""
    if not actor.may(Permission.ANSWER_ENQUIRIES):
        return ()
    query = select(Enquiry.reference).where(Enquiry.request_id == request_id)
    return tuple(db.session.scalars(query.order_by(Enquiry.made_at, Enquiry.id)))


# --- Which ones ------------------------------------------------------------------------------


def _folder(name: str, actor: Actor) -> ColumnElement[bool]:
    is_open = or_(Enquiry.state == "new", Enquiry.urgent_open, _letter_failed())
    parts: dict[str, ColumnElement[bool]] = {
        OPEN: is_open,
        "mine": and_(is_open, Enquiry.claimed_by_id == actor.id),
        "answered": Enquiry.state.in_(("answered", "turned")),
        "published": Enquiry.published_at.is_not(None),
        "closed": Enquiry.state == "closed",
    }
    return parts.get(name, is_open)


def _letter_failed() -> ColumnElement[bool]:
    """Find what its writer never got: the newest letter failed, and nothing was done since."""
    return exists().where(
        Letter.enquiry_id == Enquiry.id,
        Letter.kind.in_(("enquiry_answer", "enquiry_request")),
        Letter.state == "failed",
        Letter.queued_at >= Enquiry.settled_at,
    )


def _narrowed(actor: Actor, folder: str, search: str) -> Select[Enquiry]:
    """Look in one folder, or everywhere for a reference or an e-mail address."""
    reference = contact.parse_reference(search)
    if reference is not None:
        return select(Enquiry).where(Enquiry.reference == reference)
    query = select(Enquiry).where(_folder(folder, actor))
    if not search.strip():
        return query
    try:
        digest = vault.ring.digest("email", contact.email_key(search))
    except contact.UnfitEmail:
        return query.where(Enquiry.id.is_(None))
    return select(Enquiry).where(Enquiry.email_digest == digest)


def _named(reference: str) -> Enquiry:
    query = select(Enquiry).where(Enquiry.reference == contact.parse_reference(reference))
    found = db.session.scalars(query).one_or_none()
    if found is None:
        raise NotThere
    return found


def _has_failed(row: Enquiry) -> bool:
    query = select(Enquiry.id).where(Enquiry.id == row.id, _letter_failed())
    return db.session.scalar(query) is not None


def _request_of(row: Enquiry) -> str | None:
    if row.request_id is None:
        return None
    query = select(Request.reference).where(
        Request.id == row.request_id, Request.desk_state != "draft"
    )
    return db.session.scalars(query).one_or_none()


def _open_request(row: Enquiry) -> str | None:
    if row.email_digest is None:
        return None
    query = (
        select(Request.reference)
        .where(
            Request.email_digest == row.email_digest,
            Request.desk_state.in_(lifecycle.OPEN_DESK),
        )
        .order_by(Request.created_at.desc(), Request.id)
    )
    return db.session.scalars(query.limit(1)).first()


def _others(row: Enquiry) -> Sequence[str]:
    if row.email_digest is None:
        return ()
    query = select(Enquiry.reference).where(
        Enquiry.email_digest == row.email_digest, Enquiry.id != row.id
    )
    return db.session.scalars(query.order_by(Enquiry.made_at.desc(), Enquiry.id).limit(10)).all()


# --- In which order --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Spot:
    urgent: bool
    made_at: datetime
    id: UUID
    backwards: bool


def _order(*, reverse: bool, newest_first: bool) -> tuple[Any, ...]:
    urgent = Enquiry.urgent_open if reverse else Enquiry.urgent_open.desc()
    if reverse != newest_first:
        return (urgent, Enquiry.made_at.desc(), Enquiry.id.desc())
    return (urgent, Enquiry.made_at, Enquiry.id)


def _beyond(spot: _Spot, *, newest_first: bool) -> ColumnElement[bool]:
    same = Enquiry.urgent_open.is_(spot.urgent)
    other = Enquiry.urgent_open.is_(not spot.urgent)
    earlier = spot.backwards != newest_first
    when = Enquiry.made_at < spot.made_at if earlier else Enquiry.made_at > spot.made_at
    beside = Enquiry.id < spot.id if earlier else Enquiry.id > spot.id
    later = and_(same, or_(when, and_(Enquiry.made_at == spot.made_at, beside)))
    # The other kind stands wholly before or wholly behind the spot.
    return or_(later, other) if spot.urgent != spot.backwards else later


def _cursor(row: Enquiry, *, backwards: bool) -> str:
    parts = [int(row.urgent_open), row.made_at.isoformat(), row.id.hex, int(backwards)]
    return urlsafe_b64encode(json.dumps(parts).encode()).decode("ascii").rstrip("=")


def _read_cursor(text: str) -> _Spot | None:
    """Read a cursor; one that was cut or made up begins at the beginning."""
    if not text or len(text) > LONGEST_SEARCH:
        return None
    try:
        urgent, made_at, key, backwards = json.loads(
            urlsafe_b64decode(text + "=" * (-len(text) % 4))
        )
        moment = datetime.fromisoformat(made_at)
        spot = _Spot(bool(urgent), moment, UUID(key), bool(backwards))
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError):
        return None
    return spot if moment.tzinfo is not None else None


# --- As rows ---------------------------------------------------------------------------------


def _rows(actor: Actor, found: Sequence[Enquiry]) -> Iterator[Row]:
    names = _names()
    for row in found:
        words = row.question or row.public_question or ""
        holder = row.claimed_by_id
        yield Row(
            reference=row.reference,
            version=row.version,
            name=row.name or "",
            begins=words if len(words) <= 90 else f"{words[:90].rstrip()}…",
            state=row.state,
            urgent=row.urgent_open,
            published=row.published_at is not None,
            language=row.language,
            made_at=row.made_at,
            claimed_by=names.get(holder) if holder else None,
            mine=holder is not None and holder == actor.id,
        )


def _events(actor: Actor, row: Enquiry, names: dict[UUID, str]) -> Iterator[Event]:
    """List what was done, newest first; a clinician's note is for clinicians alone."""
    reads = actor.may(Permission.SEE_HISTORY)
    for one in reversed(row.events or []):
        yield Event(
            act=one["act"],
            at=datetime.fromisoformat(one["at"]),
            by=names.get(UUID(one["by"])) if one["by"] else None,
            text=one.get("text", "") or (one.get("clinical", "") if reads else ""),
            code=one.get("outcome") or one.get("reason") or "",
            number=one.get("number", ""),
        )


def _letters(row: Enquiry) -> Iterator[Mailed]:
    query = select(Letter).where(Letter.enquiry_id == row.id, Letter.kind != "enquiry_alert")
    for one in db.session.scalars(query.order_by(Letter.queued_at.desc(), Letter.id)):
        yield Mailed(one.kind, one.state, one.sent_at or one.queued_at)


def _names() -> dict[UUID, str]:
    found = db.session.execute(select(User.id, User.display_name))
    return {row.id: row.display_name for row in found}


def _day(row: Enquiry) -> datetime:
    if row.published_at is None:
        raise NotThere
    return row.published_at
