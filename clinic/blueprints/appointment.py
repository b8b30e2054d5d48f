"""A patient's own confirmed visit: into a calendar, cancelled, or asked to be moved."""

from __future__ import annotations

import secrets
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirection

from clinic.access import NotThere
from clinic.blueprints.status import TOO_LATE, late_page
from clinic.forms import WordsForm
from clinic.queries import status
from clinic.services import moving, visit_letters
from clinic.web import guards

blueprint = Blueprint("appointment", __name__, url_prefix="/status/visits/<uuid:appointment_id>")
Answer = str | Redirection | tuple[str | Redirection, int]


@blueprint.get("/appointment.ics")
@guards.status
def calendar(appointment_id: UUID) -> Response:
    """Give the visit as a calendar entry."""
    entry = visit_letters.calendar_file(guards.actor(), guards.now(), appointment_id)
    answer = Response(entry, mimetype="text/calendar")
    answer.headers["Content-Disposition"] = "attachment; filename=appointment.ics"
    return answer


@blueprint.get("/cancel")
@guards.status
def cancel_page(appointment_id: UUID) -> Answer:
    """Ask once before the visit is cancelled."""
    return _ask("cancel", appointment_id)


@blueprint.post("/cancel")
@guards.status
def cancel(appointment_id: UUID) -> Answer:
    """Cancel the visit."""
    form = WordsForm()
    if not form.validate():
        return _page("cancel", appointment_id, form), 422
    try:
        moving.cancel(
            guards.actor(),
            guards.now(),
            appointment_id,
            seen=form.seen_version,
            words=form.words.data or "",
        )
    except TOO_LATE as late:
        return late_page(late)
    flash(_("Your appointment is cancelled. We will call you about another time."), "success")
    return redirect(url_for("status.overview"), 303)


@blueprint.get("/move")
@guards.status
def move_page(appointment_id: UUID) -> Answer:
    """Ask which other time would fit."""
    return _ask("move", appointment_id)


@blueprint.post("/move")
@guards.status
def move(appointment_id: UUID) -> Answer:
    """Ask the clinic for another time; the visit stays as it is until then."""
    form = WordsForm()
    if not form.validate():
        return _page("move", appointment_id, form), 422
    try:
        moving.ask_to_move(
            guards.actor(),
            guards.now(),
            appointment_id,
            seen=form.seen_version,
            key=form.key,
            words=form.words.data or "",
        )
    except TOO_LATE as late:
        return late_page(late)
    flash(_("Thank you. We will call you about another time."), "success")
    return redirect(url_for("status.overview"), 303)


def _ask(act: str, appointment_id: UUID) -> Answer:
    """Show the question, or how things stand to whom comes back to it after the answer."""
    try:
        return _page(act, appointment_id, WordsForm(formdata=None))
    except NotThere:
        status.own_visit(guards.actor(), appointment_id)
        return redirect(url_for("status.overview"), 303)


def _page(act: str, appointment_id: UUID, form: WordsForm) -> str:
    reference, visit = status.visit(guards.actor(), appointment_id, guards.now())
    if not visit.may_change:
        raise NotThere
    return render_template(
        f"status/{act}.html",
        reference=reference,
        visit=visit,
        form=form,
        seen=form.seen.data or visit.version,
        key=form.key or secrets.token_urlsafe(18),
    )
