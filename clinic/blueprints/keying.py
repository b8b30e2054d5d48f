"""Requests that staff write for a patient: the patient's own pages, read out and written down.

Only who began an entry sees it, and only until it is sent. The pages speak the language of the
call, so that each question is read out as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from clinic import forms
from clinic.access import NotThere, Permission
from clinic.blueprints import answering
from clinic.blueprints.answering import Answer, Way
from clinic.booking import calendar
from clinic.queries import drafts, requests
from clinic.queries import keying as entries
from clinic.queries.drafts import OpenDraft
from clinic.queries.keying import KeyedByOther
from clinic.queries.requests import RequestPage
from clinic.services import drafting, keying
from clinic.services.idempotency import OtherBody
from clinic.services.transaction import ChangedUnderneath
from clinic.web import desk_words, errors, filters, guards

blueprint = Blueprint("keying", __name__, url_prefix="/staff/keying")
Page = Callable[[Way, OpenDraft], Answer]
may_key = guards.staff(Permission.WORK_REQUESTS)


# --- Begin, go on, throw away ------------------------------------------------------------------


@blueprint.get("/")
@may_key
def unfinished() -> str:
    """List the calls that this member of staff has not finished."""
    return render_template(
        "keying/unfinished.html",
        rows=entries.unfinished(guards.actor(), guards.now()),
        sources=desk_words.SOURCES,
        phone=desk_words.phone,
        clock=_clock,
    )


@blueprint.get("/new")
@may_key
def new() -> Answer:
    """Ask how the request reaches us, who needs care, and in which language we talk."""
    form = _new_form()
    return answering.draw_about(_new_way(), form, None)


@blueprint.post("/new")
@may_key
def begin() -> Answer:
    """Begin the entry, once whatever is clicked."""
    form = _new_form()
    if not form.validate():
        return answering.draw_about(_new_way(), form, None), 422
    if not form.key:
        abort(400)
    request_id = keying.begin(
        guards.actor(),
        guards.now(),
        about=drafting.About(**form.values()),
        channel=form.source.data,
        key=form.key,
    )
    reference = entries.reference_of(guards.actor(), request_id)
    return redirect(url_for("keying.where", reference=reference), 303)


@blueprint.get("/<reference>")
@may_key
def resume(reference: str) -> Answer:
    """Go on at the first page that is not finished."""
    return _on_draft(
        reference,
        lambda way, draft: redirect(way.address(answering.first_open(draft)), 303),
    )


@blueprint.post("/<reference>/discard")
@may_key
def discard(reference: str) -> Answer:
    """Throw an entry away."""
    draft = entries.find(guards.actor(), reference, guards.now())
    keying.discard(
        guards.actor(), guards.now(), draft.request_id, seen=forms.SeenForm().seen_version
    )
    flash(_("What was written and not sent is deleted."), "success")
    return redirect(url_for("keying.unfinished"), 303)


@blueprint.get("/<reference>/again")
@may_key
def again(reference: str) -> str:
    """Say what asking again means, and how the answers reach us."""
    page = requests.page(guards.actor(), reference)
    return _draw_again(forms.AskAgainForm(data={"source": "phone"}), page)


@blueprint.post("/<reference>/again")
@may_key
def begin_again(reference: str) -> Answer:
    """Open a blank history for a request that was sent."""
    page = requests.page(guards.actor(), reference)
    form = forms.AskAgainForm()
    if not form.validate():
        return _draw_again(form, page), 422
    keying.again(guards.actor(), guards.now(), page.id, channel=form.source.data)
    return redirect(url_for("keying.resume", reference=page.reference), 303)


def _draw_again(form: forms.AskAgainForm, page: RequestPage) -> str:
    name = page.contact.name if page.contact else ""
    return render_template("keying/again.html", form=form, page=page, name=name)


# --- The pages of the form ---------------------------------------------------------------------


@blueprint.get("/<reference>/about")
@may_key
def start(reference: str) -> Answer:
    """Ask who needs care and how to reach them."""
    return _on_draft(reference, answering.about)


@blueprint.post("/<reference>/about")
@may_key
def save_about(reference: str) -> Answer:
    """Change who needs care."""
    return _on_draft(reference, answering.save_about)


@blueprint.get("/<reference>/where")
@may_key
def where(reference: str) -> Answer:
    """Ask where it hurts."""
    return _on_draft(reference, answering.where)


@blueprint.post("/<reference>/where")
@may_key
def save_where(reference: str) -> Answer:
    """Save where it hurts."""
    return _on_draft(reference, answering.save_where)


@blueprint.get("/<reference>/history/<section>")
@may_key
def history(reference: str, section: str) -> Answer:
    """Ask the questions of one topic."""
    return _on_draft(reference, lambda way, draft: answering.history(way, draft, section))


@blueprint.post("/<reference>/history/<section>")
@may_key
def save_history(reference: str, section: str) -> Answer:
    """Save one topic."""
    return _on_draft(reference, lambda way, draft: answering.save_history(way, draft, section))


@blueprint.get("/<reference>/stop")
@may_key
def stop(reference: str) -> Answer:
    """Say what to read out now."""
    return _on_draft(reference, answering.stop)


@blueprint.post("/<reference>/stop")
@may_key
def mistake(reference: str) -> Answer:
    """Go back to an answer that was chosen by mistake."""
    return _on_draft(reference, answering.mistake)


@blueprint.get("/<reference>/consent")
@may_key
def data_use(reference: str) -> Answer:
    """Show what is read out about the data."""
    return _on_draft(reference, answering.data_use)


@blueprint.post("/<reference>/consent")
@may_key
def agree(reference: str) -> Answer:
    """Store the yes that was heard."""
    return _on_draft(reference, answering.agree)


@blueprint.get("/<reference>/check")
@may_key
def check(reference: str) -> Answer:
    """Show all answers, to be read back."""
    return _on_draft(reference, answering.check)


@blueprint.get("/<reference>/later")
@may_key
def later(reference: str) -> Answer:
    """Say until when the entry stays open."""
    return _on_draft(reference, _put_aside)


@blueprint.post("/<reference>/send")
@may_key
def send(reference: str) -> Answer:
    """Send the request, once whatever is clicked."""
    written = entries.written(guards.actor(), reference)
    with force_locale(written.language):
        return answering.send(_way(reference, ""), written.request_id)


@blueprint.get("/<reference>/sent")
@may_key
def sent(reference: str) -> Answer:
    """Say the reference and what happens next; no answer any more."""
    found = entries.sent(guards.actor(), reference)
    with force_locale(found.language):
        return render_template("keying/sent.html", sent=found)


# --- Parts -------------------------------------------------------------------------------------


@blueprint.errorhandler(KeyedByOther)
def _keyed_by_other(error: KeyedByOther) -> errors.Answer:
    said = _(
        "%(name)s is writing this one since %(time)s. Nobody else sees it until it is sent.",
        name=error.by,
        time=_clock(error.since),
    )
    return errors.page(409, message=said)


@blueprint.errorhandler(keying.BeingAnswered)
def _being_answered(_error: keying.BeingAnswered) -> errors.Answer:
    said = _(
        "These answers are open already: the patient changes them, or a colleague writes them."
    )
    return errors.page(409, message=said)


@blueprint.errorhandler(OtherBody)
def _begun_already(_error: OtherBody) -> errors.Answer:
    said = _(
        "This one was begun already with other words. Go on with it under “Calls not finished”."
    )
    return errors.page(409, message=said)


@blueprint.errorhandler(ChangedUnderneath)
def _changed(_error: ChangedUnderneath) -> errors.Answer:
    said = _("It was changed in another window. Open it again before you delete it.")
    return errors.page(409, message=said)


def _on_draft(reference: str, page: Page) -> Answer:
    """Go to a page of the entry, in the language of the call."""
    draft = entries.find(guards.actor(), reference, guards.now())
    with force_locale(draft.contact.language):
        return page(_way(draft.reference, draft.keyed or ""), draft)


def _way(reference: str, keyed: str) -> Way:
    def again() -> OpenDraft | None:
        try:
            return entries.find(guards.actor(), reference, guards.now())
        except NotThere:
            return None

    return Way(
        blueprint="keying",
        frame="keying/frame.html",
        home=url_for("keying.unfinished"),
        actor=guards.actor(),
        again=again,
        names={"reference": reference},
        keyed=keyed or "phone",
    )


def _put_aside(way: Way, draft: OpenDraft) -> str:
    return render_template(
        "keying/later.html", way=way, draft=draft, until=_clock(draft.expires_at)
    )


def _new_way() -> Way:
    return Way(
        blueprint="keying",
        frame="keying/frame.html",
        home=url_for("keying.unfinished"),
        actor=guards.actor(),
        again=lambda: None,
        names={"reference": "new"},
        keyed="new",
    )


def _new_form() -> forms.KeyedAboutForm:
    data = {**answering.new_data(), "source": "phone", "channel": "phone"}
    return forms.KeyedAboutForm(data=data, today=drafts.today(guards.now()))


def _clock(instant: datetime) -> str:
    return calendar.spoken(instant, drafts.zone(), filters.language())
