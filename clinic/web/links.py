"""The patient's browser: its random id, and what it was granted by a draft or a mailed code."""

from __future__ import annotations

import secrets
from datetime import datetime

from flask import session

from clinic.access import Actor, ActorKind
from clinic.queries import grants


def browser_id(*, make: bool = False) -> str | None:
    """Return the random id that this browser's signed cookie holds; make one if asked to."""
    known = session.get("browser")
    if known is None and make:
        known = session["browser"] = secrets.token_urlsafe(24)
        session.permanent = True
    return known


def patient_actor(purpose: str, now: datetime) -> Actor | None:
    """Return the patient whose draft or status page is open in this browser, if any."""
    browser = browser_id()
    request_id = grants.holder(browser, purpose, now=now) if browser else None
    return Actor(ActorKind.PATIENT, request_id=request_id) if request_id else None
