"""Times: offer up to three, take the answer on the phone, move or cancel a visit."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.access import NotThere, Permission
from clinic.blueprints import conflicts
from clinic.booking import calendar
from clinic.booking.calendar import Slot
from clinic.forms import CancelForm, Envelope, OfferForm, SlotForm, WhereForm
from clinic.queries import requests, slots
from clinic.queries.requests import RequestPage, Visit
from clinic.queries.slots import Day, Person, Place
from clinic.services import moving, offering
from clinic.services.holding import SlotTaken
from clinic.web import desk_words, guards

blueprint = Blueprint("offers", __name__, url_prefix="/staff/requests/<reference>")
conflicts.answer_on(blueprint)
Answer = str | tuple[str, int] | Response
STEP = slots.DAYS
FURTHEST = timedelta(days=366)


@dataclass(frozen=True)
class Where:
    """What is looked for: with whom, at which place, which kind of visit, from which day on."""

    therapist: Person
    place: Place
    kind: str
    first: date


@blueprint.get("/offer")
@guards.staff(Permission.OFFER)
def choose(reference: str) -> Answer:
    """List the free times for an offer."""
    return _times(reference, None)


@blueprint.post("/offer")
@guards.staff(Permission.OFFER)
def offer(reference: str) -> Answer:
    """Offer one to three times to the patient."""
    form = OfferForm()
    where = _where(reference, form.therapist.data, form.location.data, form.kind.data)
    chosen = _chosen(form, where)
    if not chosen:
        return _times(reference, None, form), 422
    offering.offer(
        guards.actor(),
        guards.now(),
        requests.find(guards.actor(), reference),
        therapist_id=where.therapist.id,
        location_id=where.place.id,
        starts_at=chosen[0],
        or_at=chosen[1:],
        visit_kind=where.kind,
        seen=form.seen_version,
        key=form.key,
        take_over=form.takes_over,
    )
    said = ngettext(
        "The time is held and offered.", "%(num)d times are held and offered.", len(chosen)
    )
    return _back(reference, said)


@blueprint.post("/offers/<uuid:offer_id>/accept/<uuid:appointment_id>")
@guards.staff(Permission.OFFER)
def accept(reference: str, offer_id: UUID, appointment_id: UUID) -> Answer:
    """Take one of the offered times for a patient on the phone."""
    page = _offered(reference, offer_id)
    if not any(one.id == appointment_id and one.offer_id == offer_id for one in page.visits):
        raise NotThere
    return _act(reference, offering.accept, offer_id, _told(page), appointment_id=appointment_id)


@blueprint.post("/offers/<uuid:offer_id>/decline")
@guards.staff(Permission.OFFER)
def decline(reference: str, offer_id: UUID) -> Answer:
    """Note that the patient turned the offer down on the phone."""
    _offered(reference, offer_id)
    return _act(reference, offering.decline, offer_id, _("The offer is turned down."))


@blueprint.post("/offers/<uuid:offer_id>/withdraw")
@guards.staff(Permission.OFFER)
def withdraw(reference: str, offer_id: UUID) -> Answer:
    """Take an offer back."""
    _offered(reference, offer_id)
    return _act(reference, offering.withdraw, offer_id, _("The offer is taken back."))


@blueprint.get("/appointments/<uuid:appointment_id>/cancel")
@guards.staff(Permission.OFFER)
def choose_cancel(reference: str, appointment_id: UUID) -> Answer:
    """Ask once, and why, before a visit is cancelled."""
    return _cancelling(reference, appointment_id, _cancel_form(formdata=None))


@blueprint.post("/appointments/<uuid:appointment_id>/cancel")
@guards.staff(Permission.OFFER)
def cancel(reference: str, appointment_id: UUID) -> Answer:
    """Cancel a visit."""
    visit, form = _visit(reference, appointment_id), _cancel_form()
    if not form.validate():
        return _cancelling(reference, appointment_id, form), 422
    said = _("The visit is cancelled.")
    if not _writes_to(requests.page(guards.actor(), reference)):
        said = _("The visit is cancelled. There is no email: call the patient.")
    return _act(reference, moving.cancel, visit.id, said, reason=form.reason.data)


@blueprint.get("/appointments/<uuid:appointment_id>/move")
@guards.staff(Permission.OFFER)
def choose_move(reference: str, appointment_id: UUID) -> Answer:
    """List the free times to move a visit to."""
    return _times(reference, _visit(reference, appointment_id))


@blueprint.post("/appointments/<uuid:appointment_id>/move")
@guards.staff(Permission.OFFER)
def move(reference: str, appointment_id: UUID) -> Answer:
    """Give a visit another time, therapist, place or kind."""
    visit, form = _visit(reference, appointment_id), SlotForm()
    where = _where(reference, form.therapist.data, form.location.data, form.kind.data)
    chosen = _chosen(form, where)
    if not chosen:
        return _times(reference, visit, form), 422
    moving.move(
        guards.actor(),
        guards.now(),
        visit.id,
        therapist_id=where.therapist.id,
        location_id=where.place.id,
        starts_at=chosen[0],
        visit_kind=where.kind,
        seen=form.seen_version,
        key=form.key,
        take_over=form.takes_over,
    )
    said = _("The visit is moved and confirmed by letter.")
    if not _writes_to(requests.page(guards.actor(), reference)):
        said = _("The visit is moved. There is no email: say the day and time on the phone.")
    return _back(reference, said)


def _act(
    reference: str, act: Callable[..., object], subject: UUID, said: str, **given: object
) -> Response:
    envelope = Envelope()
    act(
        guards.actor(),
        guards.now(),
        subject,
        seen=envelope.seen_version,
        take_over=envelope.takes_over,
        **given,
    )
    return _back(reference, said)


def _back(reference: str, said: str) -> Response:
    flash(said, "success")
    return redirect(url_for("desk.request_page", reference=reference), 303)


def _offered(reference: str, offer_id: UUID) -> RequestPage:
    """Return the request that this offer was made for, or raise NotThere."""
    page = requests.page(guards.actor(), reference)
    if not any(one.offer_id == offer_id for one in page.visits):
        raise NotThere
    return page


def _told(page: RequestPage) -> str:
    """Say how the patient hears of a booking: by letter, or on the phone alone."""
    if _writes_to(page):
        return str(_("The visit is booked and confirmed by letter."))
    return str(_("The visit is booked. There is no email: say the day and time on the phone."))


def _writes_to(page: RequestPage) -> bool:
    """Whether letters go to this patient at all."""
    return page.contact is not None and bool(page.contact.email)


def _visit(reference: str, appointment_id: UUID) -> Visit:
    page = requests.page(guards.actor(), reference)
    found = next((one for one in page.visits if one.id == appointment_id), None)
    if found is None:
        raise NotThere
    return found


# --- Finding a time --------------------------------------------------------------------------


def _times(reference: str, moved: Visit | None, form: SlotForm | OfferForm | None = None) -> str:
    page = requests.page(guards.actor(), reference)
    given = form.data if form else {}
    where = _where(
        reference,
        given.get("therapist") or request.args.get("therapist", ""),
        given.get("location") or request.args.get("location", ""),
        given.get("kind") or request.args.get("kind", moved.kind if moved else ""),
    )
    refusal = _refusal(page, where)
    days = () if refusal else _days(page, where)
    return render_template(
        "desk/times.html",
        page=page,
        moved=moved,
        where=where,
        form=form or (SlotForm if moved else OfferForm)(formdata=None),
        where_form=_where_form(where),
        seen=form.seen.data if form else (moved.version if moved else page.version),
        key=(form.key if form else "") or secrets.token_urlsafe(18),
        days=days,
        picked={day.on for day in days for slot in day.slots if _is_chosen(slot, form)},
        refusal=refusal,
        later=(where.first + timedelta(days=STEP)).isoformat(),
        earlier=(where.first - timedelta(days=STEP)).isoformat(),
        today=calendar.visit_on(guards.now(), where.place.zone),
        written_day=lambda one: format_date(one, format="long"),
        spoken_day=calendar.spoken_day,
        spoken_time=calendar.spoken_time,
        kinds=desk_words.KINDS,
        action=request.path,
    )


def _is_chosen(slot: Slot, form: SlotForm | OfferForm | None) -> bool:
    if form is None:
        return False
    chosen = form.starts.data if isinstance(form, OfferForm) else [form.starts.data]
    return slot.starts_at.isoformat() in (chosen or ())


def _refusal(page: RequestPage, where: Where) -> str:
    if page.urgent:
        return str(desk_words.NOT_CLEARED["urgent_open"])
    if where.kind != "needling":
        return ""
    if where.place.needling_law == "prohibited":
        return str(desk_words.NOT_CLEARED["prohibited_here"])
    return "" if page.clearance else str(desk_words.NOT_CLEARED["not_cleared"])


def _days(page: RequestPage, where: Where) -> tuple[Day, ...]:
    found = _free(where)
    limits = page.clearance
    if where.kind != "needling" or limits is None:
        return found
    return tuple(day for day in found if limits.valid_from <= day.on <= limits.valid_until)


def _free(where: Where) -> tuple[Day, ...]:
    return slots.free(
        guards.actor(),
        location_id=where.place.id,
        therapist_id=where.therapist.id,
        first_day=where.first,
        days=STEP,
        now=guards.now(),
    )[1]


def _where(reference: str, therapist: str | None, place: str | None, kind: str | None) -> Where:
    """Read what is looked for; begin where the request belongs, else where hours are posted."""
    actor, page = guards.actor(), requests.page(guards.actor(), reference)
    places, people = slots.places(actor), slots.therapists(actor)
    if not places or not people:
        raise NotThere
    usual = "needling" if page.clearance else "no_needles"
    asked_kind = kind if kind and kind in desk_words.KINDS else usual
    posted = [one for one in slots.hours(actor) if _may_be(asked_kind, one.place)]
    wanted = place or str(page.location_id or "")
    at = next((one for one in places if str(one.id) == wanted), None)
    at = at or (posted[0].place if posted else places[0])
    there = [one.therapist for one in posted if one.place.id == at.id]
    who = next((one for one in people if str(one.id) == therapist), None)
    who = who or next((one for one in there if one in people), people[0])
    today = calendar.visit_on(guards.now(), at.zone)
    asked = _day_of(request.args.get("from", "")) or today
    first = min(max(asked, today), today + FURTHEST)
    return Where(who, at, asked_kind, first)


def _may_be(kind: str, place: Place) -> bool:
    return kind != "needling" or place.needling_law != "prohibited"


def _day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _where_form(where: Where) -> WhereForm:
    actor = guards.actor()
    form = WhereForm(
        data={
            "therapist": str(where.therapist.id),
            "location": str(where.place.id),
            "kind": where.kind,
            "first": where.first.isoformat(),
        }
    )
    form.therapist.choices = [(str(one.id), one.name) for one in slots.therapists(actor)]
    form.location.choices = [(str(one.id), one.name) for one in slots.places(actor)]
    form.kind.choices = [(key, str(label)) for key, label in desk_words.KINDS.items()]
    return form


def _chosen(form: SlotForm | OfferForm, where: Where) -> list[datetime]:
    """Read the chosen times; none if they cannot be, SlotTaken if one is not free any more."""
    if not form.validate():
        return []
    named = (form.starts.data or []) if isinstance(form, OfferForm) else [form.starts.data]
    try:
        chosen = sorted(datetime.fromisoformat(one) for one in named)
        days = [calendar.visit_on(one, where.place.zone) for one in chosen]
    except (ValueError, OverflowError):
        form.starts.errors = [_("Choose a time from the list")]
        return []
    for starts_at, day in zip(chosen, days, strict=True):
        asked = Where(where.therapist, where.place, where.kind, day)
        if not any(slot.starts_at == starts_at for one in _free(asked) for slot in one.slots):
            raise SlotTaken
    if slots.overlap(chosen):
        form.starts.errors = [_("Choose times that do not overlap")]
        return []
    return chosen


def _cancelling(reference: str, appointment_id: UUID, form: CancelForm) -> str:
    page, visit = requests.page(guards.actor(), reference), _visit(reference, appointment_id)
    return render_template(
        "desk/cancel.html",
        page=page,
        visit=visit,
        form=form,
        seen=form.seen.data or visit.version,
        kinds=desk_words.KINDS,
    )


def _cancel_form(**given: object) -> CancelForm:
    form = CancelForm(**given)
    form.reason.choices = [(code, str(desk_words.BECAUSE[code])) for code in moving.REASONS]
    return form
