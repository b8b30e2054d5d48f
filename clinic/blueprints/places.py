"""The clinic's locations as an admin keeps them: the clock, the law, the opening hours."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import format_time, ngettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.access import Permission
from clinic.booking.calendar import UnfitTime
from clinic.booking.place import LAWS, Particulars
from clinic.forms import OpeningForm, PlaceForm, PlainForm
from clinic.queries import places as kept
from clinic.queries.places import Place
from clinic.services import availability, places
from clinic.services.places import HoursOverlap, VisitsPlanned
from clinic.services.transaction import ChangedUnderneath
from clinic.web import desk_words, guards

blueprint = Blueprint("places", __name__, url_prefix="/staff/settings/places")
Answer = str | tuple[str, int] | Response


@blueprint.get("")
@guards.staff(Permission.MANAGE_SETTINGS)
def listing() -> str:
    """List the locations."""
    found = kept.every(guards.actor())
    return render_template("settings/places.html", places=found, laws=desk_words.LAWS)


@blueprint.route("/new", methods=["GET", "POST"])
@guards.staff(Permission.MANAGE_SETTINGS)
def new() -> Answer:
    """Add a location."""
    form = _form()
    if not form.validate_on_submit():
        return _page(form), 422 if form.errors else 200
    given = {name: value for name, value in _values(form).items() if name != "active"}
    place_id = availability.add_location(guards.actor(), guards.now(), given.pop("name"), **given)
    flash(_("The location is added. Say when it is open."), "success")
    return redirect(url_for("places.one", place_id=place_id), 303)


@blueprint.route("/<uuid:place_id>", methods=["GET", "POST"])
@guards.staff(Permission.MANAGE_SETTINGS)
def one(place_id: UUID) -> Answer:
    """Show and change a location."""
    place = kept.one(guards.actor(), place_id)
    form = _form(place)
    if not form.validate_on_submit():
        return _page(form, place), 422 if form.errors else 200
    given = Particulars(**_values(form))
    try:
        forbidden = places.change(
            guards.actor(), guards.now(), place_id, given, seen=form.seen_version
        )
    except ChangedUnderneath:
        return _page(form, place, stale=True), 409
    except VisitsPlanned:
        form.refuse(
            "zone", _("Visits are planned here by the present clock. Move or cancel them first")
        )
        return _page(form, place), 422
    flash(_("The location is saved."), "success")
    if forbidden:
        said = ngettext(
            "%(num)d planned visit with needles cannot go ahead. The request is in Call today.",
            "%(num)d planned visits with needles cannot go ahead. The requests are in Call today.",
            forbidden,
        )
        flash(said, "warning")
    return redirect(url_for("places.one", place_id=place_id), 303)


@blueprint.post("/<uuid:place_id>/hours")
@guards.staff(Permission.MANAGE_SETTINGS)
def add_hours(place_id: UUID) -> Answer:
    """Say when a location is open."""
    place, form = kept.one(guards.actor(), place_id), _opening()
    opens, closes = form.opens.data, form.closes.data
    if not form.validate() or opens is None or closes is None:
        return _page(_form(place, blank=True), place, opening=form), 422
    try:
        places.open_hours(
            guards.actor(),
            guards.now(),
            place_id,
            weekdays=tuple(form.weekdays.data or ()),
            opens=opens,
            closes=closes,
        )
    except UnfitTime:
        form.closes.errors = [_("The second time must be later than the first")]
    except HoursOverlap:
        form.opens.errors = [_("It is open at these hours already, on one of these days")]
    else:
        flash(_("The opening hours are saved."), "success")
        return redirect(url_for("places.one", place_id=place_id), 303)
    return _page(_form(place, blank=True), place, opening=form), 422


@blueprint.post("/hours/<uuid:hours_id>/remove")
@guards.staff(Permission.MANAGE_SETTINGS)
def remove_hours(hours_id: UUID) -> Answer:
    """Take opening hours off."""
    if not PlainForm().validate_on_submit():
        return redirect(url_for("places.listing"), 303)
    place_id = places.close_hours(guards.actor(), guards.now(), hours_id)
    flash(_("The opening hours are removed."), "success")
    return redirect(url_for("places.one", place_id=place_id), 303)


def _page(
    form: PlaceForm,
    place: Place | None = None,
    *,
    opening: OpeningForm | None = None,
    stale: bool = False,
) -> str:
    return render_template(
        "settings/place.html",
        form=form,
        place=place,
        opening=opening or _opening(blank=True),
        failed=opening or form,
        stale=stale,
        stored=_stored(place) if place and stale else [],
        weekdays=desk_words.WEEKDAYS,
        clock=lambda moment: format_time(moment, format="short", rebase=False),
    )


def _stored(place: Place) -> list[tuple[str, str]]:
    form = _form(place, blank=True)
    named = [
        (form[item.name].label.text, getattr(place.given, item.name))
        for item in fields(Particulars)
    ]
    return [(str(label), str(value)) for label, value in named if value not in (None, "")]


def _form(place: Place | None = None, *, blank: bool = False) -> PlaceForm:
    given: dict[str, Any] = {}
    if place:
        phone = desk_words.phone(place.given.phone) if place.given.phone else ""
        given["data"] = {**vars(place.given), "phone": phone}
    form = PlaceForm(**given, **({"formdata": None} if blank else {}))
    form.zone.choices = [(name, name.replace("_", " ")) for name in kept.zones()]
    if place and place.given.zone not in kept.zones():
        form.zone.choices.append((place.given.zone, place.given.zone))
    form.needling_law.choices = [(law, str(desk_words.LAWS[law].label)) for law in LAWS]
    if place is None and not form.zone.data:
        form.zone.data = "America/New_York"
    return form


def _opening(*, blank: bool = False) -> OpeningForm:
    form = OpeningForm(prefix="hours-", **({"formdata": None} if blank else {}))
    form.weekdays.choices = list(enumerate(map(str, desk_words.WEEKDAYS)))
    return form


def _values(form: PlaceForm) -> dict[str, Any]:
    found = {item.name: form[item.name].data for item in fields(Particulars)}
    return {
        name: value if value is not None or name.startswith("law_") else ""
        for name, value in found.items()
    }
