"""What the databases themselves hold of versions, and who wins where two act at once."""

from collections.abc import Iterator
from functools import partial
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from clinic import in_force
from clinic.access import SYSTEM
from clinic.extensions import db
from clinic.models import Intake, Request, RulesetVersion, ScreeningRecord
from clinic.services import rescreening, rulesets
from tests.integration.desk.test_races import race
from tests.integration.rulesets.test_in_force import LOW, SLIM
from tests.integration.therapist.conftest import Practice
from tests.support import databases
from tests.support.patients import Patient
from tests.support.rulesets import approved, arrives, draft, puts_in_force, seen
from tests.support.scene import all_of


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """On both kinds of database."""
    with databases.fresh_database(request.param) as url:
        yield url


def states() -> list[str]:
    return sorted(one.state for one in all_of(RulesetVersion) if one.state != "draft")


def test_the_database_holds_one_in_force_signed_and_unchanged(practice: Practice) -> None:
    first = puts_in_force(practice.tess, practice.now)
    second = approved(practice.tess, practice.now, draft(practice.tess, practice.now, SLIM))
    for statement, digest in (
        ("UPDATE ruleset_version SET state = 'in_force' WHERE hash = :hash", second),
        ("UPDATE ruleset_version SET approved_name = NULL WHERE hash = :hash", first),
        ("UPDATE ruleset_version SET document = '{}' WHERE hash = :hash", first),
        ("DELETE FROM ruleset_version WHERE hash = :hash", second),
    ):
        db.session.rollback()
        with pytest.raises(IntegrityError):
            db.session.execute(text(statement), {"hash": digest})
    db.session.rollback()
    assert in_force.digest_in_force() == first


def test_of_two_leads_who_approve_or_put_in_force_at_once_one_wins(
    practice: Practice, in_app: Flask
) -> None:
    now, tess = practice.now, practice.tess
    one = approved(tess, now, draft(tess, now, SLIM))
    draft_id = draft(tess, now, LOW)
    version = seen(draft_id)

    signing = race(in_app, *[partial(rulesets.approve, tess, now, draft_id, seen=version)] * 2)
    (other,) = (
        found.hash for found in all_of(RulesetVersion, state="approved") if found.hash != one
    )
    running = race(
        in_app,
        *(partial(rulesets.put_in_force, tess, now, digest, seen="") for digest in (one, other)),
    )

    assert sorted(signing) == ["ChangedUnderneath", "won"]
    assert sorted(running) == ["ChangedUnderneath", "won"]
    assert states() == ["approved", "in_force"]


def test_a_history_sent_while_rules_come_into_force_ends_under_the_new_ones(
    practice: Practice, in_app: Flask
) -> None:
    puts_in_force(practice.tess, practice.now)
    digest = approved(practice.tess, practice.now, draft(practice.tess, practice.now, LOW))
    db.session.rollback()
    before, later = in_force.digest_in_force() or "", practice.later(minutes=1)

    ended = race(
        in_app,
        lambda: arrives(later, Patient()),
        lambda: rulesets.put_in_force(practice.tess, later, digest, seen=before),
    )
    while rescreening.rescreen_due(SYSTEM, practice.later(minutes=1)):
        pass

    assert ended == ["won", "won"]
    (intake,) = all_of(Intake)
    assert newest_rules(intake.request_id) == digest
    (request,) = all_of(Request)
    assert (request.clinical_state, request.level) != ("not_needed", "none")


def newest_rules(request_id: UUID) -> str:
    found: list[ScreeningRecord] = all_of(ScreeningRecord, request_id=request_id)
    return max(found, key=lambda one: one.made_at).ruleset_hash
