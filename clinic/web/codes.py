"""Mailing and taking the six-digit codes, with the brakes that all such pages share."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask_babel import gettext as _
from werkzeug.exceptions import TooManyRequests

from clinic.extensions import site
from clinic.forms import MailedCodeForm
from clinic.services import tokens
from clinic.web import guards, limits


def mail(via: UUID, browser: str) -> None:
    """Mail a code to the address behind this link or grant."""
    per_hour = f"{site.settings.codes_per_hour}/hour"
    limits.take(replace(limits.CODE_CLIENT, rates=per_hour), limits.client())
    try:
        tokens.mail_code(guards.actor(), guards.now(), via, browser=browser)
    except tokens.TooManyCodes as many:
        raise TooManyRequests(retry_after=3600) from many


def take(via: UUID, browser: str, form: MailedCodeForm, *, mail_link: bool = False) -> bool:
    """Take the code that was typed; a wrong one is said beside its field."""
    if not form.validate():
        return False
    accepted = tokens.enter_code(
        guards.actor(),
        guards.now(),
        via,
        browser=browser,
        code=form.code.data or "",
        mail_link=mail_link,
    )
    if not accepted:
        form.refuse("code", _("That code does not fit, or its time is over. Ask for a new one"))
    return accepted
