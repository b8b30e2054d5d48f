"""One's own account: sessions, password, authenticator app, recovery codes."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from clinic.blueprints.security import refuse_code, secret_in_hand
from clinic.forms import ChangePasswordForm, CodeForm, PlainForm, typed
from clinic.queries import staff as accounts
from clinic.services import factors, staff, staff_sessions
from clinic.web import entrance, filters, guards, security, sessions, words

blueprint = Blueprint("account", __name__, url_prefix="/staff/account")


@blueprint.get("")
@guards.member
def overview() -> ResponseReturnValue:
    """Show one's own account and where it is signed in."""
    account = accounts.account(guards.actor(), guards.now())
    rows = [
        (_("Email"), account.email),
        (_("Role"), ", ".join(str(words.ROLES[role]) for role in account.roles)),
        (_("License"), account.licence),
    ]
    return render_template(
        "account/overview.html",
        account=account,
        here=_here(),
        rows=[row for row in rows if row[1]],
        zone=account.zone,
    )


@blueprint.post("/keep")
@guards.member
def keep() -> ResponseReturnValue:
    """Note that somebody is still there; the page asks this before a session ends."""
    return "", 204, {"Content-Type": "text/plain; charset=utf-8"}


@blueprint.post("/sessions/<uuid:session_id>/end")
@guards.member
@entrance.fresh
def end_session(session_id: UUID) -> ResponseReturnValue:
    """End one of one's own sessions."""
    if PlainForm().validate_on_submit():
        staff_sessions.end_own(guards.actor(), guards.now(), session_id)
        flash(_("That session has ended."), "success")
    return redirect(url_for("account.overview"), 303)


@blueprint.post("/sessions/end-others")
@guards.member
@entrance.fresh
def end_others() -> ResponseReturnValue:
    """End every one of one's own sessions but this one."""
    if PlainForm().validate_on_submit():
        staff_sessions.end_own_others(guards.actor(), guards.now(), _here())
        flash(_("Your other sessions have ended."), "success")
    return redirect(url_for("account.overview"), 303)


@blueprint.route("/password", methods=["GET", "POST"])
@guards.member
@entrance.fresh
def password() -> ResponseReturnValue:
    """Change one's own password; other sessions end."""
    form, user = ChangePasswordForm(), entrance.signed_in_user()
    if form.validate_on_submit():
        if not security.is_password(user, typed(form.present)):
            form.present.errors = [_("This is not your present password.")]
        elif problem := security.password_problem(typed(form.password), user):
            form.password.errors = [problem]
        else:
            staff.change_password(
                guards.actor(),
                guards.now(),
                user.id,
                password_hash=security.hashed(typed(form.password)),
                session_id=_here(),
                language=filters.language(),
            )
            entrance.enter(user)
            flash(_("Your password is changed. Your other sessions have ended."), "success")
            return redirect(url_for("account.overview"), 303)
    return render_template("account/password.html", form=form), 422 if form.errors else 200


@blueprint.route("/app", methods=["GET", "POST"])
@guards.member
@entrance.fresh
def app() -> ResponseReturnValue:
    """Put another authenticator app in place of the present one; other sessions end."""
    form, user = CodeForm(), entrance.signed_in_user()
    if form.validate_on_submit() and "secret" in session:
        codes = entrance.set_up(user, typed(form.code))
        if codes:
            entrance.enter(user)
            session["recovery_codes"] = codes
            return redirect(url_for("account.recovery_codes"), 303)
        refuse_code(form)
    page = render_template("account/app.html", form=form, **secret_in_hand(user.email))
    return page, 422 if form.errors else 200


@blueprint.get("/recovery-codes")
@guards.member
def recovery_codes() -> ResponseReturnValue:
    """Show new recovery codes until somebody says that they are kept; after that, never again."""
    codes = session.get("recovery_codes")
    if not codes:
        return redirect(url_for("account.overview"), 303)
    return render_template("account/recovery_codes.html", codes=codes)


@blueprint.post("/recovery-codes/kept")
@guards.member
def recovery_codes_kept() -> ResponseReturnValue:
    """Forget the codes that were shown."""
    if PlainForm().validate_on_submit():
        session.pop("recovery_codes", None)
    return redirect(security.home(), 303)


@blueprint.post("/recovery-codes/new")
@guards.member
@entrance.fresh
def new_recovery_codes() -> ResponseReturnValue:
    """Make new recovery codes; the earlier ones are dead."""
    if PlainForm().validate_on_submit():
        session["recovery_codes"] = factors.renew_recovery_codes(guards.actor(), guards.now())
    return redirect(url_for("account.recovery_codes"), 303)


def _here() -> UUID:
    row = sessions.row()
    assert row is not None  # noqa: S101 - the policy let in a signed-in member of staff alone
    return row.id
