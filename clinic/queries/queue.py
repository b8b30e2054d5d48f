"""The front desk's queue: who is next and why, in folders, with counts, a page at a time.

Rows name people, wanted regions and what to do; never an answer, a condition or a finding.
Names are sealed, so a search by name opens those of open requests one by one, in memory.
"""

from __future__ import annotations

import binascii
import hashlib
import json
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    false,
    func,
    not_,
    or_,
    select,
    true,
)

from clinic import contact
from clinic.access import Actor, Permission
from clinic.booking import lifecycle
from clinic.extensions import db, vault
from clinic.models import Appointment, Letter, Location, Offer, Request, User
from clinic.queries import returns

PAGE = 25
LONGEST_SEARCH = 200
ALL, CLOSED = "open", "closed"
FOLDERS = (
    ALL,
    "unassigned",
    "mine",
    "call_today",
    "review",
    "ready",
    "waiting",
    "back",
    "letters",
    "offered",
    "booked",
    CLOSED,
)
ACTIONS = (
    "call_today",
    "letter",
    "review",
    "back",
    "tell",
    "offer",
    "no_needles",
    "doctor",
    "ask",
    "answer",
    "none",
)
IDLE = ("answer", "none")  # nothing for the clinic to do now


@dataclass(frozen=True)
class Wish:
    """What the address of the queue asks for; every part may be left out."""

    folder: str = ALL
    language: str = ""
    action: str = ""
    location: UUID | None = None
    search: str = ""
    cursor: str = ""


@dataclass(frozen=True)
class Row:
    """One request as the queue shows it; name and regions are none for who may not see them."""

    id: UUID
    reference: str
    version: int
    name: str | None
    regions: tuple[str, ...]
    action: str
    urgent: bool
    desk_state: str
    clinical_state: str
    appointment_state: str | None
    language: str
    sent_at: datetime
    back: bool
    back_why: str
    claimed_by: str | None
    mine: bool


@dataclass(frozen=True)
class Page:
    """One page of the queue, with the cursors of its neighbours."""

    rows: tuple[Row, ...]
    next: str | None
    previous: str | None


@dataclass(frozen=True)
class Counts:
    """How many requests each folder holds, and a mark that changes when any of them does."""

    folders: dict[str, int]
    version: str


def page(actor: Actor, wish: Wish) -> Page:
    """Return one page: urgent first, then the oldest (of closed ones the newest).

    Among all open ones those with nothing to do now come after the others.
    """
    actor.require(Permission.SEE_QUEUE)
    spot = _read_cursor(wish.cursor)
    backwards = spot is not None and spot.backwards
    query = _narrowed(actor, wish)
    if spot is not None:
        query = query.where(_beyond(wish, spot))
    query = query.order_by(*_order(wish, reverse=backwards))
    found = _found(actor, wish, query)
    more, found = len(found) > PAGE, found[:PAGE]
    if backwards:
        found.reverse()
    rows = _rows(actor, found)
    further, earlier = (True, more) if backwards else (more, spot is not None)
    return Page(
        rows,
        next=_cursor(rows[-1], backwards=False) if rows and further else None,
        previous=_cursor(rows[0], backwards=True) if rows and earlier else None,
    )


def counts(actor: Actor) -> Counts:
    """Count every folder in one go."""
    actor.require(Permission.SEE_QUEUE)
    numbers = [func.count().filter(_folder(name, actor)) for name in FOLDERS]
    changes = func.coalesce(func.sum(Request.version), 0)
    row = db.session.execute(
        select(*numbers, changes).select_from(Request).where(Request.desk_state != "draft")
    ).one()
    folders = dict(zip(FOLDERS, row[:-1], strict=True))
    return Counts(folders, hashlib.sha256(json.dumps(list(row)).encode()).hexdigest()[:16])


def action_of(actor: Actor, request_id: UUID) -> str:
    """Say what a request asks of the clinic next, as an act that names no condition."""
    actor.require(Permission.SEE_QUEUE)
    query = select(_action()).where(Request.id == request_id)
    return str(db.session.scalars(query).one())


# --- Which ones ------------------------------------------------------------------------------


def _folder(name: str, actor: Actor) -> ColumnElement[bool]:
    is_open = Request.desk_state.in_(lifecycle.OPEN_DESK)
    to_call = or_(Request.urgent_open, Request.call_today.is_not(None))
    parts: dict[str, ColumnElement[bool]] = {
        ALL: is_open,
        "unassigned": and_(
            Request.claimed_by_id.is_(None),
            Request.desk_state.in_(("new", "in_contact", "ready_to_offer")),
        ),
        "mine": and_(is_open, Request.claimed_by_id == actor.id),
        "call_today": and_(is_open, to_call),
        "review": and_(is_open, Request.clinical_state == "needs_review"),
        "ready": Request.desk_state == "ready_to_offer",
        "waiting": Request.desk_state == "waiting",
        "back": and_(is_open, Request.back_since.is_not(None)),
        "letters": _letter_failed(),
        "offered": Request.desk_state == "offered",
        "booked": Request.desk_state == "booked",
        CLOSED: Request.desk_state == "closed",
    }
    return parts.get(name, is_open)


