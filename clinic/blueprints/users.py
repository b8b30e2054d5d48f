"""Who works here: invited, given roles, closed; for admins, who prove themselves again first."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic import contact
from clinic.access import Permission, Role
from clinic.forms import InviteForm, ProfileForm, RolesForm, typed
from clinic.queries import opening
from clinic.queries import staff as accounts
from clinic.services import staff
from clinic.services.staff import AddressTaken, LastAdmin, OwnAccount
from clinic.services.transaction import ChangedUnderneath
from clinic.web import entrance, filters, guards, words

blueprint = Blueprint("users", __name__, url_prefix="/staff/users")
Answer = str | tuple[str, int] | Response
P = ParamSpec("P")


def _proved(view: Callable[P, Answer]) -> Callable[P, Answer]:
    """Ask for both proofs again unless they were given minutes ago, and come back to the person."""

    @wraps(view)
    def asked(*args: P.args, **kwargs: P.kwargs) -> Answer:
        if entrance.is_fresh():
            return view(*args, **kwargs)
        user_id = kwargs.get("user_id")
        back = url_for("users.person", user_id=user_id) if user_id else url_for("users.invite")
        return redirect(url_for("security.verify", next=back), 303)

    return asked


@blueprint.get("")
@guards.staff(Permission.MANAGE_USERS)
def listing() -> str:
    """List every account."""
    return render_template(
        "settings/users.html",
        people=accounts.profiles(guards.actor(), guards.now()),
        role_words=words.ROLES,
        zone=opening.zone(),
    )


@blueprint.route("/invite", methods=["GET", "POST"])
@guards.staff(Permission.MANAGE_USERS)
@_proved
def invite() -> Answer:
    """Make an account, and mail its owner a link to choose a password."""
    form = InviteForm()
    form.roles.choices = _roles()
    if not form.validate_on_submit():
        return render_template("settings/invite.html", form=form), 422 if form.errors else 200
    try:
        user_id = staff.invite(
            guards.actor(),
            guards.now(),
            email=contact.email_key(typed(form.email)),
            name=typed(form.name).strip(),
            licence=typed(form.licence).strip(),
            roles=[Role(role) for role in form.roles.data or ()],
            language=filters.language(),
        )
    except AddressTaken:
        form.email.errors = [_("There is an account with this email address already")]
        return render_template("settings/invite.html", form=form), 422
    flash(_("The invitation is mailed. The link in it is good for three days."), "success")
    return redirect(url_for("users.person", user_id=user_id), 303)


@blueprint.get("/<uuid:user_id>")
@guards.staff(Permission.MANAGE_USERS)
@_proved
def person(user_id: UUID) -> Answer:
    """Show one account, and what can be done with it."""
    return _page(user_id)


@blueprint.post("/<uuid:user_id>")
@guards.staff(Permission.MANAGE_USERS)
def describe(user_id: UUID) -> Answer:
    """Change what colleagues and the team page say of a person."""
    form = ProfileForm()
    if not form.validate_on_submit():
        return _page(user_id, form=form), 422
    try:
        staff.describe(
            guards.actor(),
            guards.now(),
            user_id,
            name=typed(form.name).strip(),
            licence=typed(form.licence).strip(),
            about=(form.about.data or "").strip(),
            about_es=(form.about_es.data or "").strip(),
            shown_on_team=form.shown_on_team.data,
            seen=form.seen_version,
        )
    except ChangedUnderneath:
        return _page(user_id, form=form, stale=True), 409
    return _back(user_id, _("Saved."))


@blueprint.post("/<uuid:user_id>/roles")
@guards.staff(Permission.MANAGE_USERS)
@_proved
def change_roles(user_id: UUID) -> Answer:
    """Give a person other roles; they sign in anew."""
    form = RolesForm(prefix="given-")
    form.roles.choices = _roles()
    if not form.validate_on_submit():
        return _page(user_id, roles=form), 422
    chosen = [Role(role) for role in form.roles.data or ()]
    return _do(
        user_id,
        lambda: staff.change_roles(guards.actor(), guards.now(), user_id, roles=chosen),
        _("The roles are changed. The person signs in again to use them."),
    )


@blueprint.post("/<uuid:user_id>/disable")
@guards.staff(Permission.MANAGE_USERS)
@_proved
def disable(user_id: UUID) -> Answer:
    """Close an account."""
    return _do(
        user_id,
        lambda: staff.disable(guards.actor(), guards.now(), user_id),
        _("The account is closed and its sessions have ended."),
    )


@blueprint.post("/<uuid:user_id>/enable")
@guards.staff(Permission.MANAGE_USERS)
@_proved
def enable(user_id: UUID) -> Answer:
    """Open an account again."""
    return _do(
        user_id,
        lambda: staff.enable(guards.actor(), guards.now(), user_id),
        _("The account is open again."),
    )


@blueprint.post("/<uuid:user_id>/end-sessions")
@guards.staff(Permission.MANAGE_USERS)
@_proved
def end_sessions(user_id: UUID) -> Answer:
    """End every session of a person."""
    return _do(
        user_id,
        lambda: staff.end_sessions(guards.actor(), guards.now(), user_id),
        _("The sessions have ended."),
    )


@blueprint.post("/<uuid:user_id>/reset-factor")
@guards.staff(Permission.MANAGE_USERS)
@_proved
def reset_factor(user_id: UUID) -> Answer:
    """Take a lost second factor away."""
    language = filters.language()
    return _do(
        user_id,
        lambda: staff.reset_factor(guards.actor(), guards.now(), user_id, language=language),
        _("The second factor is removed. A letter tells the person."),
    )


@blueprint.post("/<uuid:user_id>/invite-again")
@guards.staff(Permission.MANAGE_USERS)
@_proved
def invite_again(user_id: UUID) -> Answer:
    """Mail another invitation."""
    language = filters.language()
    return _do(
        user_id,
        lambda: staff.invite_again(guards.actor(), guards.now(), user_id, language=language),
        _("Another invitation is mailed. The earlier link is dead."),
    )


def _do(user_id: UUID, act: Callable[[], object], said: str) -> Answer:
    """Do one act of a plain button, and say what came of it."""
    try:
        act()
    except OwnAccount:
        flash(_("Nobody changes their own roles or account. Ask another admin."), "warning")
        return redirect(url_for("users.person", user_id=user_id), 303)
    except LastAdmin:
        flash(_("This is the only admin. Make somebody else admin first."), "warning")
        return redirect(url_for("users.person", user_id=user_id), 303)
    return _back(user_id, said)


def _back(user_id: UUID, said: str) -> Response:
    flash(said, "success")
    return redirect(url_for("users.person", user_id=user_id), 303)


def _page(
    user_id: UUID,
    *,
    form: ProfileForm | None = None,
    roles: RolesForm | None = None,
    stale: bool = False,
) -> str:
    found = accounts.profile(guards.actor(), user_id, guards.now())
    said = {
        "name": found.member.name,
        "licence": found.licence,
        "about": found.about,
        "about_es": found.about_es,
        "shown_on_team": found.shown_on_team,
    }
    given = roles or RolesForm(
        prefix="given-", formdata=None, data={"roles": [str(role) for role in found.member.roles]}
    )
    given.roles.choices = _roles()
    profile_form = form or ProfileForm(formdata=None, data=said)
    return render_template(
        "settings/person.html",
        person=found,
        form=profile_form,
        roles_form=given,
        failed=roles or profile_form,
        stale=stale,
        stored=[(str(profile_form[name].label.text), str(value)) for name, value in said.items()],
        own=user_id == guards.actor().id,
        role_words=words.ROLES,
        zone=opening.zone(),
    )


def _roles() -> list[tuple[str, str]]:
    return [(str(role), str(words.ROLES[role])) for role in Role]
