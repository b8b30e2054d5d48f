"""Every refusal as one HTTP answer, in one place; a refused form comes back filled in."""

from __future__ import annotations

import sys
from collections.abc import Callable

import structlog
from flask import Flask, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    RequestEntityTooLarge,
    SecurityError,
)
from werkzeug.wrappers import Response

from clinic.access import NotThere, Refused
from clinic.booking.enquiry import NotPossibleNow
from clinic.booking.lifecycle import NoSuchMove
from clinic.sealing import CannotBeRead
from clinic.services.contacting import CannotUndo
from clinic.services.desk_letters import NotFailed
from clinic.services.enquiries import AnsweredBefore, CallOrNoteMissing, UrgentQuestion
from clinic.services.holding import SlotTaken
from clinic.services.idempotency import OtherBody
from clinic.services.needling import NotCleared
from clinic.services.offering import OfferEnded
from clinic.services.publishing import NoConsent, TellsWhoAsked
from clinic.services.reading import NotWrittenDown
from clinic.services.review import CannotDecide
from clinic.services.tokens import NoAddress
from clinic.services.transaction import ChangedUnderneath
from clinic.services.triage import ClaimedByOther, UrgentOpen
from clinic.services.turning import HasRequest, OtherPerson
from clinic.web import guards, logs
from clinic.web.headers import NOT_TEXT, TOO_LONG

PAGES = (400, 403, 404, 409, 413, 429, 500, 503)
NEVER_GIVEN_BACK = ("password", "csrf_token", "code", "secret")
FOREIGN_HOST = (
    "This address is not ours. Please check it and try again.\n"
    "Esta dirección no es nuestra. Por favor, revísela e inténtelo otra vez."
)
Answer = tuple[str, int, dict[str, str]]


class CrossSite(Exception):
    """A browser said that another site sent this form."""


class NotText(Exception):
    """The form or the query holds bytes that are not UTF-8; nothing is stored in their place."""


def init_app(app: Flask) -> None:
    """Map what services raise, and what Werkzeug raises, to pages."""
    app.before_request(_refuse_cross_site)
    app.before_request(_refuse_what_is_too_long)
    app.before_request(_refuse_what_is_no_text)
    fixed = {
        NotThere: 404,
        Refused: 403,
        NoSuchMove: 409,
        ChangedUnderneath: 409,
        OtherBody: 409,
        SlotTaken: 409,
        OfferEnded: 409,
        NotCleared: 409,
        ClaimedByOther: 409,
        UrgentOpen: 409,
        CannotDecide: 409,
        CannotUndo: 409,
        NotFailed: 409,
        NoAddress: 409,
        NotPossibleNow: 409,
        AnsweredBefore: 409,
        CallOrNoteMissing: 409,
        UrgentQuestion: 409,
        NoConsent: 409,
        TellsWhoAsked: 409,
        HasRequest: 409,
        OtherPerson: 409,
        CannotBeRead: 500,
        NotWrittenDown: 503,
    }
    for kind, status in fixed.items():
        app.register_error_handler(kind, _answering(status))
    app.register_error_handler(CrossSite, _cross_site)
    app.register_error_handler(guards.NeedsCode, _ask_for_code)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(NotText, _not_text)
    app.register_error_handler(SQLAlchemyError, _database)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def page(
    status: int,
    *,
    message: str | None = None,
    wait: int | None = None,
    sign_in: str | None = None,
) -> Answer:
    """Draw the error page of a status, with the form that was sent, if one was."""
    known = status if status in PAGES else (404 if status < 500 else 500)
    keep = request.method == "POST" and known in (400, 409, 429, 500, 503) and not _foreign()
    text = render_template(
        f"errors/{known}.html",
        message=message,
        trace=guards.trace(),
        retry_action=request.path if keep else None,
        kept=_kept() if keep else [],
        sign_in=sign_in,
    )
    return text, status, {"Retry-After": str(wait)} if wait else {}


def _kept() -> list[tuple[str, str]]:
    """List the fields of the refused form, but for secrets; lines of one name stay in order."""
    return [
        (name, value)
        for name, value in request.form.items(multi=True)
        if not any(word in name for word in NEVER_GIVEN_BACK)
    ]


def _expired() -> str:
    text: str = _(
        "The page was open for a long time. Your answers are still here. Send them again."
    )
    return text


def _signed_out() -> str:
    text: str = _(
        "You were signed out. Sign in in another window, then come back here and send it again."
    )
    return text


def _foreign() -> bool:
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")


def _refuse_cross_site() -> None:
    unsafe = request.method not in ("GET", "HEAD", "OPTIONS")
    if unsafe and request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise CrossSite


def _cross_site(_error: CrossSite) -> Answer:
    _note(403)
    return page(
        403, message=_("This was sent from another site, so we did not take it. Send it from here.")
    )


def _refuse_what_is_too_long() -> None:
    if request.environ.get(TOO_LONG):
        raise RequestEntityTooLarge


def _refuse_what_is_no_text() -> None:
    if request.environ.get(NOT_TEXT):
        raise NotText


def _not_text(_error: NotText) -> Answer:
    return page(
        400, message=_("Some letters could not be read. Please look at them and send it again.")
    )


def _csrf(_error: CSRFError) -> Answer | Response:
    if request.environ.get(TOO_LONG):  # the token was in what is not handed on
        return page(413)
    if not _kept():
        return page(400)
    try:
        signed_out = guards.asks_for_sign_in()
    except HTTPException as unreachable:  # nobody can tell: the database does not answer
        return _http(unreachable)
    if signed_out:
        return page(400, message=_signed_out(), sign_in=url_for("security.login"))
    return page(400, message=_expired())


def _answering(status: int) -> Callable[[Exception], Answer]:
    def answer(_error: Exception) -> Answer:
        _note(status)
        return page(status)

    return answer


def _ask_for_code(error: guards.NeedsCode) -> Response:
    if error.policy is guards.DRAFT and request.method == "POST":
        # 307: the browser sends the same form there, so that nothing typed is lost.
        return redirect(url_for("request.hold", typed_at=request.full_path.rstrip("?")), 307)
    endpoint = "status.closed" if error.policy is guards.STATUS else "request.closed"
    return redirect(url_for(endpoint), 303)


def _database(error: SQLAlchemyError) -> Answer:
    _note(503)
    busy = isinstance(error, OperationalError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )
    return page(503 if busy else 500, wait=5 if busy else None)


def _http(error: HTTPException) -> Answer | Response:
    status = error.code or 500
    if 300 <= status < 400:
        return error.get_response()
    if isinstance(error, SecurityError):  # a foreign Host: no page of ours has an address there
        return Response(FOREIGN_HOST, status, mimetype="text/plain")
    wait = getattr(error, "retry_after", None)
    text, status, headers = page(status, wait=wait if isinstance(wait, int) else None)
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return text, status, headers


def _unexpected(_error: Exception) -> Answer:
    _note(500)
    return page(500)


def _note(status: int) -> None:
    kind, place = logs.describe(sys.exc_info())
    log = structlog.get_logger()
    say = log.error if status >= 500 else log.info
    say(
        "refused", trace=guards.trace(), status=status, error=kind, where=place,
        endpoint=request.endpoint,
    )  # fmt: skip
