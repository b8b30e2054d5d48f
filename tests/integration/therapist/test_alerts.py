"""An urgent answer at night: sounded, taken up by one, escalated where nobody does."""

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import update

from clinic import worker
from clinic.access import ANYONE, SYSTEM, Actor, Refused
from clinic.extensions import db, site
from clinic.models import Alert, AuditEntry, Letter, Request
from clinic.queries import alerts as shown
from clinic.services import alerts, clearances, intakes, review, tracks, triage
from clinic.services.alerts import TakenUp
from clinic.services.transaction import ChangedUnderneath, Work, writes
from tests.integration.desk.test_races import race
from tests.integration.therapist.conftest import Practice
from tests.support.clock import FixedClock
from tests.support.patients import Patient
from tests.support.scene import all_of, stored, version_of

URGENT = {"rf-chest-breath": "yes"}
FEVER = {"rf-fever-infection": "yes", "rf-fever-infection.temperature": 103}
MIDNIGHT = datetime(2026, 11, 29, 5, 0, tzinfo=UTC)  # a Sunday, nobody at the clinic


def alert_of(request_id: UUID) -> Alert:
    """Read the open alert as it is now; what happens later does not change what was read."""
    (alert,) = all_of(Alert, request_id=request_id, closed_at=None)
    db.session.expunge(alert)
    return alert  # type: ignore[no-any-return]  # rows of any table


def take_up(who: Actor, now: datetime, alert: Alert) -> TakenUp:
    return alerts.acknowledge(
        who, now, alert.request_id, alert_id=alert.id, raised_at=alert.raised_at
    )


def reaches(practice: Practice, request_id: UUID) -> None:
    triage.attempt(
        practice.dana,
        practice.later(minutes=1),
        request_id,
        outcome="reached",
        number="+15555550142",
        seen=version_of(request_id),
        key=uuid4().hex,
    )


def test_nobody_by_its_time_and_it_escalates_again_and_again_at_any_hour(
    practice: Practice, in_app: Flask
) -> None:
    practice.now = MIDNIGHT
    request_id = Patient(answers=URGENT).asks(practice.now)
    jobs = tuple(job for job in worker.JOBS if job.name == "alerts")
    minutes = site.settings.alert_minutes

    worker.run_once(in_app, lambda: MIDNIGHT + timedelta(minutes=minutes, seconds=-1), jobs=jobs)
    assert all_of(Letter, kind="urgent_escalation") == []
    for number in (1, 2, 2):  # the third look comes before it is due again
        clock = FixedClock(MIDNIGHT + timedelta(minutes=minutes * number))
        worker.run_once(in_app, clock, jobs=jobs)

    letters = all_of(Letter, kind="urgent_escalation")
    assert [letter.recipient for letter in letters] == site.settings.escalation_addresses * 2
    reference = stored(Request, request_id).reference
    for letter in letters:
        assert reference in letter.subject
        for content in ("chest", "breath", "Rosa", "0142"):
            assert content not in f"{letter.subject} {letter.body}"
    found = shown.waiting(practice.dana, MIDNIGHT + timedelta(hours=1))
    assert (found.count, found.overdue, found.reference) == (1, 1, reference)


def test_it_escalates_up_to_a_number_of_times_and_the_pages_stay_red(practice: Practice) -> None:
    Patient(answers=URGENT).asks(practice.now)
    most = site.settings.alert_escalations

    rounds = [
        alerts.escalate_due(SYSTEM, practice.later(minutes=site.settings.alert_minutes))
        for _ in range(most + 2)
    ]

    assert rounds == [1] * most + [0, 0]
    assert shown.waiting(practice.ada, practice.now).overdue == 1


def test_taking_it_up_stops_the_escalation_and_closes_nothing(practice: Practice) -> None:
    request_id = Patient(answers=URGENT).asks(practice.now)

    taken = take_up(practice.dana, practice.later(minutes=2), alert_of(request_id))

    assert (taken.by, taken.first) == ("Dana Desk", True)
    assert alerts.escalate_due(SYSTEM, practice.later(hours=1)) == 0
    assert shown.waiting(practice.theo, practice.now).count == 0
    assert stored(Request, request_id).urgent_open
    (row,) = shown.every(practice.dana, practice.now)
    assert (row.acknowledged_by, row.overdue, row.name) == ("Dana Desk", False, "Rosa Example")
    (row,) = shown.every(practice.ada, practice.now)
    assert (row.name, row.phone) == (None, None)


