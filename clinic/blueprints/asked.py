"""The patient answers the few questions that a therapist asked again, on one page."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic import forms
from clinic.blueprints import answering_asked
from clinic.queries import asking as asked_now
from clinic.queries.asking import Open
from clinic.services import asking, drafting
from clinic.services.asking import NotAsked
from clinic.services.idempotency import OtherBody
from clinic.services.transaction import ChangedUnderneath
from clinic.web import filters, guards, languages, links

blueprint = Blueprint("asked", __name__, url_prefix="/status/asked")
Answer = str | Response | tuple[str, int]


@blueprint.get("/")
@guards.status
def page() -> Answer:
    """Show the questions, with the answers of before."""
    found = _found()
    if found is None:
        return render_template("asking/over.html", sent_too_late=False)
    return _draw(found, answering_asked.form(found))


@blueprint.post("/")
@guards.status
def answer() -> Answer:
    """Take the answers; an urgent one stops at once."""
    found = _found()
    if found is None:
        return _sent_before()
    form = answering_asked.form(found)
    if code := languages.wished():
        drafting.speak(guards.actor(), guards.now(), found.request_id, language=code)
        return languages.redrawn(code, _redraw)
    if not form.validate() and not answering_asked.must_stop(found, form):
        return _draw(found, form), 422
    return _saved(found, form)


def _saved(found: Open, form: forms.HistoryForm) -> Answer:
    try:
        outcome = asking.answer(
            guards.actor(),
            guards.now(),
            found.request_id,
            review_id=answering_asked.review_id(),
            given=answering_asked.given(form),
            key=form.key,
            language=filters.language(),
            browser=links.browser_id(make=True) or "",
        )
    except (ChangedUnderneath, OtherBody):
        return _draw(found, form, changed=True), 409
    except NotAsked:
        return _sent_before()
    if outcome == asking.STOP:
        return redirect(url_for("request.stop"), 303)
    flash(_("Thank you. A therapist reads your answers next."), "success")
    return redirect(url_for("status.overview"), 303)


@blueprint.app_template_global()
def asked_of_me() -> Open | None:
    """Return what this patient is asked now, for the status page."""
    return _found()


def _found() -> Open | None:
    return asked_now.for_patient(guards.actor(), guards.now(), filters.language())


def _sent_before() -> Answer:
    """Answer a form whose question is over: it was sent before, or decided meanwhile."""
    return render_template("asking/over.html", sent_too_late=True), 409


def _redraw() -> str:
    found = _found()
    if found is None:
        return render_template("asking/over.html", sent_too_late=False)
    return _draw(found, answering_asked.form(found))


def _draw(found: Open, form: forms.HistoryForm, *, changed: bool = False) -> str:
    return render_template(
        "asking/answer.html",
        found=found,
        form=form,
        topics=form.layout(),
        changed=changed,
        key=answering_asked.key(form),
    )
