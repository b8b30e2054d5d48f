"""A question from the public pages, and the answers that the clinic has published."""

from __future__ import annotations

import secrets
from dataclasses import replace
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, session, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.access import NotThere
from clinic.booking import calendar
from clinic.extensions import site
from clinic.forms import EnquiryForm
from clinic.queries import enquiries, opening
from clinic.services import enquiries as service
from clinic.services.idempotency import OtherBody
from clinic.web import filters, guards, languages, limits, links

blueprint = Blueprint("enquiries", __name__)
Answer = str | Response | tuple[str, int]
KEY_BYTES = 24
SENT = "enquiry"


@blueprint.get("/ask")
@guards.public
def write() -> str:
    """Ask for a question."""
    links.browser_id(make=True)
    return _draw(_empty())


@blueprint.post("/ask")
@guards.public
def send() -> Answer:
    """Take the question in, once whatever is clicked."""
    form = EnquiryForm()
    if code := languages.wished():
        return languages.redrawn(code, lambda: _draw(EnquiryForm()))
    if not form.validate():
        return _draw(form), 422
    if not form.key:
        abort(400)
    rate = f"{site.settings.enquiries_per_hour}/hour"
    limits.take(replace(limits.ENQUIRY_CLIENT, rates=rate), limits.client())
    try:
        made = service.send(
            guards.actor(),
            guards.now(),
            question=service.Question(**form.values()),
            browser=links.browser_id(make=True) or "",
            key=form.key,
        )
    except OtherBody:
        return _sent_before(form)
    session[SENT] = made.hex
    return redirect(url_for("enquiries.sent"), 303)


@blueprint.get("/ask/sent")
@guards.public
def sent() -> Answer:
    """Say that the question arrived, and what to do now if it may not wait."""
    try:
        found = enquiries.sent(UUID(session[SENT]), browser=links.browser_id() or "")
    except (KeyError, ValueError, NotThere):
        return redirect(url_for("enquiries.write"), 303)
    return render_template("enquiries/sent.html", sent=found, when=_when())


@blueprint.get("/questions")
@guards.public
def published() -> str:
    """Show the answers that the clinic has published."""
    language = filters.language()
    rows = enquiries.published(language)
    return render_template(
        "enquiries/published.html",
        own=[row for row in rows if row.language == language],
        others=[row for row in rows if row.language != language],
        written_on=lambda row: format_date(row.published_at, "long"),
    )


def _empty() -> EnquiryForm:
    return EnquiryForm(
        data={
            "idempotency_key": secrets.token_urlsafe(KEY_BYTES),
            "language": filters.language(),
        }
    )


def _draw(form: EnquiryForm) -> str:
    return render_template("enquiries/write.html", form=form, when=_when())


def _sent_before(form: EnquiryForm) -> Answer:
    """Keep what was typed, under a new key: the first question was sent as it stood."""
    form.idempotency_key.data = secrets.token_urlsafe(KEY_BYTES)
    form.refuse(
        "", _("We have the question that you sent first. Send this one as well, if you like.")
    )
    return _draw(form), 409


def _when() -> str:
    """Say when questions are read next, if the posted hours tell."""
    found = opening.next_opening(guards.now())
    if found is None:
        return ""
    if found.opens_at is None:
        return str(_("We are open now. We answer as soon as we can while we are open."))
    spoken = calendar.spoken(found.opens_at, found.zone, filters.language())
    return str(_("We are closed now. We read questions again from %(when)s.", when=spoken))
