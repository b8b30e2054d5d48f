"""The patient's request: who asks, where it hurts, the history by topic, consent, check, sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, url_for
from flask import request as web
from flask_babel import format_date
from werkzeug.wrappers import Response

from clinic import contact, forms
from clinic.access import Actor
from clinic.blueprints import answering
from clinic.blueprints.answering import Answer, Way
from clinic.extensions import site
from clinic.queries import drafts, status
from clinic.queries.drafts import OpenDraft
from clinic.services import drafting, tokens
from clinic.services.idempotency import OtherBody
from clinic.web import codes, guards, languages, limits, links

blueprint = Blueprint("request", __name__, url_prefix="/request")


# --- Who asks ----------------------------------------------------------------------------------


@blueprint.get("/")
@guards.public
def start() -> Answer:
    """Ask who needs care and how to reach them."""
    links.browser_id(make=True)
    draft = _open_draft()
    if draft is not None:
        return answering.about(_way(), draft)
    return answering.draw_about(_way(), answering.about_form(None), None)


@blueprint.post("/")
@guards.public
def begin() -> Answer:
    """Begin a request in this browser, or change who asks."""
    draft = _open_draft()
    if draft is not None and web.form.get("seen"):
        return answering.save_about(_way(), draft)
    form = answering.about_form(draft)
    if code := languages.wished():
        return answering.switched(
            _way(),
            code,
            draft,
            lambda: answering.draw_about(_way(), answering.about_form(draft), draft),
        )
    if not form.validate():
        return answering.draw_about(_way(), form, draft), 422
    if draft is None and web.form.get("seen"):
        raise guards.NeedsCode(guards.DRAFT)
    if draft is None and not form.key:
        abort(400)
    return _begun(form)  # the first form, perhaps sent again


def _begun(form: forms.AboutForm) -> Answer:
    limits.take(
        replace(limits.INTAKE_CLIENT, rates=f"{site.settings.starts_per_hour}/hour"),
        limits.client(),
    )
    try:
        drafting.start(
            guards.actor(),
            guards.now(),
            about=drafting.About(**form.values()),
            browser=_browser(),
            key=form.key,
        )
    except OtherBody:
        return answering.begun_before(_way(), form)
    return redirect(url_for("request.where"), 303)


@blueprint.post("/leave")
@guards.public
def leave() -> Answer:
    """Close what is open in this browser, on a device that others use too."""
    browser = links.browser_id()
    if browser is not None:
        tokens.leave(guards.actor(), guards.now(), browser=browser)
    return redirect(url_for("public.landing"), 303)


# --- Where it hurts, and the history -----------------------------------------------------------


@blueprint.get("/where")
@guards.draft
def where() -> Answer:
    """Ask where it hurts, what is hoped for and when."""
    return _on_draft(answering.where)


@blueprint.post("/where")
@guards.draft
def save_where() -> Answer:
    """Save where it hurts."""
    return _on_draft(answering.save_where)


@blueprint.get("/history/<section>")
@guards.draft
def history(section: str) -> Answer:
    """Ask the questions of one topic."""
    return _on_draft(lambda way, draft: answering.history(way, draft, section))


@blueprint.post("/history/<section>")
@guards.draft
def save_history(section: str) -> Answer:
    """Save one topic; an urgent answer is saved even where another one is missing."""
    return _on_draft(lambda way, draft: answering.save_history(way, draft, section))


# --- An urgent answer --------------------------------------------------------------------------


@blueprint.get("/stop")
@guards.draft
def stop() -> Answer:
    """Say what to do now, and the phone number."""
    return _on_draft(answering.stop)


@blueprint.post("/stop")
@guards.draft
def mistake() -> Answer:
    """Go back to the page of an answer that was chosen by mistake."""
    return _on_draft(answering.mistake)


# --- Consent, check, send ----------------------------------------------------------------------


@blueprint.get("/consent")
@guards.draft
def data_use() -> Answer:
    """Say what is done with the data, and ask for a yes."""
    return _on_draft(answering.data_use)


@blueprint.post("/consent")
@guards.draft
def agree() -> Answer:
    """Store the yes, in the words that were shown."""
    return _on_draft(answering.agree)


@blueprint.get("/check")
@guards.draft
def check() -> Answer:
    """Show all answers as worded, each with a way to change it."""
    return _on_draft(answering.check)


@blueprint.post("/send")
@guards.draft
def send() -> Answer:
    """Send the request, once whatever is clicked."""
    request_id = guards.actor().request_id
    if request_id is None:
        abort(404)
    return answering.send(_way(), request_id)


@blueprint.get("/sent")
@guards.draft
def sent() -> Answer:
    """Say that the request was sent, with its reference and what happens next."""
    if drafts.find(guards.actor(), guards.now()) is not None:
        return redirect(url_for("request.check"), 303)
    return _draw_sent(forms.MailedCodeForm())


# --- Codes: prove the address, finish later, go on ---------------------------------------------


@blueprint.post("/sent/code")
@guards.draft
def mail_proof() -> Answer:
    """Mail a code that proves the address."""
    codes.mail(*_via())
    return redirect(url_for("request.sent", coded=1, _anchor="prove"), 303)


@blueprint.post("/sent")
@guards.draft
def prove() -> Answer:
    """Take the code that proves the address."""
    form = forms.MailedCodeForm()
    if not codes.take(*_via(), form):
        return _draw_sent(form), 422
    return redirect(url_for("status.overview"), 303)


@blueprint.get("/later")
@guards.draft
def later() -> Answer:
    """Offer to finish later, by a mailed link."""
    draft = _draft_or_sent()
    if isinstance(draft, Response):
        return draft
    if draft.stopped_page is not None and not draft.mistaken:
        return redirect(url_for("request.stop"), 303)
    return _draw_later(forms.MailedCodeForm(), draft)


@blueprint.post("/later/code")
@guards.draft
def mail_later_code() -> Answer:
    """Mail the code that proves the address before a link is mailed to it."""
    codes.mail(*_via())
    return redirect(url_for("request.later", coded=1), 303)


@blueprint.post("/later")
@guards.draft
def mail_link() -> Answer:
    """Take the code and mail the link to go on."""
    draft = _draft_or_sent()
    if isinstance(draft, Response):
        return draft
    form = forms.MailedCodeForm()
    if not codes.take(*_via(), form, mail_link=True):
        return _draw_later(form, draft), 422
    return render_template(
        "request/kept.html", email=contact.masked_email(draft.contact.email or ""), draft=draft
    )


@blueprint.get("/closed")
@guards.public
def closed() -> Answer:
    """Say that the form is closed in this browser, and how to go on."""
    return _draw_closed(forms.MailedCodeForm(), coded="coded" in web.args)


@blueprint.post("/closed/code")
@guards.public
def mail_closed_code() -> Answer:
    """Mail a code with which the form opens again in this browser."""
    codes.mail(*_via())
    return redirect(url_for("request.closed", coded=1), 303)


@blueprint.post("/closed")
@guards.public
def reopen() -> Answer:
    """Take the code and open the form again."""
    form = forms.MailedCodeForm()
    if not codes.take(*_via(), form):
        return _draw_closed(form, coded=True), 422
    return redirect(url_for("request.check"), 303)


@blueprint.post("/hold")
@guards.public
def hold() -> Answer:
    """Keep what was typed into a form that has closed meanwhile."""
    return _draw_held(forms.MailedCodeForm(), coded=False)


@blueprint.post("/hold/code")
@guards.public
def mail_held_code() -> Answer:
    """Mail a code with which the form opens again; what was typed stays on the page."""
    codes.mail(*_via())
    return _draw_held(forms.MailedCodeForm(), coded=True)


@blueprint.post("/hold/open")
@guards.public
def reopen_held() -> Answer:
    """Take the code, and offer to save what was typed."""
    form = forms.MailedCodeForm()
    if not codes.take(*_via(), form):
        return _draw_held(form, coded=True), 422
    return render_template("request/typed.html", kept=_held(), typed_at=_typed_at())


# --- Parts -------------------------------------------------------------------------------------


def _patient() -> Actor:
    found = links.patient_actor("draft", guards.now())
    return replace(found, trace=guards.trace()) if found else guards.actor()


def _open_draft() -> OpenDraft | None:
    """Return the draft that is open in this browser, on a page that anyone may call."""
    acting = links.patient_actor("draft", guards.now())
    return drafts.find(acting, guards.now()) if acting else None


def _way() -> Way:
    """The patient's own way, in this browser."""
    return Way(
        blueprint="request",
        frame="base.html",
        home=url_for("public.landing"),
        actor=_patient(),
        again=_open_draft,
        browser=_browser(),
    )


