"""The therapist's page: read a history, decide and sign, note, close an urgent flag.

Each time it is drawn, whatever for, the trail says so first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.access import Permission
from clinic.forms import (
    ClinicalNoteForm,
    DecisionForm,
    KeyedForm,
    MissedForm,
    SeenForm,
    UrgentForm,
    WithdrawForm,
)
from clinic.queries import comparisons, histories, requests
from clinic.queries import missed as missed_notes
from clinic.queries.histories import History
from clinic.services import missed, reading, review
from clinic.services.idempotency import OtherBody
from clinic.services.review import CannotDecide, Decision, Override
from clinic.services.transaction import ChangedUnderneath
from clinic.web import filters, guards, therapist_words, words

blueprint = Blueprint("therapist", __name__, url_prefix="/staff/review")
Answer = str | tuple[str, int] | Response
CONFLICT = 409


@blueprint.get("/<reference>")
@guards.staff(Permission.SEE_HISTORY)
def history(reference: str) -> Answer:
    """Show the newest history."""
    return _page(reference)


@blueprint.post("/<reference>")
@guards.staff(Permission.DECIDE)
def decide(reference: str) -> Answer:
    """Sign a decision."""
    form = DecisionForm()
    therapist_words.offer_choices(form)

    def sign(request_id: UUID) -> None:
        review.decide(
            guards.actor(),
            guards.now(),
            request_id,
            signed=Decision(
                **form.values(), overrides=[Override(*one) for one in form.overriding()]
            ),
            seen=form.seen_version,
            key=form.key,
        )

    return _act(reference, form, sign, _("Your decision is signed."))


@blueprint.post("/<reference>/withdraw")
@guards.staff(Permission.DECIDE)
def withdraw(reference: str) -> Answer:
    """Withdraw the live clearance."""
    form = WithdrawForm()

    def take_back(request_id: UUID) -> None:
        review.withdraw(
            guards.actor(),
            guards.now(),
            request_id,
            reason=form.why.data or "",
            seen=form.seen_version,
        )

    return _act(reference, form, take_back, _("The clearance is withdrawn."))


@blueprint.post("/<reference>/urgent")
@guards.staff(Permission.DECIDE)
def close_urgent(reference: str) -> Answer:
    """Close the urgent flag."""
    form = UrgentForm()

    def close(request_id: UUID) -> None:
        review.close_urgent(
            guards.actor(),
            guards.now(),
            request_id,
            note=form.why_not.data or "",
            seen=form.seen_version,
        )

    return _act(reference, form, close, _("The urgent flag is closed."))


@blueprint.post("/<reference>/notes")
@guards.staff(Permission.SEE_HISTORY)
def add_note(reference: str) -> Answer:
    """Add a clinical note."""
    form = ClinicalNoteForm()

    def add(request_id: UUID) -> None:
        review.add_note(
            guards.actor(),
            guards.now(),
            request_id,
            body_text=form.body.data or "",
            key=form.key,
        )

    return _act(reference, form, add, _("The note is added."))


@blueprint.post("/<reference>/missed")
@guards.staff(Permission.SEE_HISTORY)
def tell_missed(reference: str) -> Answer:
    """Tell the lead therapist what the form missed."""
    form = _missed_form(MissedForm())

    def tell(request_id: UUID) -> None:
        missed.tell(
            guards.actor(),
            guards.now(),
            request_id,
            words=form.missed.data or "",
            item=form.about.data or None,
            key=form.key,
        )

    return _act(reference, form, tell, _("The lead therapist will read it."))


def _missed_form(form: MissedForm) -> MissedForm:
    form.offer(missed_notes.items(guards.actor()))
    return form


def _act(reference: str, form: SeenForm, act: Callable[[UUID], None], said: str) -> Answer:
    """Do one thing to the request; a refusal comes back on the page with what was typed."""
    request_id = histories.request_id_of(guards.actor(), reference)
    if not form.validate():
        return _page(reference, form), 422
    try:
        act(request_id)
    except CannotDecide as refusal:
        told = str(words.CANNOT_DECIDE[refusal.problem])
        if refusal.finding and isinstance(form, DecisionForm):
            form.refuse_override(refusal.finding, refusal.field_name, told)
        else:
            form.refuse(refusal.field_name, told)
        return _page(reference, form), 422
    except ChangedUnderneath:
        return _page(reference, form, conflict=_who_was_first(reference)), CONFLICT
    except OtherBody:
        told = _("This form was sent before with other content. What was sent first is kept.")
        return _page(reference, form, conflict=told), CONFLICT
    flash(said, "success")
    return redirect(url_for("therapist.history", reference=reference), 303)


def _who_was_first(reference: str) -> str:
    page = requests.page(guards.actor(), reference)
    change = requests.last_change(guards.actor(), reference)
    told: str = _(
        "%(name)s changed this request, %(when)s, while you had the page open.",
        name=change.by or _("The patient, or the clinic's own clockwork,"),
        when=filters.spoken(change.at, page.zone),
    )
    return told


def _page(reference: str, failed: SeenForm | None = None, *, conflict: str = "") -> str:
    actor = guards.actor()
    reading.open_history(actor, guards.now(), histories.request_id_of(actor, reference))
    opened = histories.newest(actor, reference, now=guards.now())
    if failed is not None and conflict:
        _bring_up_to_date(failed, opened)
    return render_template(
        "therapist/history.html",
        history=opened,
        compared=comparisons.newest(actor, reference),
        failed=failed,
        conflict=conflict,
        form=_decision_form(opened, failed),
        urgent_form=_other_form(UrgentForm, failed),
        withdraw_form=_other_form(WithdrawForm, failed),
        note_form=_other_form(ClinicalNoteForm, failed),
        missed_form=_missed_form(_other_form(MissedForm, failed)),
        missed=missed_notes.of(actor, opened.request_id),
        now=guards.now(),
        **therapist_words.of(opened),
    )


def _bring_up_to_date(form: SeenForm, opened: History) -> None:
    """Give back what was typed, as a form on what is stored now: signing it again is knowing."""
    form.seen.data = opened.version
    if isinstance(form, KeyedForm):
        form.idempotency_key.data = uuid4().hex
    if isinstance(form, DecisionForm):
        form.intake_id.data = str(opened.intake_id)


def _decision_form(opened: History, failed: SeenForm | None) -> DecisionForm:
    if isinstance(failed, DecisionForm):
        form, ticked = failed, failed.places
    else:
        free = [one.id for one in opened.regions if one.verdict != "avoid"]
        ticked = tuple(free) if opened.regions_named else ()
        form = DecisionForm(formdata=None, data=_fresh(opened))
    listed = {entry.form.finding.data for entry in form.overrides}
    for row in opened.overridable:
        if row.id not in listed:
            form.overrides.append_entry({"finding": row.id})
    therapist_words.offer_choices(form, opened)
    wanted = {one.id for one in opened.regions}
    form.regions.data = [one for one in ticked if one in wanted]
    form.other_regions.data = [one for one in ticked if one not in wanted]
    return form


def _fresh(opened: History) -> dict[str, Any]:
    return {
        "intake_id": str(opened.intake_id),
        "seen": opened.version,
        "idempotency_key": uuid4().hex,
    }


def _other_form(kind: type[Any], failed: SeenForm | None) -> Any:
    if isinstance(failed, kind):
        return failed
    return kind(formdata=None, data={"idempotency_key": uuid4().hex})
