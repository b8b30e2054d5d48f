"""Signing in: password, second factor, forgotten passwords.

Anyone may ask for these pages; what one shows depends on how far this browser has come
(clinic.web.entrance).
"""

from __future__ import annotations

import os

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from clinic.access import NotThere
from clinic.extensions import site
from clinic.forms import (
    CodeForm,
    ForgotForm,
    NewPasswordForm,
    PlainForm,
    ProveForm,
    RecoveryForm,
    SignInForm,
    typed,
)
from clinic.queries import staff as accounts
from clinic.services import factors, resets
from clinic.web import entrance, filters, guards, pictures, security

blueprint = Blueprint("security", __name__, url_prefix="/staff")
Page = tuple[str, int]


@blueprint.route("/sign-in", methods=["GET", "POST"], endpoint="login")
@guards.public
def sign_in() -> ResponseReturnValue:
    """Ask for e-mail and password; whatever is wrong, the answer is the same."""
    if security.signed_in_actor():
        return redirect(security.home(), 303)
    form = SignInForm()
    target = request.values.get("next")
    if form.validate_on_submit():
        user = entrance.check_password(typed(form.email), typed(form.password))
        if user is not None:
            return entrance.go_halfway(user, target)
        form.password.errors = [_("The email or the password is not right. Please try again.")]
    return _page("security/login.html", form, target=security.own_path(target))


@blueprint.route("/code", methods=["GET", "POST"])
@guards.public
def factor() -> ResponseReturnValue:
    """Ask for a code of the app."""
    user = entrance.halfway()
    if user is None:
        return redirect(url_for("security.login"), 303)
    form = CodeForm()
    if form.validate_on_submit():
        if entrance.accept_code(user, typed(form.code)):
            return entrance.arrive(user)
        refuse_code(form)
    return _page("security/factor.html", form)


@blueprint.route("/recovery-code", methods=["GET", "POST"])
@guards.public
def recovery() -> ResponseReturnValue:
    """Ask for a recovery code instead."""
    user = entrance.halfway()
    if user is None:
        return redirect(url_for("security.login"), 303)
    form = RecoveryForm()
    if form.validate_on_submit():
        if entrance.accept_recovery_code(user, typed(form.code)):
            answer = entrance.arrive(user)
            flash(
                _("You used a recovery code. If your phone is lost, set up a new app."), "warning"
            )
            return answer
        form.code.errors = [_("This is not one of your unused recovery codes.")]
    return _page("security/recovery.html", form)


@blueprint.route("/set-up", methods=["GET", "POST"])
@guards.public
def set_up() -> ResponseReturnValue:
    """Set up the app at the first sign-in; nothing else can be reached before it."""
    user = entrance.halfway()
    if user is None:
        return redirect(url_for("security.login"), 303)
    if user.tf_totp_secret_sealed is not None:
        return redirect(url_for("security.factor"), 303)
    form = CodeForm()
    if form.validate_on_submit() and "secret" in session:
        codes = entrance.set_up(user, typed(form.code))
        if codes:
            session["next"] = url_for("account.recovery_codes")
            answer = entrance.arrive(user)
            session["recovery_codes"] = codes
            return answer
        refuse_code(form)
    return _page("security/set_up.html", form, **secret_in_hand(user.email))


@blueprint.route("/forgot", methods=["GET", "POST"], endpoint="forgot_password")
@guards.public
def forgot() -> ResponseReturnValue:
    """Send a link for a new password; the answer does not tell whether an account exists."""
    form = ForgotForm()
    if form.validate_on_submit():
        entrance.ask_reset(typed(form.email))
        return redirect(url_for("security.forgot_sent"), 303)
    return _page("security/forgot.html", form)


@blueprint.get("/forgot/sent")
@guards.public
def forgot_sent() -> ResponseReturnValue:
    """Say what happens next."""
    minutes = int(resets.LIFE.total_seconds() // 60)
    return render_template("security/forgot_sent.html", minutes=minutes)


@blueprint.get("/reset/<token>")
@guards.public
def reset_link(token: str) -> ResponseReturnValue:
    """Take the token of a mailed link out of the address; nothing is used up by looking."""
    session["reset"] = token[:64]
    return redirect(url_for("security.reset_password"), 303)


@blueprint.route("/new-password", methods=["GET", "POST"], endpoint="reset_password")
@guards.public
def reset() -> ResponseReturnValue:
    """Choose a new password with a mailed link; every dead link looks the same."""
    token = session.get("reset", "")
    if not accounts.reset_is_open(token, guards.now()):
        raise NotThere
    form = NewPasswordForm()
    if form.validate_on_submit():
        problem = security.password_problem(typed(form.password))
        if problem is None:
            resets.spend(
                guards.actor(),
                guards.now(),
                token,
                password_hash=security.hashed(typed(form.password)),
                language=filters.language(),
            )
            session.pop("reset", None)
            flash(_("Your new password is set. Please sign in with it."), "success")
            return redirect(url_for("security.login"), 303)
        form.password.errors = [problem]
    return _page("security/reset.html", form)


@blueprint.route("/verify", methods=["GET", "POST"])
@guards.member
def verify() -> ResponseReturnValue:
    """Ask for both proofs again before something that could harm the account."""
    form = ProveForm()
    target = request.values.get("next")
    if form.validate_on_submit():
        if entrance.prove_again(typed(form.password), typed(form.code)):
            return redirect(security.own_path(target) or url_for("account.overview"), 303)
        form.code.errors = [_("The password or the code is not right. Please try again.")]
    return _page("security/verify.html", form, target=security.own_path(target))


@blueprint.post("/sign-out", endpoint="logout")
@guards.public
def sign_out() -> ResponseReturnValue:
    """End this browser's session, and let the browser forget what it kept of the pages."""
    if PlainForm().validate_on_submit():
        entrance.sign_out()
    answer = redirect(url_for("security.login"), 303)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def secret_in_hand(account: str) -> dict[str, object]:
    """Return the secret that this session holds, as picture and text; make one if none is held."""
    if "secret" not in session:
        session["secret"] = factors.new_secret(os.urandom)
    secret: str = session["secret"]
    issuer = site.settings.clinic_name
    return {
        "picture": Markup(pictures.qr(factors.address(secret, account=account, issuer=issuer))),  # noqa: S704 - our own drawing
        "typed_secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    }


def refuse_code(form: CodeForm) -> None:
    """Say that a code was not taken, and empty its box for the next one."""
    form.code.data = ""
    form.code.errors = [
        _("This code is not right, or was used before. Wait for the next one and try again.")
    ]


def _page(template: str, form: object, **values: object) -> Page:
    refused = bool(getattr(form, "errors", None))
    return render_template(template, form=form, **values), 422 if refused else 200
