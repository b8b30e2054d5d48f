"""The one unit of work, and the only commit.

A service is a function that takes a Work. Decorated with ``writes`` it is called as
``service(actor, now, ...)`` and runs in one transaction of its own: the change, its acts, its
letters and its audit entries are stored together or not at all. Services never nest.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast
from uuid import UUID

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from clinic.access import Actor
from clinic.extensions import WRITE, db
from clinic.services import audit

P = ParamSpec("P")
T = TypeVar("T")
TRIES = 3
TRANSIENT = {"40001", "40P01"}  # PostgreSQL: serialization failure, deadlock


class ChangedUnderneath(Exception):
    """Somebody else changed this since the page was drawn."""

    def __init__(self, by: str = "", at: datetime | None = None) -> None:
        super().__init__("changed since the page was drawn")
        self.by, self.at = by, at


class Nested(Exception):
    """A service was called inside another one; there would be two commits."""


_facts: dict[str, Callable[[], Exception]] = {}


def tell(word: str, fact: Callable[[], Exception]) -> None:
    """Raise this fact from now on where the database refuses a write with this word."""
    _facts[word] = fact


@dataclass
class Work:
    """What a service works with: the session, who acts, when, and the entries to come."""

    session: Session
    actor: Actor
    now: datetime
    random: Callable[[int], bytes] = os.urandom
    entries: list[audit.Entry] = field(default_factory=list)

    def audit(
        self, act: str, subject_kind: str, subject_id: UUID | None, **detail: audit.Value
    ) -> None:
        """Note one entry for the audit trail; it is written just before the commit."""
        self.entries.append(audit.Entry(act, subject_kind, subject_id, detail))


def writes(body: Callable[Concatenate[Work, P], T]) -> Callable[Concatenate[Actor, datetime, P], T]:
    """Run a service in one transaction; retry only serialization failures and deadlocks."""

    @wraps(body)
    def run(actor: Actor, now: datetime, /, *args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in range(1, TRIES + 1):
            try:
                return _once(body, actor, now, *args, **kwargs)
            except DBAPIError as error:
                if attempt == TRIES or getattr(error.orig, "sqlstate", None) not in TRANSIENT:
                    raise
        raise AssertionError("unreachable")

    return cast("Callable[Concatenate[Actor, datetime, P], T]", run)


def _once(
    body: Callable[Concatenate[Work, P], T],
    actor: Actor,
    now: datetime,
    /,  # a service may have an argument of any of these names
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    session = db.session()
    if session.info.get("working"):
        raise Nested(body.__qualname__)
    session.rollback()  # end what a page read before; a write starts from what is stored now
    session.info["working"] = True
    try:
        session.connection(execution_options={WRITE: True})
        work = Work(session, actor, now)
        result = body(work, *args, **kwargs)
        session.flush()
        audit.append(session, actor, now, work.entries)
        session.commit()
    except StaleDataError as error:
        session.rollback()
        raise ChangedUnderneath from error
    except IntegrityError as error:
        session.rollback()
        fact = next((fact for word, fact in _facts.items() if word in str(error.orig)), None)
        if fact is None:
            raise
        raise fact() from error
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["working"] = False
    return result
