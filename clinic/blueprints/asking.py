"""A therapist asks some questions again, writes down answers given by phone, or takes it back."""

from __future__ import annotations

from uuid import UUID, uuid4

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic import forms
from clinic.access import Permission
from clinic.blueprints import answering_asked
from clinic.queries import asking as asked_now
from clinic.queries import histories
from clinic.queries.asking import Choosing, Open
from clinic.services import asking, reading, review
from clinic.services.asking import NotAsked
from clinic.services.idempotency import OtherBody
from clinic.services.review import CannotDecide, Decision
from clinic.services.transaction import ChangedUnderneath
from clinic.web import guards, therapist_words, words

blueprint = Blueprint("asking", __name__, url_prefix="/staff/review")
Answer = str | tuple[str, int] | Response
SECTIONS = ("answers",)
may_ask = guards.staff(Permission.DECIDE)


@blueprint.get("/<reference>/ask")
@may_ask
def choose(reference: str) -> Answer:
    """Show every question with its newest answer, to be ticked."""
    found = _choosing(reference)
    return _draw(found, _blank(found))


@blueprint.post("/<reference>/ask")
@may_ask
def ask(reference: str) -> Answer:
    """Ask the patient what is ticked."""
    form = forms.AskForm()
    form.asked.choices = _offered(_choosing(reference))
    if not form.validate():
        return _draw(_choosing(reference), form), 422
    try:
        review.decide(
            guards.actor(),
            guards.now(),
            histories.request_id_of(guards.actor(), reference),
            signed=Decision(review.ASK, form.intake, **form.values()),
            seen=form.seen_version,
            key=form.key,
        )
    except CannotDecide as refusal:
        form.refuse(refusal.field_name, str(words.CANNOT_DECIDE[refusal.problem]))
        return _draw(_choosing(reference), form), 422
    except (ChangedUnderneath, OtherBody):
        return _draw(_renewed(form, reference), form, changed=True), 409
    flash(_("The patient is asked. The request comes back to you with the answer."), "success")
    return redirect(url_for("therapist.history", reference=reference), 303)


@blueprint.get("/<reference>/asked")
@may_ask
def by_phone(reference: str) -> Answer:
    """Show what is asked, to be read out in the patient's language and written down."""
    found = _open(reference)
    if found is None:
        return _over(reference)
    with force_locale(found.language):
        return _draw_answers(found, answering_asked.form(found))


@blueprint.post("/<reference>/asked")
@may_ask
def save_by_phone(reference: str) -> Answer:
    """Take the answers that the patient gave on the phone."""
    found = _open(reference)
    if found is None:
        return _over(reference)
    with force_locale(found.language):
        return _saved(reference, found, answering_asked.form(found))


def _saved(reference: str, found: Open, form: forms.HistoryForm) -> Answer:
    if not form.validate() and not answering_asked.must_stop(found, form):
        return _draw_answers(found, form), 422
    try:
        asking.answer_by_phone(
            guards.actor(),
            guards.now(),
            found.request_id,
            review_id=answering_asked.review_id(),
            given=answering_asked.given(form),
            key=form.key,
        )
    except (ChangedUnderneath, OtherBody):
        return _draw_answers(found, form, changed=True), 409
    except NotAsked:
        return _over(reference)
    flash(_("The answers are a new version of the history, and screened."), "success")
    return redirect(url_for("therapist.history", reference=reference), 303)


@blueprint.post("/<reference>/asked/back")
@may_ask
def take_back(reference: str) -> Answer:
    """Take the questions back."""
    form = forms.TakeBackForm()
    if not form.validate():
        return redirect(url_for("therapist.history", reference=reference), 303)
    try:
        asking.take_back(
            guards.actor(),
            guards.now(),
            histories.request_id_of(guards.actor(), reference),
            review_id=form.review_id,
            seen=form.seen_version,
        )
    except ChangedUnderneath:
        flash(_("This changed in the meantime. Nothing was taken back."), "error")
        return redirect(url_for("therapist.history", reference=reference), 303)
    flash(_("The questions are taken back. The request needs a decision."), "success")
    return redirect(url_for("therapist.history", reference=reference), 303)


@blueprint.app_template_global()
def asked_of(reference: str) -> Open | None:
    """Return what is asked of a patient now, for the therapist's page."""
    return asked_now.for_staff(guards.actor(), reference, now=guards.now())


def _choosing(reference: str) -> Choosing:
    actor, now = guards.actor(), guards.now()
    request_id: UUID = histories.request_id_of(actor, reference)
    reading.open_history(actor, now, request_id, sections=SECTIONS)
    return asked_now.choosing(actor, reference, now=now)


def _open(reference: str) -> Open | None:
    actor, now = guards.actor(), guards.now()
    request_id: UUID = histories.request_id_of(actor, reference)
    reading.open_history(actor, now, request_id, sections=SECTIONS)
    return asked_now.for_staff(actor, reference, now=now)


def _offered(found: Choosing) -> list[tuple[str, str]]:
    return [(one.id, one.question) for topic in found.topics for one in topic.choices]


def _blank(found: Choosing) -> forms.AskForm:
    data = {
        "intake_id": str(found.intake_id),
        "seen": found.version,
        "idempotency_key": uuid4().hex,
        "answer_by": found.default_until,
    }
    if found.open_now is not None:  # asking anew takes its place, so it would be lost
        data |= {"asked": found.open_now.asked, "question": found.open_now.note}
    form = forms.AskForm(formdata=None, data=data)
    form.asked.choices = _offered(found)
    return form


def _renewed(form: forms.AskForm, reference: str) -> Choosing:
    """Give back what was ticked, as a form on what is stored now."""
    found = _choosing(reference)
    form.seen.data, form.intake_id.data = found.version, str(found.intake_id)
    form.idempotency_key.data = uuid4().hex
    return found


def _draw(found: Choosing, form: forms.AskForm, *, changed: bool = False) -> str:
    return render_template("asking/choose.html", found=found, form=form, changed=changed)


def _draw_answers(found: Open, form: forms.HistoryForm, *, changed: bool = False) -> str:
    return render_template(
        "asking/by_phone.html",
        found=found,
        form=form,
        topics=form.layout(),
        changed=changed,
        phone=therapist_words.phone(found.phone) if found.phone else None,
        key=answering_asked.key(form),
    )


def _over(reference: str) -> Response:
    flash(_("Nothing is asked of this patient now."), "info")
    return redirect(url_for("therapist.history", reference=reference), 303)
