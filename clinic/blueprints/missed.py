"""What the form missed, as therapists told it: the lead therapist's list."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.access import Permission
from clinic.forms import MissedAnswerForm, SeenForm
from clinic.queries import missed as notes
from clinic.queries import opening
from clinic.queries.missed import Missed
from clinic.services import missed, reading
from clinic.services.transaction import ChangedUnderneath
from clinic.web import guards

blueprint = Blueprint("missed", __name__, url_prefix="/staff/rules/missed")
Answer = str | tuple[str, int] | Response


@blueprint.get("")
@guards.staff(Permission.APPROVE_RULES)
def listing() -> str:
    """List the notes that wait, or those that are handled; the trail says whose were read."""
    handled = request.args.get("handled") == "yes"
    found = notes.every(guards.actor(), handled=handled)
    for one in dict.fromkeys(note.request_id for note in found):
        reading.open_history(guards.actor(), guards.now(), one, sections=["missed"])
    return render_template(
        "rulesets/missed.html",
        found=found,
        handled=handled,
        waiting=len(notes.every(guards.actor(), handled=False)),
        zone=opening.zone(),
    )


@blueprint.route("/<uuid:note_id>", methods=["GET", "POST"])
@guards.staff(Permission.APPROVE_RULES)
def answer(note_id: UUID) -> Answer:
    """Show one note, and answer it."""
    note = notes.one(guards.actor(), note_id)
    form = MissedAnswerForm(data={"seen": note.seen, "answer": note.answer})
    if not form.validate_on_submit():
        return _page(note, form), 422 if form.errors else 200
    try:
        missed.answer(
            guards.actor(),
            guards.now(),
            note_id,
            words=form.answer.data or "",
            seen=form.seen_version,
        )
    except ChangedUnderneath:
        form.seen.data = note.seen
        return _page(note, form, stale=True), 409
    flash(_("The note is answered."), "success")
    return redirect(url_for("missed.listing"), 303)


@blueprint.post("/<uuid:note_id>/again")
@guards.staff(Permission.APPROVE_RULES)
def take_up_again(note_id: UUID) -> Answer:
    """Put a handled note back on the list."""
    form = SeenForm()
    if form.validate_on_submit():
        missed.take_up_again(guards.actor(), guards.now(), note_id, seen=form.seen_version)
        flash(_("The note is on the list again."), "success")
    return redirect(url_for("missed.answer", note_id=note_id), 303)


def _page(note: Missed, form: MissedAnswerForm, *, stale: bool = False) -> str:
    reading.open_history(guards.actor(), guards.now(), note.request_id, sections=["missed"])
    return render_template(
        "rulesets/missed_note.html", note=note, form=form, stale=stale, zone=opening.zone()
    )
