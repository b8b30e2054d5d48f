"""``clinic seed`` fills a demo with made-up requests in every state, by the services alone."""

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from flask import Flask

from clinic.commands import seed as seeding
from clinic.commands.demo_clinic import PEOPLE, found
from clinic.commands.seed import seed
from clinic.extensions import db
from clinic.models import Appointment, Request
from clinic.services import audit, bookkeeping
from tests.integration.operations.conftest import ON_SQLITE, Run
from tests.support import databases
from tests.support.scene import Scene, all_of


@ON_SQLITE
def test_made_up_people_are_added_by_the_services_alone(shell: Flask, run: Run) -> None:
    first = run(seed, "--requests", "1")
    again = run(seed, "--requests", "1")

    assert (first.exit_code, again.exit_code) == (0, 0), first.output + again.output
    assert "therapist@example.com" in first.output
    assert again.output == "Added 1 made-up requests.\n"
    requests = all_of(Request)
    assert {one.desk_state for one in requests} == {"draft", "ready_to_offer"}
    assert len({one.phone for one in requests}) == 2
    assert all(one.phone[5:10] == "55501" for one in requests)
    assert all(one.email.endswith("@example.com") for one in requests)
    assert shell.testing


@ON_SQLITE
def test_each_gets_a_time_of_their_own_and_agrees_with_its_facts(shell: Flask) -> None:
    now = datetime.now(UTC)
    _, staff, place = found(now)
    for number in range(2):
        seeding.Seeding(now, staff, place).add("booked", number)  # the second one looks further

    visits = all_of(Appointment, state="confirmed")
    assert len({visit.starts_at for visit in visits}) == 2 == len(all_of(Request))
    assert [one.problems for one in bookkeeping.check(db.session()) if one.problems] == []
    assert audit.verify(db.session()) is None
    assert shell.testing


def test_thousands_of_made_up_people_are_told_apart() -> None:
    kinds = list(PEOPLE)
    people = [seeding.person(kinds[n % len(kinds)], n) for n in range(seeding.MOST)]

    assert len({one.phone for one in people}) == seeding.MOST
    assert len({(one.name, one.born) for one in people}) == seeding.MOST
    assert len({one.address for one in people if one.email}) == sum(one.email for one in people)


@ON_SQLITE
def test_a_real_clinic_gets_no_made_up_patients(database: str) -> None:
    with databases.running_app(
        database, mode="production", public_base_url="https://clinic.example.com",
        hash_memory_kib=19456,
    ) as app:  # fmt: skip
        result = CliRunner().invoke(seed, ["--requests", "1"], obj=lambda: app)
        with app.app_context():
            assert all_of(Request) == []

    assert result.exit_code == 1
    assert "do not belong" in result.output


@ON_SQLITE
def test_somebody_elses_clinic_is_left_alone(shell: Flask, run: Run) -> None:
    Scene().staff("Somebody Else")

    result = run(seed, "--requests", "1")

    assert (result.exit_code, all_of(Request)) == (1, [])
    assert shell.testing


@pytest.mark.parametrize("count", ["0", "-1", "many", str(seeding.MOST + 1)])
def test_a_senseless_number_is_a_wrong_use(count: str) -> None:
    assert CliRunner().invoke(seed, ["--requests", count]).exit_code == 2
