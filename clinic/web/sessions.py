"""Two kinds of session behind Flask's one.

Patients: a signed cookie that holds random ids only, so that a form can come back filled in
while the database is down. Staff, below /staff: a row on the server from the moment a password
was right. The cookie is then a random id of 256 bits, of which the database keeps the SHA-256.
Before that, and wherever else, the visitor's cookie serves; nothing about staff is ever in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

import structlog
from flask import Flask, Request, Response, current_app, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ServiceUnavailable

from clinic.access import Actor, ActorKind
from clinic.extensions import db, site
from clinic.queries import staff
from clinic.queries.staff import OpenSession
from clinic.services import staff_sessions
from clinic.web import guards

View = TypeVar("View", bound=Callable[..., object])
PREFIX = "/staff"
SEEN_EVERY = timedelta(minutes=1)
CSRF = "csrf_token"
NEVER_IN_A_COOKIE = frozenset({"_user_id", "stage", "mark", "secret", "recovery_codes"})


class Visit(SecureCookieSession):
    """The session of one request: the visitor's cookie, or a row of a member of staff."""

    row: OpenSession | None = None
    begins: tuple[UUID, datetime] | None = None  # for whom, until when: a new row at the end
    ended = False
    stale = False  # the browser holds the id of a session that is over
    unreachable = False


class Leak(RuntimeError):
    """Something about a member of staff was about to be written into a visitor's cookie."""


def init_app(app: Flask) -> None:
    """Use these sessions; cookies say Secure, and carry the __Host- prefix, behind https."""
    secure = site.settings.secure
    app.config.update(
        SESSION_COOKIE_NAME=cookie_name("visit"),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_PATH="/",
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    app.session_interface = Sessions()


def cookie_name(name: str) -> str:
    """Name a cookie: behind https only this host can set it."""
    return f"__Host-{name}" if site.settings.secure else name


def set_cookie(response: Response, name: str, value: str, *, life: timedelta | None = None) -> None:
    """Set one of our cookies with every flag."""
    response.set_cookie(
        cookie_name(name),
        value,
        max_age=life,
        secure=site.settings.secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def quiet(view: View) -> View:
    """Mark a view that a page asks by itself: it does not keep a session alive."""
    view.needlepoint_quiet = True  # type: ignore[attr-defined]  # read when the request ends
    return view


def visit() -> Visit:
    """Return the session of this request."""
    return cast("Visit", session._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 - the documented way to see behind the proxy


def row() -> OpenSession | None:
    """Return the row behind this request, if there is one; answer 503 if nobody can tell."""
    here = visit()
    if here.unreachable:
        raise ServiceUnavailable(retry_after=5)
    return None if here.ended else here.row


def renew(user_id: UUID, *, life: timedelta, keep: Iterable[str] = ()) -> None:
    """Go on under a new id, with nothing but the named values; the old id is dead."""
    here = visit()
    kept = {name: here[name] for name in keep if name in here}
    here.clear()
    here.update(kept)
    here.begins = user_id, guards.now() + life
    g.pop(CSRF, None)


def end() -> None:
    """Let the browser forget its session; the row is ended by the service."""
    visit().ended = True


class Sessions(SecureCookieSessionInterface):
    """Opens and saves both kinds."""

    session_class = Visit
    digest_method = staticmethod(hashlib.sha256)

    def open_session(self, app: Flask, request: Request) -> Visit | None:
        """Find the session of a request."""
        token = request.cookies.get(cookie_name("staff"), "") if _is_staff(request) else ""
        try:
            found = staff.open_session(token, guards.now()) if token else None
        except SQLAlchemyError:
            db.session.rollback()
            nobody = Visit()
            nobody.unreachable = True
            return nobody
        if found is None:
            visitor = cast("Visit | None", super().open_session(app, request))
            if visitor is not None:
                visitor.stale = bool(token)
            return visitor
        here = Visit(self.serializer.loads(found.data.get("values", "{}")))
        here.row = found
        return here

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write a session back: to its row, or into the visitor's cookie."""
        here = cast("Visit", session)
        if here.unreachable:
            return
        if here.begins is not None:
            self._begin(here, here.begins, response)
        elif here.row is not None:
            self._keep(here, here.row, response)
        else:
            self._save_visitor(app, here, response)

    def _save_visitor(self, app: Flask, here: Visit, response: Response) -> None:
        if NEVER_IN_A_COOKIE & here.keys():
            raise Leak
        if here.stale:
            self._forget(response)
        super().save_session(app, here, response)

    def _begin(self, here: Visit, begins: tuple[UUID, datetime], response: Response) -> None:
        if response.status_code >= 500:
            return
        user_id, expires_at = begins
        token = staff_sessions.begin(
            _actor(user_id),
            guards.now(),
            user_id,
            data=self._packed(here),
            expires_at=expires_at,
            device=device_of(request.user_agent.string),
            replaces=here.row.id if here.row else None,
        )
        response.vary.add("Cookie")
        if token is None:
            self._forget(response)
        else:
            set_cookie(response, "staff", token)

    def _keep(self, here: Visit, found: OpenSession, response: Response) -> None:
        response.vary.add("Cookie")
        if here.ended:
            self._forget(response)
            return
        due = guards.now() - found.seen_at >= SEEN_EVERY and not _asked_by_itself()
        if response.status_code >= 500 or not (here.modified or due):
            return
        data = self._packed(here) if here.modified else None
        try:
            actor = _actor(found.user_id)
            lives = staff_sessions.keep(actor, guards.now(), found.id, data=data, seen=due)
        except SQLAlchemyError:
            if here.modified:
                raise
            structlog.get_logger().warning("session not noted as seen", trace=guards.trace())
            return
        if not lives:
            self._forget(response)

    def _packed(self, here: Visit) -> dict[str, Any]:
        return {"values": self.serializer.dumps(dict(here))}

    @staticmethod
    def _forget(response: Response) -> None:
        response.delete_cookie(
            cookie_name("staff"),
            path="/",
            secure=site.settings.secure,
            httponly=True,
            samesite="Lax",
        )


def device_of(agent: str) -> str:
    """Name a browser and its system roughly, for people to know their own devices by."""
    browsers = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
    systems = ("iPhone", "iPad", "Android", "Windows", "Mac OS X", "CrOS", "Linux")
    names = {"Edg": "Edge", "OPR": "Opera", "Mac OS X": "Mac", "CrOS": "ChromeOS"}
    found = (
        next((names.get(word, word) for word in words if word in agent), "")
        for words in (browsers, systems)
    )
    return ", ".join(filter(None, found))


def _is_staff(request: Request) -> bool:
    return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")


def _asked_by_itself() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return request.headers.get("X-Poll") == "1" or hasattr(view, "needlepoint_quiet")


def _actor(user_id: UUID | None) -> Actor:
    return Actor(ActorKind.STAFF, id=user_id, trace=guards.trace())
