"""A version tried over the stored histories: who would move, in parts, stopped and taken up."""

import pytest
from click.testing import CliRunner
from flask import Flask

from clinic.access import SYSTEM, Refused
from clinic.commands import rules_diff
from clinic.extensions import db
from clinic.models import AuditEntry, RulesetTrial, RulesetTrialPart
from clinic.queries import trials as found_by
from clinic.screening.levels import Level
from clinic.services import rulesets as service
from clinic.services import trials
from tests.integration.rulesets.test_in_force import LOW, SLIM
from tests.integration.therapist.conftest import Practice
from tests.support import rulesets
from tests.support.patients import Patient
from tests.support.rulesets import arrives, draft
from tests.support.scene import all_of, stored

PEOPLE = (
    Patient(name="Ann Other", phone="(555) 555-0143", email=None, regions=("upper-back-left",)),
    Patient(name="Ben Sample", phone="(555) 555-0144", email=None, regions=("knee-left",)),
    Patient(name="Cy Madeup", phone="(555) 555-0145", email=None, regions=("chest",)),
)


@pytest.fixture
def asked(practice: Practice) -> Practice:
    """Three patients of the same build; at the chest and the upper back it matters more."""
    for patient in PEOPLE:
        arrives(practice.now, patient)
    return practice


def begin(practice: Practice) -> RulesetTrial:
    draft_id = draft(practice.tess, practice.now, LOW)
    digest = rulesets.stored(draft_id).hash
    trial_id = trials.begin(practice.tess, practice.now, digest, every=False)
    trial: RulesetTrial = stored(RulesetTrial, trial_id)
    return trial


def test_page_and_command_tell_how_many_move_and_the_page_who(
    asked: Practice, in_app: Flask
) -> None:
    trial = begin(asked)

    while trials.advance(SYSTEM, asked.now):
        pass

    result = found_by.found(asked.tess, trial.id)
    assert (result.row.state, result.row.percent, result.row.done) == ("done", 100, 3)
    assert sum(one.count for one in result.graver) == 3
    assert (result.milder, result.newly_bookable) == ((), 0)
    assert result.no_longer_bookable >= 1
    named = found_by.named(asked.tess, trial.id)
    assert {one.reference for one in named.moved} == {one.reference for one in PEOPLE}
    assert all(one.before == "none" for one in named.moved)
    (part,) = all_of(RulesetTrialPart)
    assert b"none" not in part.moves_sealed
    counts = found_by.found(asked.tess, trial.id).graver
    db.session.rollback()

    told = CliRunner().invoke(rules_diff.diff, ["running", trial.new_hash[:12]], obj=lambda: in_app)
    none = CliRunner().invoke(rules_diff.diff, ["running", "files"], obj=lambda: in_app)
    strange = CliRunner().invoke(rules_diff.diff, ["running", "0123456789"], obj=lambda: in_app)

    assert told.exit_code == 0, told.output
    assert "3 histories" in told.output
    for one in counts:
        assert f"{one.count} of 3 would move from {one.before} to {one.after}" in told.output
    assert not any(one.reference in told.output for one in PEOPLE)
    assert "none would move" in none.output
    assert (strange.exit_code, "0 stored versions" in strange.output) == (2, True)


def test_the_command_takes_a_draft_that_nobody_tried_yet_but_none_that_was_given_up(
    asked: Practice, in_app: Flask
) -> None:
    draft_id = draft(asked.tess, asked.now, SLIM)
    named = ["running", rulesets.stored(draft_id).hash[:8]]
    db.session.rollback()

    told = CliRunner().invoke(rules_diff.diff, named, obj=lambda: in_app)
    service.discard(asked.tess, asked.now, draft_id, seen=rulesets.seen(draft_id))
    gone = CliRunner().invoke(rules_diff.diff, named, obj=lambda: in_app)

    assert told.exit_code == 0, told.output
    assert "would move from none to precaution" in told.output
    assert (gone.exit_code, "0 stored versions" in gone.output) == (2, True)


def test_it_goes_on_in_parts_is_stopped_and_taken_up_and_kept_for_a_month(
    asked: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "A_PART", 2)
    trial = begin(asked)

    assert trials.advance(SYSTEM, asked.now) == 2
    assert found_by.found(asked.tess, trial.id).row.percent == 66
    trials.cancel(asked.tess, asked.now, trial.id)
    assert trials.advance(SYSTEM, asked.now) == 0
    assert stored(RulesetTrial, trial.id).state == "cancelled"
    trials.go_on(asked.tess, asked.now, trial.id)
    assert trials.advance(SYSTEM, asked.now) == 1
    assert trials.advance(SYSTEM, asked.now) == 0

    assert stored(RulesetTrial, trial.id).state == "done"
    monkeypatch.setattr(found_by, "A_PAGE", 2)
    first, rest = (found_by.named(asked.tess, trial.id, after=after) for after in (0, 2))
    levels = [Level(one.after) for one in (*first.moved, *rest.moved)]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] > levels[-1]
    assert {one.reference for one in (*first.moved, *rest.moved)} == {
        one.reference for one in PEOPLE
    }
    assert [(one.previous_after, one.next_after) for one in (first, rest)] == [(None, 2), (0, None)]
    assert trials.forget_old(SYSTEM, asked.now) == 0
    assert not found_by.found(asked.tess, trial.id).cleared
    assert sum(one.count for one in found_by.found(asked.tess, trial.id).graver) == 3
    assert trials.forget_old(SYSTEM, asked.later(days=31)) == 1
    assert all_of(RulesetTrialPart) == []
    assert found_by.found(asked.tess, trial.id).cleared


def test_only_a_lead_therapist_begins_and_reads_one_and_reading_is_written_down(
    practice: Practice,
) -> None:
    trial = begin(practice)
    for other in (practice.theo, practice.dana, practice.ada):
        with pytest.raises(Refused):
            trials.begin(other, practice.now, trial.new_hash, every=False)
        with pytest.raises(Refused):
            trials.open_names(other, practice.now, trial.id)
        with pytest.raises(Refused):
            found_by.named(other, trial.id)
        with pytest.raises(Refused):
            found_by.found(other, trial.id)

    again = trials.begin(practice.tess, practice.now, trial.new_hash, every=False)
    trials.open_names(practice.tess, practice.now, trial.id)

    (entry,) = all_of(AuditEntry, act="ruleset_trial.opened")
    assert again == trial.id
    assert (entry.actor_id, entry.subject_id, entry.detail) == (practice.tess.id, trial.id, "{}")
