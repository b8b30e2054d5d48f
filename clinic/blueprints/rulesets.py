"""The rules, for a lead therapist: drafts, trials over stored histories, approval, versions."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec
from uuid import UUID, uuid4

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic import forms
from clinic.access import NotThere, Permission
from clinic.forms import (
    BeginDraftForm,
    InForceForm,
    PlainForm,
    RuleItemForm,
    SeenForm,
    TrialForm,
)
from clinic.queries import opening, trials
from clinic.queries import rulesets as kept
from clinic.queries.rulesets import ItemPage
from clinic.screening.editions import Unfit
from clinic.services import rescreening, rulesets
from clinic.services import trials as trying
from clinic.services.rulesets import FILES, CannotApprove, ItemChange
from clinic.services.transaction import ChangedUnderneath
from clinic.web import entrance, guards, rules_words, words

blueprint = Blueprint("rulesets", __name__, url_prefix="/staff/rules")
Answer = str | tuple[str, int] | Response
P = ParamSpec("P")
LOOK_AGAIN = 4  # seconds after which the page of a trial is drawn anew while it is under way


def _proved(view: Callable[P, Answer]) -> Callable[P, Answer]:
    """Ask for both proofs again unless they were given minutes ago, and come back to the page."""

    @wraps(view)
    def asked(*args: P.args, **kwargs: P.kwargs) -> Answer:
        if entrance.is_fresh():
            return view(*args, **kwargs)
        flash(_("Sign in again first, then approve: this is signed with your name."), "warning")
        back = url_for("rulesets.overview")
        if "draft_id" in kwargs:
            back = url_for("rulesets.draft", draft_id=kwargs["draft_id"])
        elif "digest" in kwargs:
            back = url_for("rulesets.version", digest=kwargs["digest"])
        return redirect(url_for("security.verify", next=back), 303)

    return asked


@blueprint.get("")
@guards.staff(Permission.APPROVE_RULES)
def overview() -> str:
    """Show what runs, what waits, and every signed version."""
    found = kept.overview(guards.actor())
    return render_template(
        "rulesets/overview.html",
        found=found,
        left=rescreening.left(guards.actor()),
        begin_key=uuid4().hex,
        files=FILES,
        **_words(),
    )


@blueprint.post("/drafts")
@guards.staff(Permission.APPROVE_RULES)
def begin() -> Answer:
    """Begin a draft."""
    form = BeginDraftForm()
    if not form.validate_on_submit():
        return redirect(url_for("rulesets.overview"), 303)
    try:
        draft_id = rulesets.begin(guards.actor(), guards.now(), form.base.data or "", key=form.key)
    except CannotApprove as refusal:
        flash(str(rules_words.CANNOT[refusal.problem]), "error")
        return redirect(url_for("rulesets.overview"), 303)
    return redirect(url_for("rulesets.draft", draft_id=draft_id), 303)


@blueprint.get("/drafts/<uuid:draft_id>")
@guards.staff(Permission.APPROVE_RULES)
def draft(draft_id: UUID) -> Answer:
    """Show a draft: what it changes, its trial, and its items; one that ended leads on."""
    try:
        return _draft_page(draft_id)
    except NotThere:
        return _ended(draft_id)


@blueprint.route("/drafts/<uuid:draft_id>/items/<item>", methods=["GET", "POST"])
@guards.staff(Permission.APPROVE_RULES)
def item(draft_id: UUID, item: str) -> Answer:
    """Show and change the figures and rules of one item."""
    try:
        page = kept.item(guards.actor(), draft_id, item)
    except NotThere:
        return _ended(draft_id)
    form = _item_form(page)
    if not form.validate_on_submit():
        return _item_page(page, form), 422 if form.errors else 200
    given = ItemChange(item, form.values(), form.verified(), form.off())
    try:
        rulesets.change(guards.actor(), guards.now(), draft_id, given, seen=form.seen_version)
    except Unfit as unfit:
        form.refuse_change(unfit.name, str(rules_words.UNFIT[unfit.problem]))
        return _item_page(page, form), 422
    except ChangedUnderneath:
        form.seen.data = page.seen
        return _item_page(page, form, stale=True), 409
    flash(_("Saved in the draft."), "success")
    return redirect(url_for("rulesets.draft", draft_id=draft_id), 303)


@blueprint.post("/drafts/<uuid:draft_id>/discard")
@guards.staff(Permission.APPROVE_RULES)
def discard(draft_id: UUID) -> Answer:
    """Give a draft up."""
    form = SeenForm()
    if form.validate_on_submit():
        rulesets.discard(guards.actor(), guards.now(), draft_id, seen=form.seen_version)
        flash(_("The draft is discarded."), "success")
    return redirect(url_for("rulesets.overview"), 303)


@blueprint.post("/drafts/<uuid:draft_id>/approve")
@guards.staff(Permission.APPROVE_RULES)
@_proved
def approve(draft_id: UUID) -> Answer:
    """Sign a draft."""
    form = SeenForm()
    if not form.validate_on_submit():
        return redirect(url_for("rulesets.draft", draft_id=draft_id), 303)
    try:
        digest = rulesets.approve(guards.actor(), guards.now(), draft_id, seen=form.seen_version)
    except CannotApprove as refusal:
        return _draft_page(draft_id, refused=refusal), 409
    flash(_("Approved with your name. It runs once you put it in force."), "success")
    return redirect(url_for("rulesets.version", digest=digest), 303)


@blueprint.get("/versions/<digest>")
@guards.staff(Permission.APPROVE_RULES)
def version(digest: str) -> Answer:
    """Show a stored version."""
    return _version_page(digest)


@blueprint.post("/versions/<digest>/in-force")
@guards.staff(Permission.APPROVE_RULES)
@_proved
def put_in_force(digest: str) -> Answer:
    """Run this version from now on."""
    form = InForceForm()
    if not form.validate_on_submit():
        return redirect(url_for("rulesets.version", digest=digest), 303)
    try:
        rulesets.put_in_force(guards.actor(), guards.now(), digest, seen=form.in_force.data or "")
    except CannotApprove as refusal:
        return _version_page(digest, refused=refusal), 409
    flash(
        _("In force from now on. Open requests are screened anew, one after the other."), "success"
    )
    return redirect(url_for("rulesets.overview"), 303)


@blueprint.post("/versions/<digest>/out-of-force")
@guards.staff(Permission.APPROVE_RULES)
@_proved
def take_out_of_force(digest: str) -> Answer:
    """Retire the version in force; then nobody is cleared without a therapist."""
    form = InForceForm()
    if form.validate_on_submit():
        rulesets.take_out_of_force(
            guards.actor(), guards.now(), digest, seen=form.in_force.data or ""
        )
        flash(_("Out of force. Each request needs a therapist now."), "warning")
    return redirect(url_for("rulesets.overview"), 303)


@blueprint.post("/versions/<digest>/trial")
@guards.staff(Permission.APPROVE_RULES)
def begin_trial(digest: str) -> Answer:
    """Run a version, or the one that a draft comes to, over the stored histories."""
    form = TrialForm()
    if not form.validate_on_submit():
        return redirect(url_for("rulesets.overview"), 303)
    trial_id = trying.begin(guards.actor(), guards.now(), digest, every=form.every.data)
    return redirect(url_for("rulesets.trial", trial_id=trial_id), 303)


@blueprint.get("/trials/<uuid:trial_id>")
@guards.staff(Permission.APPROVE_RULES)
def trial(trial_id: UUID) -> Answer:
    """Show how far a trial is, and what it has found."""
    found = trials.found(guards.actor(), trial_id)
    answer = make_response(
        render_template(
            "rulesets/trial.html",
            found=found,
            draft_id=kept.draft_of(guards.actor(), found.row.new_hash),
            **_words(),
        )
    )
    if found.row.under_way:
        answer.headers["Refresh"] = str(LOOK_AGAIN)
    return answer


@blueprint.get("/trials/<uuid:trial_id>/who")
@guards.staff(Permission.APPROVE_RULES)
def who(trial_id: UUID) -> Answer:
    """Show who would move; the trail says so first."""
    after = request.args.get("after", "")
    trying.open_names(guards.actor(), guards.now(), trial_id)
    number = int(after) if after.isascii() and after.isdigit() and len(after) < 8 else 0
    found = trials.named(guards.actor(), trial_id, after=number)
    return render_template("rulesets/who.html", found=found, **_words())


@blueprint.post("/trials/<uuid:trial_id>/stop")
@guards.staff(Permission.APPROVE_RULES)
def stop(trial_id: UUID) -> Answer:
    """Stop a trial."""
    if PlainForm().validate_on_submit():
        trying.cancel(guards.actor(), guards.now(), trial_id)
    return redirect(url_for("rulesets.trial", trial_id=trial_id), 303)


@blueprint.post("/trials/<uuid:trial_id>/go-on")
@guards.staff(Permission.APPROVE_RULES)
def go_on(trial_id: UUID) -> Answer:
    """Take a stopped trial up again."""
    if PlainForm().validate_on_submit():
        trying.go_on(guards.actor(), guards.now(), trial_id)
    return redirect(url_for("rulesets.trial", trial_id=trial_id), 303)


def _ended(draft_id: UUID) -> Answer:
    """Lead on from a draft that somebody approved or gave up meanwhile; else it is not there."""
    digest = kept.ended(guards.actor(), draft_id)
    if digest is None:
        flash(_("This draft was given up. Nothing of yours is saved in it."), "warning")
        return redirect(url_for("rulesets.overview"), 303)
    flash(_("This draft was approved, and is changed no more. Begin another one."), "warning")
    return redirect(url_for("rulesets.version", digest=digest), 303)


def _draft_page(draft_id: UUID, refused: CannotApprove | None = None) -> str:
    return render_template(
        "rulesets/draft.html",
        draft=kept.draft(guards.actor(), draft_id),
        trial_form=TrialForm(formdata=None),
        refused=_said(refused),
        **_words(),
    )


def _version_page(digest: str, refused: CannotApprove | None = None) -> str:
    return render_template(
        "rulesets/version.html",
        page=kept.version(guards.actor(), digest),
        trial_form=TrialForm(formdata=None),
        begin_key=uuid4().hex,
        refused=_said(refused),
        **_words(),
    )


def _said(refused: CannotApprove | None) -> str:
    return str(rules_words.CANNOT[refused.problem]) if refused else ""


def _item_form(page: ItemPage) -> RuleItemForm:
    figures = {
        row.name: (_figure_label(row), rules_words.hint(row), row.bounds.fixed)
        for row in page.settings
    }
    made = forms.rule_item_form(figures, {row.name: row.may_be_off for row in page.rules})
    data: dict[str, Any] = {"seen": page.seen}
    for number, row in enumerate(page.settings):
        data[f"value_{number}"] = rules_words.number(row.setting.value)
        data[f"verified_{number}"] = row.setting.verified
    for number, rule in enumerate(page.rules):
        data |= {f"off_{number}": rule.off, f"code_{number}": rule.code}
        data[f"reason_{number}"] = rule.reason
    return made(data=data)


def _figure_label(row: kept.SettingRow) -> str:
    name = row.name.partition(".")[2].replace("-", " ").capitalize()
    unit = row.setting.unit
    return name if unit in name.lower().split() else f"{name} ({unit})"


def _item_page(page: ItemPage, form: RuleItemForm, *, stale: bool = False) -> str:
    return render_template(
        "rulesets/item.html",
        page=page,
        form=form,
        stale=stale,
        figures=list(enumerate(page.settings)),
        rules=list(enumerate(page.rules)),
        **_words(),
    )


def _words() -> dict[str, Any]:
    return {
        "states": rules_words.STATES,
        "trial_states": rules_words.TRIALS,
        "codes": rules_words.codes(),
        "levels": words.LEVELS,
        "number": rules_words.number,
        "zone": opening.zone(),
    }