def _on_draft(page: Callable[[Way, OpenDraft], Answer]) -> Answer:
    """Go to a page of the open draft; once it is sent, to the page that says so."""
    draft = _draft_or_sent()
    return draft if isinstance(draft, Response) else page(_way(), draft)


def _draft_or_sent() -> OpenDraft | Response:
    draft = drafts.find(guards.actor(), guards.now())
    if draft is not None and drafts.ABOUT not in draft.steps:  # it was begun from a question
        return redirect(url_for("request.start"), 303)
    return draft or redirect(url_for("request.sent"), 303)


def _browser() -> str:
    return links.browser_id(make=True) or ""


# --- Drawing -----------------------------------------------------------------------------------


def _draw_sent(form: forms.MailedCodeForm) -> str:
    found = status.just_sent(guards.actor(), guards.now())
    email = contact.masked_email(found.email) if found.email else None
    coded = "coded" in web.args or web.method == "POST"
    return render_template("request/sent.html", form=form, sent=found, email=email, coded=coded)


def _draw_later(form: forms.MailedCodeForm, draft: OpenDraft) -> str:
    email = draft.contact.email
    return render_template(
        "request/later.html",
        form=form,
        draft=draft,
        email=contact.masked_email(email) if email else None,
        until=format_date(drafts.today(draft.expires_at), "long"),
        coded="coded" in web.args or web.method == "POST",
        saved="saved" in web.args,
    )


