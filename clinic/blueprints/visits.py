"""The day at a place: who comes, who is here, what was done, who did not come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString
from werkzeug.wrappers import Response

from clinic.access import Permission
from clinic.booking import calendar
from clinic.booking.lifecycle import NoSuchMove
from clinic.forms import CorrectionForm, DayForm, Envelope, FinishForm, RecordForm
from clinic.queries import requests, slots
from clinic.queries import visits as days
from clinic.queries.visits import Visit
from clinic.screening import regions
from clinic.services import own_words, reading, visits
from clinic.services.needling import NotCleared
from clinic.services.transaction import ChangedUnderneath
from clinic.services.triage import UrgentOpen
from clinic.web import desk_words, filters, guards, words

blueprint = Blueprint("visits", __name__, url_prefix="/staff/visits")
Answer = str | tuple[str, int] | Response
REFUSED = (ChangedUnderneath, NoSuchMove, NotCleared, UrgentOpen)
_AS_IT_STANDS = lazy_gettext("This cannot be done with the visit as it stands now.")
A_DAY = timedelta(days=1)


@blueprint.get("/")
@guards.staff(Permission.OFFER)
def day() -> str:
    """Show the visits of a day at a place."""
    on = _date(request.args.get("on", ""))
    stays_today = on == _date(request.args.get("today", ""))  # at a place with another clock too
    wish = days.day(
        guards.actor(),
        place_id=_uuid(request.args.get("place", "")),
        on=None if stays_today else on,
        now=guards.now(),
    )
    given = {"place": str(wish.place_id), "on": wish.on.isoformat()}
    form = DayForm(data={**given, "today": wish.today.isoformat()})
    form.place.choices = [(str(one.id), one.name) for one in slots.places(guards.actor())]
    return render_template(
        "visits/day.html",
        day=wish,
        form=form,
        before=_address(wish.place_id, wish.on - A_DAY),
        after=_address(wish.place_id, wish.on + A_DAY),
        states=words.APPOINTMENT,
        kinds=desk_words.KINDS,
        spoken_day=calendar.spoken_day,
        spoken_time=calendar.spoken_time,
    )


@blueprint.post("/<uuid:appointment_id>/arrive")
@guards.staff(Permission.OFFER)
def arrive(appointment_id: UUID) -> Answer:
    """Note that the patient is here."""
    return _mark(appointment_id, visits.arrive, _("Arrived."))


@blueprint.post("/<uuid:appointment_id>/undo-arrive")
@guards.staff(Permission.OFFER)
def undo_arrival(appointment_id: UUID) -> Answer:
    """Take back that the patient is here."""
    return _mark(appointment_id, visits.undo_arrival, _("Not arrived after all."))


@blueprint.post("/<uuid:appointment_id>/miss")
@guards.staff(Permission.OFFER)
def miss(appointment_id: UUID) -> Answer:
    """Note that the patient did not come."""
    return _mark(
        appointment_id, visits.miss, _("Noted: did not come. The request is in “Call today”.")
    )


@blueprint.post("/<uuid:appointment_id>/undo-miss")
@guards.staff(Permission.OFFER)
def undo_miss(appointment_id: UUID) -> Answer:
    """Take back that the patient did not come."""
    return _mark(appointment_id, visits.undo_miss, _("Not missed after all."))


@blueprint.get("/<uuid:appointment_id>/finish")
@guards.staff(Permission.OFFER)
def finish_page(appointment_id: UUID) -> Answer:
    """Ask what was done and what comes next."""
    visit = _visit(appointment_id)
    if "finish" not in visit.row.can:
        return _refused(visit, _AS_IT_STANDS)
    return _record_page(visit, _record_form(FinishForm, visit, formdata=None))


@blueprint.post("/<uuid:appointment_id>/finish")
@guards.staff(Permission.OFFER)
def finish(appointment_id: UUID) -> Answer:
    """Note what was done and what comes next."""
    visit = _visit(appointment_id)
    form = _record_form(FinishForm, visit)
    if not form.validate():
        return _record_page(visit, form), 422
    return _record(
        visit,
        visits.finish,
        form,
        _("The visit is on record."),
        more=form.after.data == "more",
    )


@blueprint.get("/<uuid:appointment_id>/correct")
@guards.staff(Permission.DECIDE)
def correct_page(appointment_id: UUID) -> Answer:
    """Show what is on record, to be corrected."""
    visit = _visit(appointment_id)
    if "correct" not in visit.row.can:
        return _refused(visit, _AS_IT_STANDS)
    known = {"needled": "yes" if visit.needled else "no", "regions": list(visit.regions)}
    return _record_page(visit, _record_form(CorrectionForm, visit, formdata=None, data=known))


@blueprint.post("/<uuid:appointment_id>/correct")
@guards.staff(Permission.DECIDE)
def correct(appointment_id: UUID) -> Answer:
    """Correct what is on record, saying why."""
    visit = _visit(appointment_id)
    form = _record_form(CorrectionForm, visit)
    if not form.validate():
        return _record_page(visit, form), 422
    said = _("The record is corrected.")
    return _record(visit, visits.correct, form, said, reason=form.reason.data)


@blueprint.get("/words/<reference>")
@guards.staff(Permission.SEE_HISTORY)
def patient_words(reference: str) -> str:
    """Show what the patient wrote about times and visits; the trail says who read it."""
    actor = guards.actor()
    page = requests.page(actor, reference)
    reading.open_history(actor, guards.now(), page.id, sections=["own words"])
    return render_template(
        "visits/words.html", page=page, written=list(own_words.read(actor, page.id))
    )


def _mark(appointment_id: UUID, act: Callable[..., object], said: str) -> Answer:
    seen = Envelope().seen_version
    try:
        act(guards.actor(), guards.now(), appointment_id, seen=seen)
    except REFUSED as refused:
        return _refused(_visit(appointment_id), _why(refused))
    flash(said, "success")
    return _back(appointment_id)


def _record(
    visit: Visit, act: Callable[..., object], form: RecordForm, said: str, **given: object
) -> Answer:
    needled = form.needled.data == "yes"
    try:
        act(
            guards.actor(),
            guards.now(),
            visit.row.id,
            needled=needled,
            regions=form.regions.data if needled else (),
            seen=form.seen_version,
            **given,
        )
    except REFUSED as refused:
        return _record_page(_visit(visit.row.id), form, refused=_why(refused)), 409
    flash(said, "success")
    return _back(visit.row.id)


def _refused(visit: Visit, why: str | LazyString) -> Answer:
    text = render_template(
        "visits/refused.html",
        visit=visit,
        why=why,
        state=words.APPOINTMENT[visit.row.state],
        back=_address_of(visit),
    )
    return text, 409


def _why(refused: Exception) -> str:
    if isinstance(refused, NotCleared):
        return str(desk_words.NOT_CLEARED[refused.reason])
    if isinstance(refused, UrgentOpen):
        return str(desk_words.NOT_CLEARED["urgent_open"])
    if isinstance(refused, ChangedUnderneath):
        return str(_("Somebody else changed this visit meanwhile. See how it stands now."))
    return str(_AS_IT_STANDS)


def _record_page(visit: Visit, form: RecordForm, *, refused: str = "") -> str:
    return render_template(
        "visits/record.html",
        visit=visit,
        form=form,
        corrects=isinstance(form, CorrectionForm),
        needles=visit.row.kind == "needling",
        seen=visit.row.version if refused else form.seen.data or visit.row.version,
        refused=refused,
        state=words.APPOINTMENT[visit.row.state],
        kinds=desk_words.KINDS,
        on_record=[regions.label(one, filters.language()) for one in visit.regions],
        back=_address_of(visit),
    )


def _record_form(kind: type[RecordForm], visit: Visit, **given: object) -> RecordForm:
    form = kind(**given)
    offered: tuple[str, ...] = ()
    if visit.row.kind == "needling" and guards.actor().may(Permission.DECIDE):
        offered = days.choices(guards.actor(), visit)
    form.regions.choices = [(one, regions.label(one, filters.language())) for one in offered]
    return form


def _visit(appointment_id: UUID) -> Visit:
    return days.one(guards.actor(), appointment_id, now=guards.now())


def _back(appointment_id: UUID) -> Response:
    return redirect(_address_of(_visit(appointment_id)), 303)


def _address_of(visit: Visit) -> str:
    return _address(visit.place_id, visit.on)


def _address(place_id: UUID, on: date) -> str:
    return url_for("visits.day", place=place_id, on=on.isoformat())


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 2200 else None