@pytest.mark.proves("CON-2")
def test_of_two_people_at_once_one_takes_it_up_and_the_other_is_told(
    practice: Practice, in_app: Flask
) -> None:
    request_id = Patient(answers=URGENT).asks(practice.now)
    alert = alert_of(request_id)
    told: list[TakenUp] = []
    people = (practice.dana, practice.theo, practice.tess)

    def takes_up(who: Actor) -> None:
        told.append(take_up(who, practice.now, alert))

    ended = race(in_app, *(partial(takes_up, who) for who in people))

    assert ended == ["won"] * len(people)
    assert sum(one.first for one in told) == 1
    assert len({one.by for one in told}) == 1
    entries = all_of(AuditEntry, act="alert.acknowledged", subject_id=request_id)
    assert len(entries) == 1
    assert entries[0].actor_id == alert_of(request_id).acknowledged_by_id


def test_a_second_urgent_answer_raises_it_again_for_whoever_took_it_up(practice: Practice) -> None:
    patient = Patient(answers=URGENT)
    request_id = patient.asks(practice.now)
    first = alert_of(request_id)
    take_up(practice.dana, practice.later(minutes=2), first)

    patient.answers = FEVER
    patient.takes_it_back(practice.later(minutes=3))
    assert patient.fills_in(practice.later(minutes=1))

    again = alert_of(request_id)
    assert (again.id, again.acknowledged_at, again.escalations) == (first.id, None, 0)
    assert again.raised_at == practice.now
    assert len(all_of(Letter, kind="urgent_alert")) == 2
    with pytest.raises(ChangedUnderneath):  # from a page that shows the first answer
        take_up(practice.dana, practice.now, first)
    assert alerts.escalate_due(SYSTEM, practice.later(minutes=site.settings.alert_minutes)) == 1


def test_after_it_was_closed_a_second_urgent_answer_is_an_alert_of_its_own(
    practice: Practice,
) -> None:
    patient = Patient(answers=URGENT)
    request_id = patient.asks(practice.now)
    reaches(practice, request_id)
    review.close_urgent(
        practice.theo, practice.now, request_id, note="", seen=version_of(request_id)
    )
    (closed,) = all_of(Alert, request_id=request_id)
    assert (closed.closed_by_id, closed.acknowledged_by_id) == (practice.theo.id, practice.theo.id)

    patient.answers = FEVER
    patient.takes_it_back(practice.later(minutes=3))
    patient.fills_in(practice.later(minutes=1))

    assert len(all_of(Alert, request_id=request_id)) == 2
    assert alert_of(request_id).raised_at == practice.now


def test_a_flag_without_an_alert_gets_one_from_the_clockwork(practice: Practice) -> None:
    request_id = Patient(answers=URGENT).asks(practice.now)
    db.session.execute(update(Alert).values(closed_at=practice.now, closed_by_id=practice.theo.id))
    db.session.commit()

    assert alerts.adopt_strays(SYSTEM, practice.later(minutes=1)) == 1
    assert alerts.adopt_strays(SYSTEM, practice.now) == 0

    assert alert_of(request_id).due_at > practice.now


def test_a_whole_history_that_is_urgent_rings_whichever_way_it_came(practice: Practice) -> None:
    # Such as one that is confirmed after an upgrade, by rules that know more than the old ones.
    request_id = Patient().asks(practice.now)

    _send_whole(SYSTEM, practice.later(days=1), request_id)

    assert stored(Request, request_id).urgent_open
    assert alert_of(request_id).raised_at == practice.now
    assert len(all_of(Letter, kind="urgent_alert")) == 1


def test_only_who_can_call_takes_it_up_and_only_the_clockwork_escalates(practice: Practice) -> None:
    patient = Patient(answers=URGENT)
    request_id = patient.asks(practice.now)
    alert = alert_of(request_id)

    for who in (ANYONE, patient.actor, SYSTEM, practice.ada):
        with pytest.raises(Refused):
            take_up(who, practice.now, alert)
    with pytest.raises(Refused):
        alerts.escalate_due(practice.theo, practice.later(hours=1))

    assert alert_of(request_id).acknowledged_at is None


@writes
def _send_whole(work: Work, request_id: UUID) -> None:
    request = tracks.load(work, request_id)
    found = clearances.newest(work, request)
    assert found is not None
    answers = {key: value for key, value in found[0].answers.items() if key != "free_text"}
    intakes.append(
        work, request, answers={**answers, **URGENT}, trail=(), complete=True, language="en"
    )
