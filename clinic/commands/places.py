"""``clinic location`` and ``clinic hours``: where the clinic sees patients, and when."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import NoReturn
from uuid import UUID

import click
from flask import Flask

from clinic import contact
from clinic.access import NotThere
from clinic.booking.calendar import UnfitTime
from clinic.booking.place import LAWS
from clinic.commands.operator import operator
from clinic.queries import slots
from clinic.services import availability

MakeApp = Callable[[], Flask]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@click.group()
def location() -> None:
    """Add and list the clinic's locations."""


@location.command("add")
@click.argument("name")
@click.option("--zone", required=True, help="Time zone, such as America/New_York.")
@click.option("--state", required=True, help="US state, two letters.")
@click.option(
    "--law",
    required=True,
    type=click.Choice(LAWS),
    help="Whether the state permits needling; prohibited offers none, and nobody can override it.",
)
@click.option("--basis", default="", help="The statute or rule that says so.")
@click.option("--reviewed", default="", help="The day on which a person checked the law, ISO.")
@click.option("--review-by", default="", help="The day by which to check the law again, ISO.")
@click.option("--address", default="", help="As it is printed in letters.")
@click.option("--phone", default="", help="The phone number of this location.")
@click.pass_obj
def add_location(make_app: MakeApp, /, name: str, **given: str) -> None:
    """Add the location NAME."""
    with make_app().app_context():
        try:
            key = availability.add_location(
                operator(),
                datetime.now(UTC),
                _text(name, 120),
                zone=given["zone"],
                state=_state(given["state"]),
                needling_law=given["law"],
                legal_basis=_text(given["basis"], 1000),
                law_reviewed_on=_day(given["reviewed"]),
                law_review_by=_day(given["review_by"]),
                address=_text(given["address"], 300),
                phone=_text(given["phone"], 32),
            )
        except (UnfitTime, ValueError) as error:
            _stop(str(error))
    click.echo(f"Added {name}: {key}")


@location.command("list")
@click.pass_obj
def list_locations(make_app: MakeApp) -> None:
    """List the locations."""
    with make_app().app_context():
        for place in slots.places(operator()):
            click.echo(
                f"{place.id}  {place.name}  {place.zone}  {place.state} {place.needling_law}"
            )


@click.group()
def hours() -> None:
    """Post and list therapists' weekly hours."""


@hours.command("add")
@click.option("--therapist", required=True, help="Name of the therapist as it is listed.")
@click.option("--location", "place", required=True, help="Name of the location as it is listed.")
@click.option("--day", "days", required=True, multiple=True, type=click.Choice(DAYS))
@click.option("--opens", required=True, help="From, by the clock there, such as 09:00.")
@click.option("--closes", required=True, help="Until, by the clock there, such as 17:00.")
@click.pass_obj
def add_hours(  # noqa: PLR0917 - click passes each option by its name
    make_app: MakeApp, therapist: str, place: str, days: tuple[str, ...], opens: str, closes: str
) -> None:
    """Post weekly hours of a therapist at a location, for each DAY."""
    with make_app().app_context():
        actor = operator()
        people = [(one.id, one.name) for one in slots.therapists(actor)]
        places = [(one.id, one.name) for one in slots.places(actor)]
        who, where = _one(people, therapist, "therapist"), _one(places, place, "location")
        try:
            for day in days:
                availability.add_hours(
                    actor,
                    datetime.now(UTC),
                    who,
                    location_id=where,
                    weekday=DAYS.index(day),
                    opens=time.fromisoformat(opens),
                    closes=time.fromisoformat(closes),
                )
        except (UnfitTime, ValueError, NotThere) as error:
            _stop(str(error) or "There is no such therapist or location.")
    click.echo(f"Posted {len(days)} days for {therapist} at {place}.")


@hours.command("list")
@click.pass_obj
def list_hours(make_app: MakeApp) -> None:
    """List the weekly hours."""
    with make_app().app_context():
        for row in slots.hours(operator()):
            day = DAYS[row.weekday]
            span = f"{row.opens:%H:%M}-{row.closes:%H:%M}"
            click.echo(f"{row.therapist.name}  {row.place.name}  {day} {span} ({row.place.zone})")


def _one(known: list[tuple[UUID, str]], name: str, what: str) -> UUID:
    """Find the one of this name, or stop."""
    found = [key for key, called in known if called == name or str(key) == name]
    if len(found) != 1:
        listed = ", ".join(called for _key, called in known) or "none"
        _stop(f"{len(found)} {what}s are called {name}; there are: {listed}")
    return found[0]


def _text(text: str, limit: int) -> str:
    try:
        return contact.clean_text(text, limit=limit)
    except contact.UnfitText as unfit:
        _stop(f"{text[:40]!r} cannot be kept: {unfit.problem}")


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _state(text: str) -> str:
    state = text.strip().upper()
    if len(state) != 2 or not state.isalpha() or not state.isascii():
        _stop("A US state has two letters, such as NY.")
    return state


def _stop(problem: str) -> NoReturn:
    click.echo(f"clinic: {problem}", err=True)
    sys.exit(1)


COMMANDS = (location, hours)
