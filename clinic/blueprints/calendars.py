"""Where and when the clinic sees patients: places, weekly hours, days away."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import format_date, format_time
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.access import Actor, Permission
from clinic.booking.calendar import UnfitTime
from clinic.forms import ClosureForm, HoursForm
from clinic.queries import slots
from clinic.services import availability
from clinic.web import desk_words, guards

blueprint = Blueprint("calendars", __name__, url_prefix="/staff/calendar")
Answer = str | tuple[str, int] | Response
KEEPERS = (Permission.EDIT_OWN_CALENDAR, Permission.EDIT_CALENDARS)


@blueprint.get("/")
@guards.staff(Permission.SEE_CALENDAR)
def overview() -> str:
    """Show the places, the weekly hours and the days away."""
    return _page()


@blueprint.post("/hours")
@guards.either(*KEEPERS)
def add_hours() -> Answer:
    """Post weekly hours."""
    form = _hours_form()
    opens, closes = form.opens.data, form.closes.data
    if not form.validate() or opens is None or closes is None:
        return _page(hours=form), 422
    try:
        availability.add_hours(
            guards.actor(),
            guards.now(),
            UUID(form.therapist.data),
            location_id=UUID(form.location.data),
            weekday=form.weekday.data,
            opens=opens,
            closes=closes,
        )
    except UnfitTime:
        said = _("Choose times on the five-minute grid, the second later than the first")
        form.closes.errors = [said]
        return _page(hours=form), 422
    return _back(_("The hours are posted."))


@blueprint.post("/hours/<uuid:hours_id>/remove")
@guards.either(*KEEPERS)
def remove_hours(hours_id: UUID) -> Answer:
    """Take weekly hours back."""
    availability.remove_hours(guards.actor(), guards.now(), hours_id)
    return _back(_("The hours are removed. Visits that are booked stay."))


@blueprint.post("/closures")
@guards.either(*KEEPERS)
def add_closure() -> Answer:
    """Close a place, or a therapist's days."""
    form = _closure_form()
    if not form.validate():
        return _page(closure=form), 422
    kind, _sign, key = form.who.data.partition(":")
    try:
        availability.add_closure(
            guards.actor(),
            guards.now(),
            form.first.data,
            form.last.data,
            **({f"{kind}_id": UUID(key)} if key else {}),
        )
    except UnfitTime:
        form.last.errors = [_("The last day must not come before the first")]
        return _page(closure=form), 422
    return _back(_("The days are closed. Whoever has a time then is in “Call today”."))


@blueprint.post("/closures/<uuid:closure_id>/remove")
@guards.either(*KEEPERS)
def remove_closure(closure_id: UUID) -> Answer:
    """Open days again."""
    availability.remove_closure(guards.actor(), guards.now(), closure_id)
    return _back(_("The days are open again."))


def _back(said: str) -> Response:
    flash(said, "success")
    return redirect(url_for("calendars.overview"), 303)


def _page(*, hours: HoursForm | None = None, closure: ClosureForm | None = None) -> str:
    actor = guards.actor()
    return render_template(
        "desk/calendar.html",
        places=slots.places(actor),
        hours=slots.hours(actor),
        closures=slots.closures(actor, now=guards.now()),
        hours_form=hours or _hours_form(blank=True),
        closure_form=closure or _closure_form(blank=True),
        failed=hours or closure,
        edits_all=actor.may(Permission.EDIT_CALENDARS),
        edits_own=actor.may(Permission.EDIT_OWN_CALENDAR),
        laws=desk_words.LAWS,
        weekdays=desk_words.WEEKDAYS,
        clock=lambda moment: format_time(moment, format="short", rebase=False),
        day=lambda moment: format_date(moment, format="long"),
    )


def _hours_form(*, blank: bool = False) -> HoursForm:
    actor = guards.actor()
    form = HoursForm(prefix="hours-", **({"formdata": None} if blank else {}))
    form.therapist.choices = [(str(one.id), one.name) for one in _own(actor)]
    form.location.choices = [(str(one.id), one.name) for one in slots.places(actor)]
    form.weekday.choices = list(enumerate(map(str, desk_words.WEEKDAYS)))
    return form


def _closure_form(*, blank: bool = False) -> ClosureForm:
    actor = guards.actor()
    form = ClosureForm(prefix="closure-", **({"formdata": None} if blank else {}))
    form.who.choices = [(f"therapist:{one.id}", one.name) for one in _own(actor)]
    if actor.may(Permission.EDIT_CALENDARS):
        form.who.choices.append(("clinic", _("The whole clinic")))
        form.who.choices += [(f"location:{one.id}", one.name) for one in slots.places(actor)]
    return form


def _own(actor: Actor) -> list[slots.Person]:
    """List the therapists whose calendar this actor keeps."""
    people = slots.therapists(actor)
    if actor.may(Permission.EDIT_CALENDARS):
        return list(people)
    return [one for one in people if one.id == actor.id]
