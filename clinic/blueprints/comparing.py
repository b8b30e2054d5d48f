"""What changed in a history: its newest version beside an earlier one, for a therapist."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask import request as web

from clinic.access import Permission
from clinic.queries import comparisons, histories
from clinic.services import reading
from clinic.web import guards, therapist_words, words

blueprint = Blueprint("comparing", __name__, url_prefix="/staff/review")
SECTIONS = ("findings", "answers")


@blueprint.get("/<reference>/changes")
@guards.staff(Permission.SEE_HISTORY)
def changes(reference: str) -> str:
    """Show what is new, gone and different since an earlier version."""
    actor, now = guards.actor(), guards.now()
    request_id = histories.request_id_of(actor, reference)
    reading.open_history(actor, now, request_id, sections=SECTIONS)
    found = comparisons.newest(actor, reference, choice=web.args.get("with", ""))
    return render_template(
        "comparing/page.html",
        reference=reference,
        compared=found,
        now=now,
        words=words,
        day=therapist_words.day,
        places=therapist_words.places,
    )