def _narrowed(actor: Actor, wish: Wish) -> Select[Request]:
    exact = _exactly(actor, wish.search)
    query = select(Request).where(Request.desk_state != "draft")
    if exact is None or wish.folder != ALL:
        query = query.where(_folder(wish.folder, actor))
    if exact is not None:
        query = query.where(exact)
    if wish.language:
        query = query.where(Request.language == wish.language)
    if wish.location is not None:
        query = query.where(Request.location_id == wish.location)
    return query.where(_asks_for(wish.action))


def _letter_failed() -> ColumnElement[bool]:
    failed = select(Letter.request_id).where(
        Letter.state == "failed", Letter.request_id.is_not(None)
    )
    return Request.id.in_(failed)  # few, read once by their state; not looked up for each request


def _offered_to_nobody_yet() -> ColumnElement[bool]:
    """Times are held, no letter can say so, and no call has reached the patient since."""
    since = select(Offer.made_at).where(Offer.request_id == Request.id, Offer.state == "open")
    made_at = since.correlate(Request).scalar_subquery()
    unheard = or_(Request.reached_at.is_(None), Request.reached_at < made_at)
    return and_(Request.desk_state == "offered", Request.email_digest.is_(None), unheard)


def _action() -> ColumnElement[str]:
    """What is to be done next: the one place that knows, for rows, filters and the order."""
    is_open = Request.desk_state.in_(lifecycle.OPEN_DESK)
    state, decided = Request.desk_state, Request.clinical_state
    asked = and_(decided == "more_information", not_(state.in_(("offered", "booked"))))
    return case(
        (and_(is_open, or_(Request.urgent_open, Request.call_today.is_not(None))), "call_today"),
        (_letter_failed(), "letter"),
        (not_(is_open), "none"),
        (decided == "needs_review", "review"),
        (Request.back_since.is_not(None), "back"),
        (_offered_to_nobody_yet(), "tell"),
        (and_(asked, Request.email_proved_at.is_(None)), "ask"),
        (asked, "answer"),
        (state.in_(("waiting", "offered", "booked")), "none"),
        (state == "ready_to_offer", "offer"),
        (decided.in_(lifecycle.NEEDLING_ALLOWED), "offer"),
        (decided.in_(("delayed", "no_needling")), "no_needles"),
        (decided == "referred", "doctor"),
        else_="none",
    )


def _asks_for(wanted: str) -> ColumnElement[bool]:
    return _action() == wanted if wanted in ACTIONS else true()


def _exactly(actor: Actor, search: str) -> ColumnElement[bool] | None:
    """Read a reference, phone or e-mail out of a search; None where it is none of these."""
    reference = contact.parse_reference(search)
    if reference is not None:
        return Request.reference == reference
    if not actor.may(Permission.SEE_CONTACT):
        return false() if search.strip() else None
    digests = (
        (contact.email_key, contact.UnfitEmail, "email", Request.email_digest),
        (contact.phone_key, contact.UnfitPhone, "phone", Request.phone_digest),
    )
    for key_of, unfit, purpose, column in digests:
        try:
            return column == vault.ring.digest(purpose, key_of(search))
        except unfit:
            continue
    return None


def _found(actor: Actor, wish: Wish, query: Select[Request]) -> list[Request]:
    """Load a page and one more, only those with the name searched for, if one is."""
    if len(wish.search) > LONGEST_SEARCH or "\0" in wish.search:
        return []
    words = fold(wish.search)
    if not words or _exactly(actor, wish.search) is not None:
        return list(db.session.scalars(query.limit(PAGE + 1)))
    ids = list(islice(_named_like(words, query), PAGE + 1))
    loaded = db.session.scalars(select(Request).where(Request.id.in_(ids)))
    by_id = {request.id: request for request in loaded}
    return [by_id[key] for key in ids]


def _named_like(words: str, query: Select[Request]) -> Iterator[UUID]:
    """Open the names in order until enough are found; nothing else is read or opened."""
    rows = db.session.execute(query.with_only_columns(Request.id, Request.name_sealed)).all()
    for row in rows:
        if words in fold(Request.name.__get__(row, Request) or ""):
            yield row.id


