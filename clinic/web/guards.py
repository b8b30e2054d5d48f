"""Policies: who may call a route. Deny by default: a route without one stops the app.

``enforce`` runs before each view (and after the CSRF check); the views themselves only ask for
the actor.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from flask import Flask, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from clinic.access import ANYONE, Actor, Permission, Refused
from clinic.contact import REFERENCE_ALPHABET
from clinic.web import links

View = TypeVar("View", bound=Callable[..., object])


@dataclass(frozen=True)
class Policy:
    """The rule of one route, by a name that the route list shows."""

    name: str
    permissions: tuple[Permission, ...] = ()
    one_is_enough: bool = False


DECLARED: dict[str, Policy] = {}
IDENTIFY = "needlepoint_identify"
PUBLIC = Policy("anyone")
MEMBER = Policy("any member of staff")
DRAFT = Policy("patient with an open draft")
STATUS = Policy("patient with an open status page")


class NoPolicy(Exception):
    """A route has no policy, so the app does not start."""


class NeedsCode(Exception):
    """The browser holds no live grant for what the patient asked to see."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy.name)
        self.policy = policy


def public(view: View) -> View:
    """Let anyone call this view."""
    return _mark(view, PUBLIC)


def member(view: View) -> View:
    """Let every signed-in member of staff call this view."""
    return _mark(view, MEMBER)


def draft(view: View) -> View:
    """Let the browser that writes a draft call this view."""
    return _mark(view, DRAFT)


def status(view: View) -> View:
    """Let a browser whose code was accepted call this view."""
    return _mark(view, STATUS)


def staff(*permissions: Permission) -> Callable[[View], View]:
    """Let signed-in staff call this view who hold every one of the permissions."""
    names = " and ".join(permissions)
    return lambda view: _mark(view, Policy(f"staff who may {names}", permissions))


def either(*permissions: Permission) -> Callable[[View], View]:
    """Let signed-in staff call this view who hold one of the permissions."""
    names = " or ".join(permissions)
    return lambda view: _mark(
        view, Policy(f"staff who may {names}", permissions, one_is_enough=True)
    )


def declare(endpoint: str, policy: Policy) -> None:
    """Give a policy to a view that is not ours."""
    DECLARED[endpoint] = policy


def policy_of(app: Flask, endpoint: str) -> Policy:
    """Return the policy of an endpoint, or raise NoPolicy."""
    view = app.view_functions.get(endpoint)
    policy = DECLARED.get(endpoint) or getattr(view, "needlepoint_policy", None)
    if not isinstance(policy, Policy):
        raise NoPolicy(f"{endpoint} has no policy; see clinic/web/guards.py")
    return policy


def routes(app: Flask) -> Iterator[tuple[str, str, tuple[str, ...], Policy]]:
    """List (endpoint, rule, methods, policy) of the whole app, in order of the rules."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        methods = tuple(sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}))
        yield rule.endpoint, rule.rule, methods, policy_of(app, rule.endpoint)


def init_app(app: Flask) -> None:
    """Enforce the policies before each view."""
    app.before_request(enforce)


def identify_staff_with(app: Flask, identify: Callable[[], Actor | None]) -> None:
    """Say how this app finds the member of staff who signed in, second factor included."""
    app.extensions[IDENTIFY] = identify


def check(app: Flask) -> None:
    """Raise NoPolicy naming the first route without a policy."""
    for _ in routes(app):
        pass


def actor() -> Actor:
    """Return who acts in this web request."""
    acting: Actor = g.get("actor", ANYONE)
    return replace(acting, trace=trace())


def now() -> datetime:
    """Return the instant of this web request, the same for all of it."""
    if "now" not in g:
        g.now = datetime.now(UTC)
    moment: datetime = g.now
    return moment


def trace() -> str:
    """Return the id of this web request: the log has it, and whoever calls can read it out."""
    if "trace" not in g:
        groups = ("".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(4)) for _ in range(3))
        g.trace = "-".join(groups)
    mark: str = g.trace
    return mark


def enforce() -> Response | None:
    """Find out who acts, and refuse whoever the route's policy does not let in."""
    if request.endpoint is None:
        return None  # no such page: the 404 handler answers
    policy = policy_of(current_app, request.endpoint)
    if policy in (DRAFT, STATUS):
        return _enforce_patient(policy)
    if policy is PUBLIC:
        return None
    return _enforce_staff(policy)


def _enforce_patient(policy: Policy) -> Response | None:
    holder = links.patient_actor("draft" if policy is DRAFT else "status", now())
    if holder is None:
        raise NeedsCode(policy)
    g.actor = holder
    return None


def asks_for_sign_in() -> bool:
    """Tell whether this page is for staff and nobody is signed in any more."""
    if request.endpoint is None:
        return False
    policy = policy_of(current_app, request.endpoint)
    return policy not in (PUBLIC, DRAFT, STATUS) and _signed_in() is None


def _signed_in() -> Actor | None:
    identify = current_app.extensions.get(IDENTIFY)
    return identify() if identify else None


def _enforce_staff(policy: Policy) -> Response | None:
    signed_in = _signed_in()
    if signed_in is None:
        back = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("security.login", next=back), 303)
    g.actor = signed_in
    enough = any if policy.one_is_enough else all
    if not enough(signed_in.may(permission) for permission in policy.permissions):
        raise Refused(policy.name)
    return None


def _mark(view: View, policy: Policy) -> View:
    view.needlepoint_policy = policy  # type: ignore[attr-defined]  # read by policy_of
    return view
