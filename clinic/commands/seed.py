"""``clinic seed``: many made-up requests, for trying the clinic out at its full size.

Everybody is plainly fictional: numbers that are set apart for stories, addresses at example.com.
Each request is brought to its state by the services that the pages call.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import click
from flask import Flask

from clinic.access import Actor, ActorKind, Role
from clinic.commands.demo_clinic import AGES, PEOPLE, STAFF, ZONE, Person, Requests, found
from clinic.commands.progress import Progress
from clinic.extensions import site
from clinic.queries import demo as stored
from clinic.services.holding import SlotTaken

FIRST_NAMES = (
    "Ada", "Ben", "Cleo", "Dev", "Edie", "Finn", "Gus", "Hana", "Ike", "Jada", "Kofi", "Lena",
    "Milo", "Nora", "Omar", "Pia", "Quin", "Remy", "Sol", "Tess", "Uma", "Vito", "Wren", "Yara",
)  # fmt: skip
SURNAMES = (
    "Example", "Sample", "Madeup", "Pretend", "Placeholder", "Mockup", "Notreal", "Fiction",
    "Invented", "Sham", "Feigned", "Imagined", "Dummy", "Makebelieve", "Unreal",
)  # fmt: skip
AREAS = (
    205, 207, 208, 209, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 229, 231, 234, 239,
    240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281, 301, 302, 303, 304, 305,
    307, 308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323, 325, 330, 331,
)  # fmt: skip
MOST = len(AREAS) * 100
FIRST_DAY, LAST_DAY = 6, 60  # from today: when the visits of these requests are
HOURS = range(9, 16)
SPREAD = timedelta(days=20)  # over which the requests came in
FRESH = ("offered", "urgent")  # what would have run out, or been taken up, if it were older


@click.command()
@click.option(
    "--requests", "count", type=click.IntRange(1, MOST), required=True, help="How many to add."
)
@click.pass_obj
def seed(make_app: Callable[[], Flask], count: int) -> None:
    """Add made-up requests in every state that the pages can reach. Only in a demo or a test."""
    with make_app().app_context():
        if site.settings.mode not in ("demo", "test"):
            click.echo("clinic: made-up patients do not belong into a real clinic.", err=True)
            sys.exit(1)
        before = stored.count_of_requests()
        if before + count > MOST:
            click.echo(f"clinic: there is room for {MOST} made-up people, no more.", err=True)
            sys.exit(1)
        now = datetime.now(UTC)
        requests = Seeding(now, *_clinic(now))
        progress = Progress("Requests added")
        kinds = list(PEOPLE)
        for number in range(before, before + count):
            requests.add(kinds[number % len(kinds)], number)
            progress.at(number - before + 1, count)
    click.echo(f"Added {count} made-up requests.")


@dataclass
class Seeding(Requests):
    """Adds one made-up person after the other, each with a time of their own."""

    persons: Mapping[str, Person] = field(default_factory=dict)
    slot: int = 0

    def add(self, kind: str, number: int) -> None:
        """Bring the person of this number to this state; without a free time, only ready."""
        self.persons = {kind: person(kind, number)}
        age = AGES[kind] if kind in FRESH else AGES[kind] + SPREAD * (number % 97 / 97)
        begun = self.now - age
        if kind in ("offered", "booked", "cancelled") and self._slot_day() > LAST_DAY:
            self.persons["ready"], kind = self.persons[kind], "ready"
        self.bring(kind, begun)

    def _offer(self, request_id: UUID, which: str, at: datetime, therapist: UUID) -> None:
        while True:
            try:
                super()._offer(request_id, which, at, therapist)
                return
            except SlotTaken:  # by whoever was there before: the next time then
                continue

    def _free_time(self, which: str) -> datetime:
        day = self.now.astimezone(ZoneInfo(ZONE)).date() + timedelta(days=self._slot_day())
        at = time(HOURS[self.slot % len(HOURS)])
        self.slot += 1
        return datetime.combine(day, at, ZoneInfo(ZONE)).astimezone(UTC)

    def _slot_day(self) -> int:
        """Count the days from today to the working day of the next time."""
        today = self.now.astimezone(ZoneInfo(ZONE)).date()
        ahead = FIRST_DAY
        left = self.slot // len(HOURS)
        while (today + timedelta(days=ahead)).weekday() > 4 or left:
            left -= (today + timedelta(days=ahead)).weekday() <= 4
            ahead += 1
        return ahead


def person(kind: str, number: int) -> Person:
    """Make up the person of this number, who answers as the demo's person of this kind."""
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    surname = SURNAMES[number // len(FIRST_NAMES) % len(SURNAMES)]
    like = PEOPLE[kind]
    return replace(
        like,
        name=f"{first} {surname}",
        area=AREAS[number // 100 % len(AREAS)],
        number=number % 100,
        born=like.born - timedelta(days=number),
    )


def _clinic(now: datetime) -> tuple[Mapping[Role, Actor], UUID]:
    """Find the demo's clinic, or found it and print how its staff sign in."""
    place = stored.first_place()
    users = {role: stored.staff_by_email(email) for email, _, role, _ in STAFF}
    if place is not None and all(users.values()):
        people = {
            role: Actor(
                ActorKind.STAFF, user.id, frozenset({role}), user.display_name, trace="seed"
            )
            for role, user in users.items()
            if user is not None
        }
        return people, place
    if stored.has_staff():
        click.echo("clinic: there are other people at work here than the demo's.", err=True)
        sys.exit(1)
    sign_ins, staff, place = found(now)
    for email, given in sign_ins.items():
        click.echo(f"{email}  {given['role']}  {given['password']}")
    return staff, place


COMMANDS = (seed,)
