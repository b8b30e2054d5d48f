"""Where a request stands: links, codes, the status page, the answer to an offer."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, session, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.access import NotThere
from clinic.booking.lifecycle import NoSuchMove
from clinic.forms import MailedCodeForm, SeenForm, WordsForm
from clinic.queries import drafts, status
from clinic.queries.status import Link
from clinic.screening import regions
from clinic.services import offering, submission
from clinic.services.holding import SlotTaken
from clinic.services.needling import NotCleared
from clinic.services.offering import OfferEnded
from clinic.services.transaction import ChangedUnderneath
from clinic.services.triage import UrgentOpen
from clinic.web import codes, filters, guards, languages, links, words

blueprint = Blueprint("status", __name__)
Answer = str | Response | tuple[str, int]
LINK = "link"
TOO_LATE = (OfferEnded, SlotTaken, NotCleared, ChangedUnderneath, NoSuchMove)


@blueprint.get("/r/<secret>")
@guards.public
def link(secret: str) -> Answer:
    """Take a mailed link out of the address bar; nothing changes but a cookie."""
    try:
        found = status.link(secret, guards.now())
    except NotThere:
        return render_template("status/no_link.html"), 404
    session[LINK] = found.id.hex
    links.browser_id(make=True)
    page = redirect(url_for("status.overview"), 303)
    # A page speaks as its letter did, unless another language was chosen in this browser.
    return page if languages.chosen() else languages.remember(page, found.language)


@blueprint.get("/status/")
@guards.status
def overview() -> Answer:
    """Show where the request stands."""
    followed = _followed()
    if followed is not None and followed.request_id != guards.actor().request_id:
        return redirect(url_for("status.closed"), 303)
    return _overview(WordsForm(formdata=None))


def _overview(form: WordsForm) -> str | Response:
    try:
        standing = status.standing(guards.actor(), guards.now())
    except NotThere:
        return redirect(url_for("status.closed"), 303)
    return render_template(
        "status/overview.html",
        standing=standing,
        form=form,
        desk=words.DESK[standing.desk_state],
        clinical=words.CLINICAL[standing.clinical_state],
        sent_on=format_date(drafts.today(standing.sent_at), "long"),
        regions=[regions.label(region, filters.language()) for region in standing.regions],
    )


@blueprint.get("/status/closed")
@guards.public
def closed() -> Answer:
    """Offer a code, which opens the page in this browser."""
    return _draw_closed(MailedCodeForm(), coded=False)


@blueprint.post("/status/code")
@guards.public
def mail_code() -> Answer:
    """Mail a code to the address behind the link."""
    codes.mail(*_via())
    return redirect(url_for("status.code"), 303)


@blueprint.get("/status/code")
@guards.public
def code() -> Answer:
    """Ask for the code."""
    return _draw_closed(MailedCodeForm(), coded=True)


@blueprint.post("/status/closed")
@guards.public
def enter() -> Answer:
    """Take the code and open the draft or the status page in this browser."""
    form = MailedCodeForm()
    if not codes.take(*_via(), form):
        return _draw_closed(form, coded=True), 422
    followed = _followed()
    session.pop(LINK, None)
    if followed is not None and followed.has_draft:
        return redirect(url_for("request.check"), 303)
    return redirect(url_for("status.overview"), 303)


@blueprint.post("/status/offers/<uuid:offer_id>/accept/<uuid:appointment_id>")
@guards.status
def accept(offer_id: UUID, appointment_id: UUID) -> Answer:
    """Take one of the offered times."""
    try:
        offering.accept(
            guards.actor(),
            guards.now(),
            offer_id,
            appointment_id=appointment_id,
            seen=SeenForm().seen_version,
        )
    except TOO_LATE as late:
        return _other_time(late) or late_page(late)
    flash(_("Thank you. Your appointment is confirmed."), "success")
    return redirect(url_for("status.overview"), 303)


@blueprint.post("/status/offers/<uuid:offer_id>/decline")
@guards.status
def decline(offer_id: UUID) -> Answer:
    """Turn every offered time down, with a few words on what would fit."""
    form = WordsForm()
    if not form.validate():
        page = _overview(form)
        return page if isinstance(page, Response) else (page, 422)
    try:
        offering.decline(
            guards.actor(),
            guards.now(),
            offer_id,
            seen=form.seen_version,
            words=form.words.data or "",
        )
    except TOO_LATE as late:
        return late_page(late)
    flash(_("Thank you for telling us. We will look for another time."), "success")
    return redirect(url_for("status.overview"), 303)


@blueprint.post("/status/withdraw")
@guards.status
def withdraw() -> Answer:
    """Take the request back."""
    request_id = guards.actor().request_id
    if request_id is None:
        raise NotThere
    try:
        submission.withdraw(guards.actor(), guards.now(), request_id, seen=SeenForm().seen_version)
    except (ChangedUnderneath, NoSuchMove, UrgentOpen) as late:
        return late_page(late)
    flash(_("Your request is closed. You can call us or ask again at any time."), "success")
    return redirect(url_for("status.overview"), 303)


def _other_time(late: Exception) -> Answer | None:
    """Name the visit that stands, if a yes comes after the yes to another time of the offer."""
    if not isinstance(late, OfferEnded) or late.state != "accepted":
        return None
    visits = status.standing(guards.actor(), guards.now()).visits
    if not visits:
        return late_page(OfferEnded("ended"))
    return render_template("status/another_time.html", visits=visits), 409


def late_page(late: Exception) -> Answer:
    """Say kindly that somebody or something was faster."""
    if isinstance(late, OfferEnded) and late.state == "accepted":
        return render_template("status/accepted_before.html"), 409
    if isinstance(late, SlotTaken):
        heading = _("That time was just taken")
    elif isinstance(late, OfferEnded | NotCleared):
        heading = _("That time is not held any more")
    else:
        heading = _("Something changed in the meantime")
    return render_template("status/too_late.html", heading=heading), 409


def _followed() -> Link | None:
    """Return the link that this browser followed, if it is still good."""
    try:
        return status.link_by_id(UUID(session[LINK]), guards.now())
    except (KeyError, ValueError, NotThere):
        return None


def _via() -> tuple[UUID, str]:
    """Return what a code may be asked through: the link, else this browser's own grant."""
    browser = links.browser_id()
    followed = _followed()
    if browser is None:
        raise NotThere
    via = _wrote(followed, browser) if followed else drafts.last_grant(browser, "status")
    via = via or (followed.id if followed else None)
    if via is None:
        raise NotThere
    return via, browser


def _wrote(followed: Link, browser: str) -> UUID | None:
    """Return this browser's own grant, if it wrote the request whose address is not proved yet."""
    if followed.proved:
        return None
    return drafts.last_grant(browser, "draft", request_id=followed.request_id)


def _draw_closed(form: MailedCodeForm, *, coded: bool) -> str:
    followed, browser = _followed(), links.browser_id()
    own = drafts.last_grant(browser, "status") if browser and not followed else None
    if followed is not None and not followed.proved:
        wrote = bool(browser and _wrote(followed, browser))
        state = words.DESK[followed.desk_state]
        return render_template(
            "status/unproved.html", state=state, form=form, coded=coded, own=wrote
        )
    return render_template(
        "status/closed.html", form=form, coded=coded, known=bool(followed or own)
    )
