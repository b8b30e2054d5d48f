"""Last time's answers, for somebody who has asked before: first the code, then page by page."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask import request as web
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic import contact, forms
from clinic.queries import drafts
from clinic.queries.drafts import OpenDraft
from clinic.services import returning
from clinic.services.returning import NotProved
from clinic.web import codes, guards, links

blueprint = Blueprint("returning", __name__, url_prefix="/request/last-time")
Answer = str | Response | tuple[str, int]


@blueprint.get("/")
@guards.draft
def page() -> Answer:
    """Say what can be filled in, and that a code comes first."""
    draft = _draft()
    if draft is None:
        return redirect(url_for("request.check"), 303)
    return _draw(draft, forms.MailedCodeForm(formdata=None))


@blueprint.post("/code")
@guards.draft
def mail_code() -> Answer:
    """Mail the code that proves the address."""
    if _draft() is None:
        return redirect(url_for("request.check"), 303)
    codes.mail(*_via())
    return redirect(url_for("returning.page", coded=1), 303)


@blueprint.post("/")
@guards.draft
def bring() -> Answer:
    """Take the code, if one is needed, and fill in the last answers."""
    draft = _draft()
    if draft is None:
        return redirect(url_for("request.check"), 303)
    form = forms.MailedCodeForm()
    if not draft.contact.email_proved and not codes.take(*_via(), form):
        return _draw(draft, form), 422
    try:
        found = returning.bring(guards.actor(), guards.now(), draft.request_id)
    except NotProved:
        return redirect(url_for("returning.page"), 303)
    if found:
        flash(_("Your last answers are filled in. Please check each page."), "success")
    else:
        flash(
            _("We found no earlier answers for this name, date of birth and email. Please go on."),
            "info",
        )
    return redirect(url_for("request.where"), 303)


def _draft() -> OpenDraft | None:
    """The open draft of a new request that has an address; others have nothing to fill in here."""
    draft = drafts.find(guards.actor(), guards.now())
    fits = draft is not None and drafts.ABOUT in draft.steps and draft.contact.email
    return draft if fits and draft is not None and not draft.sent_before else None


def _draw(draft: OpenDraft, form: forms.MailedCodeForm) -> str:
    return render_template(
        "returning/page.html",
        form=form,
        draft=draft,
        email=contact.masked_email(draft.contact.email or ""),
        coded="coded" in web.args or web.method == "POST",
    )


def _via() -> tuple[UUID, str]:
    """Return this browser's own grant of the draft, and the browser's id."""
    browser = links.browser_id()
    via = drafts.last_grant(browser, "draft") if browser else None
    if browser is None or via is None:
        abort(404)
    return via, browser