def fold(text: str) -> str:
    """Reduce a name to what a search compares: no case, no accents, single spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(mark for mark in plain if not unicodedata.combining(mark))
    return " ".join(kept.split())


# --- In which order --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Spot:
    urgent: bool
    idle: bool
    sent_at: datetime
    id: UUID
    backwards: bool


def _keys(wish: Wish) -> list[tuple[Any, str, bool]]:
    """Name what the queue is ordered by, its part of a spot, and whether the greatest comes first.

    The order is total: ids decide at last.
    """
    newest_first = wish.folder == CLOSED
    keys: list[tuple[Any, str, bool]] = [(Request.urgent_open, "urgent", True)]
    if wish.folder == ALL:
        keys.append((_action().in_(IDLE), "idle", False))
    return [*keys, (Request.sent_at, "sent_at", newest_first), (Request.id, "id", newest_first)]


def _order(wish: Wish, *, reverse: bool) -> tuple[Any, ...]:
    return tuple(
        key.desc() if greatest_first != reverse else key.asc()
        for key, _part, greatest_first in _keys(wish)
    )


def _beyond(wish: Wish, spot: _Spot) -> ColumnElement[bool]:
    further: ColumnElement[bool] = false()
    for key, part, greatest_first in reversed(_keys(wish)):
        value, downwards = getattr(spot, part), greatest_first != spot.backwards
        if isinstance(value, bool):
            same = key if value else not_(key)
            next_one = not_(same) if value is downwards else false()
        else:
            next_one, same = (key < value if downwards else key > value), key == value
        further = or_(next_one, and_(same, further))
    return further


def _cursor(row: Row, *, backwards: bool) -> str:
    idle = row.action in IDLE
    parts = [int(row.urgent), int(idle), row.sent_at.isoformat(), row.id.hex, int(backwards)]
    return urlsafe_b64encode(json.dumps(parts).encode()).decode("ascii").rstrip("=")


def _read_cursor(text: str) -> _Spot | None:
    """Read a cursor; one that was cut or made up begins at the beginning."""
    if not text or len(text) > LONGEST_SEARCH:
        return None
    try:
        urgent, idle, sent_at, key, backwards = json.loads(
            urlsafe_b64decode(text + "=" * (-len(text) % 4))
        )
        moment = datetime.fromisoformat(sent_at)
        spot = _Spot(bool(urgent), bool(idle), moment, UUID(key), bool(backwards))
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError):
        return None
    return spot if moment.tzinfo is not None else None


# --- As rows ---------------------------------------------------------------------------------


def _rows(actor: Actor, found: Sequence[Request]) -> tuple[Row, ...]:
    names = _names(request.claimed_by_id for request in found)
    ids = [request.id for request in found]
    visits, actions = _visits(ids), _actions(ids)
    why = returns.why(request.id for request in found if request.back_since is not None)
    return tuple(
        _row(actor, one, names, visits, action=actions[one.id], back_why=why.get(one.id, ""))
        for one in found
    )


def _actions(ids: Sequence[UUID]) -> dict[UUID, str]:
    query = select(Request.id, _action().label("asked")).where(Request.id.in_(ids))
    return {row.id: row.asked for row in db.session.execute(query)}


def _row(
    actor: Actor,
    request: Request,
    names: dict[UUID, str],
    visits: dict[UUID, str],
    *,
    action: str,
    back_why: str,
) -> Row:
    sees = actor.may(Permission.SEE_CONTACT)
    holder = request.claimed_by_id
    return Row(
        id=request.id,
        reference=request.reference,
        version=request.version,
        name=(request.name or "") if sees else None,
        regions=tuple(request.regions or ()) if sees else (),
        action=action,
        urgent=request.urgent_open,
        desk_state=request.desk_state,
        clinical_state=request.clinical_state,
        appointment_state=visits.get(request.id),
        language=request.language,
        sent_at=request.sent_at or request.created_at,
        back=request.back_since is not None,
        back_why=back_why,
        claimed_by=names.get(holder) if holder else None,
        mine=holder is not None and holder == actor.id,
    )


def _names(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    query = select(User.id, User.display_name).where(User.id.in_(wanted))
    return {row.id: row.display_name for row in db.session.execute(query)}


def _visits(ids: Sequence[UUID]) -> dict[UUID, str]:
    """Give the state of each request's newest visit that still holds its time."""
    if not ids:
        return {}
    query = (
        select(Appointment.request_id, Appointment.state)
        .where(Appointment.request_id.in_(ids), Appointment.state.in_(lifecycle.HOLDING))
        .order_by(Appointment.starts_at, Appointment.id)
    )
    return {row.request_id: row.state for row in db.session.execute(query)}


def places(actor: Actor) -> list[tuple[UUID, str]]:
    """List the clinic's locations for the filter."""
    actor.require(Permission.SEE_QUEUE)
    query = select(Location.id, Location.name).order_by(Location.name, Location.id)
    return [(key, name) for key, name in db.session.execute(query)]