def _draw_closed(form: forms.MailedCodeForm, *, coded: bool) -> str:
    browser = links.browser_id()
    via = drafts.last_grant(browser, "draft") if browser else None
    email = status.address_of(via, guards.now()) if via else None
    return render_template(
        "request/closed.html",
        form=form,
        coded=coded,
        known=via is not None,
        email=contact.masked_email(email) if email else None,
    )


def _draw_held(form: forms.MailedCodeForm, *, coded: bool) -> str:
    browser = links.browser_id()
    via = drafts.last_grant(browser, "draft") if browser else None
    email = status.address_of(via, guards.now()) if via else None
    return render_template(
        "request/held.html",
        form=form,
        coded=coded,
        email=contact.masked_email(email) if email else None,
        kept=_held(),
        typed_at=_typed_at(),
    )


def _held() -> list[tuple[str, str]]:
    """List what was typed, in order, without our own fields."""
    ours = ("csrf_token", "code", "typed_at")
    return [pair for pair in web.form.items(multi=True) if pair[0] not in ours]


def _typed_at() -> str:
    """Return the page of this form on which it was typed; nothing else is an address here."""
    path = web.form.get("typed_at") or web.args.get("typed_at", "")
    fits = re.fullmatch(r"/request/[a-z/-]*(\?back=(check|open))?", path, re.ASCII)
    return path if fits else url_for("request.check")


# --- Codes -------------------------------------------------------------------------------------


def _via() -> tuple[UUID, str]:
    """Return this browser's own grant, lapsed or not, and the browser's id."""
    browser = links.browser_id()
    via = drafts.last_grant(browser, "draft") if browser else None
    if browser is None or via is None:
        abort(404)
    return via, browser
