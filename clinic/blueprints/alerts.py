"""Urgent alerts for all staff: the red banner of every page, the list, and taking one up."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask import request as web
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic import contact
from clinic.access import ActorKind, NotThere, Permission
from clinic.forms import AlertForm
from clinic.queries import alerts as open_alerts
from clinic.queries.alerts import AlertRow, Waiting
from clinic.services import alerts
from clinic.services.transaction import ChangedUnderneath
from clinic.web import filters, guards, security

blueprint = Blueprint("alerts", __name__, url_prefix="/staff/alerts")
Answer = str | Response


@blueprint.get("/")
@guards.staff(Permission.SEE_QUEUE)
def overview() -> Answer:
    """List the open alerts."""
    return render_template(
        "alerts/overview.html", rows=open_alerts.every(guards.actor(), guards.now())
    )


@blueprint.post("/<reference>")
@guards.staff(Permission.WORK_REQUESTS)
def acknowledge(reference: str) -> Answer:
    """Take up the alert of one request."""
    shown = open_alerts.of_request(guards.actor(), reference, guards.now())
    form = AlertForm()
    if not form.validate():
        raise NotThere
    if shown is None:
        flash(_("This alert is closed already."), "info")
        return _back()
    try:
        taken = alerts.acknowledge(
            guards.actor(),
            guards.now(),
            shown.request_id,
            alert_id=form.alert_id,
            raised_at=form.raised,
        )
    except ChangedUnderneath:
        flash(_("Another urgent answer came in. Look again, then acknowledge it."), "warning")
        return _back()
    if taken.first:
        flash(_("You have taken this up. Call the patient now."), "success")
    else:
        when = filters.spoken(taken.at, shown.zone)
        flash(_("%(name)s has taken this up, %(when)s.", name=taken.by, when=when), "info")
    return _back()


def _back() -> Response:
    target = security.own_path(web.form.get("back"))
    return redirect(target or url_for("alerts.overview"), 303)


# --- What other pages draw -------------------------------------------------------------------


@blueprint.app_template_global()
def urgent_waiting() -> Waiting | None:
    """Count what nobody has taken up, for a signed-in page; None where there is nothing."""
    actor = guards.actor()
    if actor.kind is not ActorKind.STAFF:
        return None
    found = open_alerts.waiting(actor, guards.now())
    return found if found.count else None


@blueprint.app_template_global()
def alert_of(reference: str) -> AlertRow | None:
    """Return the open alert of a request for the page that shows it."""
    return open_alerts.of_request(guards.actor(), reference, guards.now())


@blueprint.app_template_filter()
def dialled(stored: str) -> tuple[str, str]:
    """Return a stored number as people read it, and the link that dials it."""
    try:
        number = contact.phone(stored)
    except contact.UnfitPhone:
        return stored, f"tel:{stored}"
    return number.display, number.uri
