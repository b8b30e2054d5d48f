"""What anyone may read of the clinic: who works there, and where it may needle by which law."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from clinic.extensions import db
from clinic.models import Location, User


@dataclass(frozen=True)
class Colleague:
    """A member of staff as the team page shows one."""

    name: str
    licence: str
    about: str


@dataclass(frozen=True)
class Place:
    """A place of the clinic, and what the law there says of needling."""

    name: str
    address: str
    state: str
    zone: str
    needling_law: str  # permitted, silent or prohibited
    legal_basis: str
    law_reviewed_on: date | None


def shown(language: str) -> tuple[Colleague, ...]:
    """List the active staff who are shown on the team page, by name; anyone may ask."""
    query = select(User).where(User.shown_on_team, User.active).order_by(User.display_name, User.id)
    return tuple(
        Colleague(user.display_name, user.licence, _about(user, language))
        for user in db.session.scalars(query)
    )


def places() -> tuple[Place, ...]:
    """List the open places of the clinic by name; anyone may ask."""
    query = select(Location).where(Location.active).order_by(Location.name, Location.id)
    return tuple(
        Place(
            row.name,
            row.address,
            row.state,
            row.zone,
            row.needling_law,
            row.legal_basis,
            row.law_reviewed_on,
        )
        for row in db.session.scalars(query)
    )


def _about(user: User, language: str) -> str:
    """Choose the words in the page's language, and the English ones where there are no others."""
    return (user.about_es if language == "es" else "") or user.about
