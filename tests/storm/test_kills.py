"""A short storm: workers die while patients send; `make drills` has the long one."""

import pytest

from tests.storm import submits
from tests.support import databases, open_clinic

SUBMITS, SEED = 40, 20261123


@pytest.mark.parametrize("kind", databases.KINDS)
@pytest.mark.proves("AUD-1", "DUR-1")
def test_what_was_acknowledged_is_stored_once_whoever_dies(kind: str) -> None:
    with open_clinic.running(kind) as clinic:
        patients = submits.write_drafts(clinic, SUBMITS)

        storm = submits.rage(clinic, patients, seed=SEED, acks=(4, 8))

        assert submits.faults(clinic, patients, storm) == []
        assert len(storm.acknowledged) == SUBMITS
        assert storm.kills >= 4
        assert storm.broken >= storm.kills, "the kills hit nobody"
        received = "we have your request"
        letters = clinic.smtp.wait_for(lambda one: received in one.subject, SUBMITS, within=60)
        assert len({letter.recipients for letter in letters}) == SUBMITS == len(letters)
