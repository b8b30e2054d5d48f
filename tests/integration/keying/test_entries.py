"""An entry belongs to who began it, until it is sent, thrown away or runs out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from flask import Flask

from clinic.access import ANYONE, SYSTEM, Actor, NotThere, Refused, Role
from clinic.booking.lifecycle import NoSuchMove
from clinic.extensions import db, site
from clinic.models import Act, AuditEntry, Draft, PhoneEntry, Request
from clinic.queries import keying as entries
from clinic.services import closing, drafting, keying, submission
from clinic.services.drafting import Given
from clinic.services.transaction import ChangedUnderneath
from clinic.worker import JOBS
from tests.integration.keying.about import CALLER
from tests.support import databases
from tests.support.patients import Patient
from tests.support.scene import Scene, all_of, stored, version_of

RACERS = 8
on_both = pytest.mark.parametrize("database", databases.KINDS, indirect=True)
HOURS = 12
PLACES = Given({"wanted_regions": ["neck"]})


def save(actor: Actor, scene: Scene, request_id: UUID) -> bool:
    """Save the page of places as somebody."""
    return drafting.save_where(
        actor,
        scene.now,
        request_id,
        given=PLACES,
        wishes={},
        seen=draft_of(request_id).version,
        language="en",
        browser=None,
    )


def draft_of(request_id: UUID) -> Draft:
    """Read the open answers of a request."""
    [found] = all_of(Draft, request_id=request_id)
    assert isinstance(found, Draft)
    return found


def trail() -> list[str]:
    """What the audit trail holds of entries."""
    return [one.act for one in all_of(AuditEntry) if one.act.startswith("keying.")]


def test_only_who_began_an_entry_writes_sends_or_deletes_it(
    scene: Scene, dana: Actor, entry_id: UUID
) -> None:
    version = draft_of(entry_id).version
    others = [
        (scene.staff("Olga Other", Role.FRONT_DESK), NotThere),
        (scene.staff("Theo Therapist", Role.THERAPIST), NotThere),
        (scene.staff("Ada Admin", Role.ADMIN), Refused),
        (ANYONE, NotThere),
    ]

    for actor, refusal in others:
        with pytest.raises(refusal):
            save(actor, scene, entry_id)
        with pytest.raises(refusal):
            submission.send(
                actor, scene.now, entry_id, seen=version, key="k", language="en", browser=None
            )
        with pytest.raises(refusal):
            keying.discard(actor, scene.now, entry_id, seen=version)

    assert draft_of(entry_id).version == version
    assert save(dana, scene, entry_id) is False


def test_a_patients_own_draft_is_written_by_no_staff(scene: Scene, dana: Actor) -> None:
    request_id = Patient().begins(scene.now)

    with pytest.raises(NotThere):
        save(dana, scene, request_id)


@on_both
def test_of_many_clicks_one_begins(in_app: Flask, scene: Scene, dana: Actor) -> None:
    start = Barrier(RACERS)
    key = uuid4().hex

    def click(_number: int) -> UUID:
        with in_app.app_context():
            start.wait(timeout=30)
            try:
                return keying.begin(dana, scene.now, about=CALLER, channel="phone", key=key)
            finally:
                db.session.remove()

    db.session.rollback()
    with ThreadPoolExecutor(RACERS) as pool:
        made = set(pool.map(click, range(RACERS)))

    assert len(made) == 1
    assert len(all_of(PhoneEntry)) == len(all_of(Request)) == 1


@on_both
def test_what_is_thrown_away_leaves_nothing_of_the_caller(
    scene: Scene, dana: Actor, entry_id: UUID
) -> None:
    save(dana, scene, entry_id)
    with pytest.raises(ChangedUnderneath):
        keying.discard(dana, scene.now, entry_id, seen=1)

    keying.discard(dana, scene.now, entry_id, seen=draft_of(entry_id).version)

    assert all_of(Draft) == all_of(PhoneEntry) == all_of(Request) == all_of(Act) == []
    assert trail() == ["keying.begun", "keying.discarded"]


def test_what_lies_unsent_runs_out_by_itself(scene: Scene, dana: Actor, entry_id: UUID) -> None:
    assert site.settings.keying_hours == HOURS
    reference = entries.reference_of(dana, entry_id)
    just_before = scene.now + timedelta(hours=HOURS) - timedelta(seconds=1)
    assert keying.expire_due(SYSTEM, just_before) == 0
    assert entries.find(dana, reference, just_before).keyed == "phone"
    with pytest.raises(NotThere):
        entries.find(dana, reference, scene.now + timedelta(hours=HOURS))

    ended = keying.expire_due(SYSTEM, scene.now + timedelta(hours=HOURS))

    assert ended == 1
    assert all_of(Draft) == []
    assert trail() == ["keying.begun", "keying.expired"]
    assert "keyed" in {job.name for job in JOBS}


def test_a_patients_own_draft_does_not_run_out_with_them(scene: Scene, entry_id: UUID) -> None:
    own = Patient().begins(scene.now)

    keying.expire_due(SYSTEM, scene.now + timedelta(days=31))

    assert [draft.request_id for draft in all_of(Draft)] == [own]
    assert entry_id != own


@on_both
def test_an_urgent_request_stays_in_the_queue_when_its_entry_runs_out(
    scene: Scene, dana: Actor, entry_id: UUID
) -> None:
    save(dana, scene, entry_id)
    stopped = drafting.save_answers(
        dana,
        scene.now,
        entry_id,
        page="red-flags",
        given=Given({"rf-chest-breath": "yes", "rf-chest-breath.worse": "yes"}),
        seen=draft_of(entry_id).version,
        language="en",
        browser=None,
    )
    assert stopped

    keying.expire_due(SYSTEM, scene.now + timedelta(hours=HOURS))

    request = stored(Request, entry_id)
    assert (request.desk_state, request.urgent_open) == ("new", True)
    assert request.name == CALLER.name
    assert all_of(Draft) == []
    [entry] = all_of(PhoneEntry)
    assert entry.sent_at == request.sent_at


def test_what_the_patient_writes_is_not_for_the_staff_any_more(
    scene: Scene, dana: Actor, entry_id: UUID
) -> None:
    save(dana, scene, entry_id)
    reference = entries.reference_of(dana, entry_id)
    patient = Patient(request_id=entry_id)

    drafting.save_answers(
        patient.actor,
        scene.now,
        entry_id,
        page="skin-cancer",
        given=Given({"metal-allergy": "no"}),
        seen=draft_of(entry_id).version,
        language="en",
        browser="a browser",
    )

    with pytest.raises(NotThere):
        entries.find(dana, reference, scene.now)
    with pytest.raises(NotThere):
        save(dana, scene, entry_id)
    assert trail() == ["keying.begun", "keying.handed_over"]


def test_a_closed_request_is_not_asked_again(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()
    closing.close(dana, scene.now, request_id, reason="spam", seen=version_of(request_id))

    with pytest.raises(NoSuchMove):
        keying.again(dana, scene.now, request_id, channel="phone")
    with pytest.raises(Refused):
        keying.again(
            scene.staff("Ada Admin", Role.ADMIN), scene.now, scene.request(), channel="phone"
        )
