"""What an admin sets: the clinic's words and numbers, each change with its history."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from clinic import forms
from clinic.access import NotThere, Permission
from clinic.extensions import site
from clinic.forms import PlainForm, SeenForm, SettingsForm
from clinic.queries import opening, readiness
from clinic.queries import settings as stored
from clinic.queries.settings import Row
from clinic.services import settings
from clinic.services.transaction import ChangedUnderneath
from clinic.web import check_words, guards

blueprint = Blueprint("settings", __name__, url_prefix="/staff/settings")
Answer = str | tuple[str, int] | Response
GROUPS = {
    "clinic": (
        lazy_gettext("The clinic"),
        lazy_gettext("Name, phone, address, hours in words, closed banner, languages"),
    ),
    "money": (lazy_gettext("Prices and insurance"), lazy_gettext("What the page of prices says")),
    "times": (
        lazy_gettext("Times and targets"),
        lazy_gettext("How long an offer is held, length of a visit, targets"),
    ),
    "alerts": (lazy_gettext("Urgent alerts"), lazy_gettext("Who is told, and when somebody else")),
    "keeping": (
        lazy_gettext("How long things are kept"),
        lazy_gettext("Drafts, links, questions, closed requests, letters, backups"),
    ),
}


@blueprint.get("")
@guards.staff(Permission.MANAGE_SETTINGS)
def overview() -> str:
    """Show what is to do before the first patient, and every group of settings."""
    actor, now = guards.actor(), guards.now()
    lines = check_words.said(readiness.look(actor, now))
    return render_template(
        "settings/overview.html",
        open_lines=[line for line in lines if line.state != readiness.OK],
        fine_lines=[line for line in lines if line.state == readiness.OK],
        groups=GROUPS,
        banner=site.settings.closed_banner,
    )


@blueprint.route("/<group>", methods=["GET", "POST"])
@guards.staff(Permission.MANAGE_SETTINGS)
def group(group: str) -> Answer:
    """Show and change the settings of one group."""
    if group not in GROUPS:
        raise NotThere
    rows = stored.group(guards.actor(), group)
    given = {row.name: forms.shown_setting(row.name, row.value) for row in rows}
    form = forms.settings_form(group)(data=given)
    if not form.validate_on_submit():
        return _page(group, rows, form), 422 if form.errors else 200
    try:
        changed = settings.change(
            guards.actor(), guards.now(), group, values=form.values(), seen=form.seen_version
        )
    except ChangedUnderneath as stale:
        return _page(group, rows, form, stale=stale), 409
    said = _("The settings are saved and in force.") if changed else _("Nothing was changed.")
    flash(said, "success")
    return redirect(url_for("settings.group", group=group), 303)


@blueprint.post("/<group>/<name>/put-back")
@guards.staff(Permission.MANAGE_SETTINGS)
def put_back(group: str, name: str) -> Answer:
    """Return one setting to the value before."""
    form = SeenForm()
    if form.validate_on_submit():
        settings.put_back(guards.actor(), guards.now(), name, seen=form.seen_version)
        flash(_("The value before is in force again."), "success")
    return redirect(url_for("settings.group", group=group), 303)


@blueprint.post("/open-again")
@guards.staff(Permission.MANAGE_SETTINGS)
def open_again() -> Answer:
    """Take the banner off that says that the clinic is closed."""
    if PlainForm().validate_on_submit():
        settings.clear(guards.actor(), guards.now(), "closed_banner", "closed_banner_es")
        flash(_("The banner is off."), "success")
    return redirect(url_for("settings.overview"), 303)


@blueprint.get("/history")
@guards.staff(Permission.SEE_AUDIT)
def history() -> str:
    """List who changed which setting."""
    before = request.args.get("before", "")
    found = stored.history(
        guards.actor(), before=int(before) if before.isascii() and before.isdigit() else None
    )
    return render_template(
        "settings/history.html",
        changes=found,
        labels={name: label for name, (label, _hint) in forms.SETTING_LABELS.items()},
        more=len(found) == stored.HISTORY,
        zone=opening.zone(),
    )


def _page(
    group: str, rows: tuple[Row, ...], form: SettingsForm, *, stale: ChangedUnderneath | None = None
) -> str:
    typed = form.values()
    differs = [
        row
        for row in rows
        if stale and typed[row.name] != _as_typed(forms.shown_setting(row.name, row.value))
    ]
    return render_template(
        "settings/group.html",
        group=group,
        title=GROUPS[group][0],
        form=form,
        rows=rows,
        seen=stored.seen(rows),
        stale=stale,
        differs=[(form[row.name].label.text, row.value.replace("|", " / ")) for row in differs],
        zone=opening.zone(),
    )


def _as_typed(shown: object) -> str:
    return ",".join(shown) if isinstance(shown, list) else str(shown)
