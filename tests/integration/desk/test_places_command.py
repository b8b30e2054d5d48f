"""A clinic sets up its places and hours at the command line."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from clinic.access import Actor, Role
from clinic.commands import places
from clinic.models import Location, WeeklyHours
from tests.support import databases
from tests.support.scene import Scene, all_of

Run = Callable[..., Result]
ADD = ("add", "Main Street", "--zone", "America/New_York", "--state", "ny", "--law", "silent")


@pytest.fixture
def run(database: str) -> Run:
    """Run ``clinic location`` or ``clinic hours`` in an app of its own."""

    def call(group: str, *words: str) -> Result:
        with databases.running_app(database) as app:
            return CliRunner().invoke(getattr(places, group), list(words), obj=lambda: app)

    return call


def test_a_place_and_hours_are_added_and_listed(run: Run, scene: Scene, theo: Actor) -> None:
    assert scene.now > datetime(2026, 1, 1, tzinfo=UTC)
    assert run("location", *ADD).exit_code == 0

    posted = run(
        "hours", "add", "--therapist", theo.name, "--location", "Main Street",
        "--day", "mon", "--day", "fri", "--opens", "09:00", "--closes", "17:00",
    )  # fmt: skip

    assert posted.output == "Posted 2 days for Theo Therapist at Main Street.\n"
    assert [(one.state, one.needling_law) for one in all_of(Location)] == [("NY", "silent")]
    assert sorted(one.weekday for one in all_of(WeeklyHours)) == [0, 4]
    assert "fri 09:00-17:00 (America/New_York)" in run("hours", "list").output
    assert "Main Street  America/New_York  NY silent" in run("location", "list").output


@pytest.mark.parametrize(
    ("option", "value"),
    [("--zone", "Mars/Base"), ("--state", "New York"), ("--reviewed", "soon"), ("--basis", "\0")],
)
def test_what_cannot_be_is_told_in_one_line_and_adds_nothing(
    run: Run, in_app: Flask, option: str, value: str
) -> None:
    assert in_app.testing

    told = run("location", *ADD, option, value)

    assert told.exit_code == 1
    assert len(told.output.strip().splitlines()) == 1
    assert all_of(Location) == []


def test_hours_for_nobody_in_particular_are_refused(run: Run, scene: Scene, theo: Actor) -> None:
    scene.staff(theo.name, Role.THERAPIST)
    run("location", *ADD)

    told = run(
        "hours", "add", "--therapist", theo.name, "--location", "Main Street",
        "--day", "mon", "--opens", "09:00", "--closes", "17:00",
    )  # fmt: skip

    assert told.exit_code == 1
    assert "2 therapists are called Theo Therapist" in told.output
    assert all_of(WeeklyHours) == []
