"""The outbox hands each letter to one worker, tries again, and gives up where people see it."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from clinic.access import SYSTEM, Actor, ActorKind, Refused, Role
from clinic.extensions import db
from clinic.models import AuditEntry, Letter
from clinic.queries import outbox as waiting
from clinic.services import outbox
from clinic.services.outbox import Leased
from clinic.services.transaction import Work, writes
from tests.support.clock import MONDAY_MORNING, FixedClock
from tests.support.full_house import queue
from tests.support.scene import EMAIL, Scene

ADMIN = Actor(ActorKind.STAFF, UUID(int=1), frozenset({Role.ADMIN}))


def stored() -> Letter:
    db.session.rollback()
    return db.session.scalars(select(Letter)).one()


def take(now: datetime) -> Leased:
    leased = outbox.lease(SYSTEM, now)
    assert leased is not None
    return leased


pytestmark = pytest.mark.usefixtures("in_app")


@writes
def enqueue(work: Work, /, dedupe_key: str, **context: Any) -> None:
    outbox.enqueue(
        work, "code", to="ada@example.com", language="en", dedupe_key=dedupe_key, **context
    )


def test_a_letter_is_rendered_when_queued_and_the_same_one_is_queued_once(
    clock: FixedClock,
) -> None:
    enqueue(SYSTEM, clock.now, "a:code:1", code="123456", minutes=10)
    enqueue(SYSTEM, clock.now, "a:code:1", code="654321", minutes=10)

    letter = stored()

    assert "123456" in (letter.body or "")
    assert letter.recipient == "ada@example.com"
    assert letter.state == "queued"
    assert letter.due_at == clock.now


def test_a_leased_letter_is_not_handed_out_again_until_its_lease_ends(clock: FixedClock) -> None:
    queue(SYSTEM, clock.now)
    first = take(clock.now)

    assert outbox.lease(SYSTEM, clock.advance(seconds=119)) is None
    again = take(clock.advance(seconds=2))

    assert (again.id, again.message_id) == (first.id, first.message_id)
    assert again.lease != first.lease
    assert outbox.mark_sent(SYSTEM, clock.now, first) is False
    assert outbox.mark_sent(SYSTEM, clock.now, again) is True
    assert stored().state == "sent"


@pytest.mark.proves("MAIL-2")
def test_three_relays_lease_thirty_letters_once_each(app: Flask, clock: FixedClock) -> None:
    queued = queue(SYSTEM, clock.now, 30)
    db.session.remove()
    start, taken = Barrier(3), []

    def relay() -> None:
        with app.app_context():
            start.wait()
            while (leased := outbox.lease(SYSTEM, clock.now)) is not None:
                taken.append(leased.id)
                outbox.mark_sent(SYSTEM, clock.now, leased)
            db.session.remove()

    relays = [Thread(target=relay) for _ in range(3)]
    for one in relays:
        one.start()
    for one in relays:
        one.join(timeout=120)

    assert sorted(taken) == sorted(queued)


def test_a_refused_letter_fails_at_once_and_an_admin_sees_it(clock: FixedClock) -> None:
    queue(SYSTEM, clock.now)

    outbox.mark_refused(SYSTEM, clock.now, take(clock.now), code="smtp 550")

    assert outbox.lease(SYSTEM, clock.advance(hours=5)) is None
    seen = waiting.status(ADMIN, clock.now)
    assert seen.counts == {"queued": 0, "sent": 0, "failed": 1, "dropped": 0}
    assert [(unsent.last_error, unsent.tries) for unsent in seen.failed] == [("smtp 550", 1)]


def test_a_delayed_letter_waits_longer_each_time_and_fails_after_four_hours(
    clock: FixedClock,
) -> None:
    queue(SYSTEM, clock.now)
    queued_at, waits = clock.now, []

    while stored().state == "queued":
        outbox.mark_delayed(SYSTEM, clock.now, take(clock.now), code="smtp 451")
        waits.append((stored().due_at - clock.now) // timedelta(minutes=1))
        if stored().state == "queued":
            assert outbox.lease(SYSTEM, stored().due_at - timedelta(seconds=1)) is None
            clock.set_to(stored().due_at)

    assert waits[:-1] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert stored().last_error == "smtp 451"
    assert timedelta(hours=4) <= clock.now - queued_at <= timedelta(hours=5)


def test_a_letter_that_is_of_no_use_any_more_is_dropped_unsent(clock: FixedClock) -> None:
    queue(SYSTEM, clock.now, useless_after=clock.now + timedelta(hours=1))
    other = queue(SYSTEM, clock.now + timedelta(minutes=1))

    leased = take(clock.advance(hours=1))

    assert [leased.id] == other
    assert waiting.status(ADMIN, clock.now).counts["dropped"] == 1


def test_letters_that_a_change_made_useless_are_taken_back(clock: FixedClock) -> None:
    request_id = Scene().request()
    queue(SYSTEM, clock.now, 2, request_id=request_id, kind="reminder")
    queue(SYSTEM, clock.now, request_id=request_id, kind="confirmed")

    @writes
    def cancel(work: Work) -> None:
        outbox.drop(work, request_id, "reminder")

    cancel(SYSTEM, clock.now)

    assert waiting.status(ADMIN, clock.now).counts["dropped"] == 2
    left = db.session.scalars(select(Letter.kind).where(Letter.state == "queued")).all()
    assert left == ["confirmed"]


def test_a_letter_that_cannot_be_read_fails_alone(clock: FixedClock) -> None:
    broken = queue(SYSTEM, clock.now)
    db.session.execute(update(Letter).values(recipient_sealed=b"\x01 cut"))
    db.session.commit()
    whole = queue(SYSTEM, clock.now + timedelta(seconds=1))

    leased = take(clock.advance(minutes=1))

    assert [leased.id] == whole
    seen = waiting.status(ADMIN, clock.now)
    assert [(unsent.id, unsent.last_error) for unsent in seen.failed] == [(broken[0], "unreadable")]


def test_each_end_of_a_letter_is_in_the_trail_without_its_recipient(clock: FixedClock) -> None:
    queue(SYSTEM, clock.now, 2)
    outbox.mark_sent(SYSTEM, clock.now, take(clock.now))
    outbox.mark_refused(SYSTEM, clock.now, take(clock.now), code="smtp 550")

    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.number)).all()

    assert [entry.act for entry in entries] == ["letter.sent", "letter.failed"]
    assert not any("@" in entry.detail for entry in entries)


def test_the_oldest_wait_is_told(clock: FixedClock) -> None:
    queue(SYSTEM, clock.now)

    seen = waiting.status(ADMIN, clock.advance(minutes=7))

    assert seen.oldest_wait == timedelta(minutes=7)


def test_only_an_admin_sees_the_outbox(clock: FixedClock) -> None:
    desk = Actor(ActorKind.STAFF, UUID(int=2), frozenset({Role.FRONT_DESK}))

    with pytest.raises(Refused):
        waiting.status(desk, clock.now)


def test_instants_of_a_letter_are_aware(clock: FixedClock) -> None:
    queue(SYSTEM, clock.now)

    assert take(clock.now).queued_at.tzinfo is UTC


def test_what_failed_while_the_mail_server_was_away_goes_out_again() -> None:
    away = [{"last_error": "smtp 451"}, {"last_error": "no connection"}]
    hopeless: list[dict[str, Any]] = [
        {"last_error": "smtp 550"},
        {"last_error": "unreadable"},
        {"kind": "code"},
        {"body": None},
        {"useless_after": MONDAY_MORNING},
    ]
    failed = {"state": "failed", "last_error": "smtp 421"}
    ids = [queue(SYSTEM, MONDAY_MORNING, **(failed | one))[0] for one in (*away, *hopeless)]

    again = outbox.queue_failed_again(ADMIN, MONDAY_MORNING + timedelta(hours=6))

    queued = select(Letter.id).where(Letter.state == "queued")
    assert again == 2
    assert set(db.session.scalars(queued)) == set(ids[:2])


def test_a_letter_to_an_address_of_before_is_not_sent_again_by_itself() -> None:
    request_id = Scene().request()
    wrong: dict[str, Any] = {"request_id": request_id, "state": "failed", "last_error": "smtp 421"}
    queue(SYSTEM, MONDAY_MORNING, to="somebody.else@example.com", **wrong)
    queue(SYSTEM, MONDAY_MORNING, to=EMAIL, **wrong)

    assert outbox.queue_failed_again(ADMIN, MONDAY_MORNING) == 1


def test_hosts_whose_clocks_differ_by_seconds_send_a_letter_once() -> None:
    """Leases hold although no two clocks agree (TIME-3)."""
    queue(SYSTEM, MONDAY_MORNING)
    leased = take(MONDAY_MORNING)

    for seconds in (-5, 5):
        assert outbox.lease(SYSTEM, MONDAY_MORNING + timedelta(seconds=seconds)) is None
    assert outbox.mark_sent(SYSTEM, MONDAY_MORNING + timedelta(seconds=5), leased)
    assert outbox.lease(SYSTEM, MONDAY_MORNING + timedelta(hours=1)) is None


def test_a_clock_that_jumps_an_hour_ahead_lets_only_one_worker_settle_the_letter() -> None:
    """The worker whose lease was taken over hears so; there is one Message-ID (TIME-3)."""
    queue(SYSTEM, MONDAY_MORNING)
    slow = take(MONDAY_MORNING)

    other = take(MONDAY_MORNING + timedelta(hours=1))

    assert other.message_id == slow.message_id
    assert not outbox.mark_sent(SYSTEM, MONDAY_MORNING, slow)
    assert outbox.mark_sent(SYSTEM, MONDAY_MORNING + timedelta(hours=1), other)
