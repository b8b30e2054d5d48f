"""``clinic db check`` finds a state that the facts do not tell."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import delete, select, text, update

from clinic.extensions import db
from clinic.models import (
    Act,
    Appointment,
    Request,
    SlotAtom,
)
from clinic.services import bookkeeping
from tests.support import full_house
from tests.support.clock import MONDAY_MORNING
from tests.support.scene import Scene


@pytest.fixture
def request_id(in_app: Flask) -> UUID:
    return full_house.fill(Scene())


def problems() -> list[str]:
    db.session.rollback()
    return [line for checked in bookkeeping.check(db.session()) for line in checked.problems]


def take_guards_off() -> None:
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("ALTER TABLE act DISABLE TRIGGER USER"))
    else:
        for act in ("update", "delete"):
            db.session.execute(text(f"DROP TRIGGER act_no_{act}"))


def newest_fact(request_id: UUID) -> Act:
    facts = select(Act).filter_by(request_id=request_id).order_by(Act.position.desc())
    return db.session.scalars(facts).first() or Act()


def change_desk_state(request_id: UUID) -> None:
    db.session.execute(update(Request).filter_by(id=request_id).values(desk_state="booked"))


def change_clinical_state(request_id: UUID) -> None:
    db.session.execute(update(Request).filter_by(id=request_id).values(clinical_state="delayed"))


def change_visit(_request_id: UUID) -> None:
    db.session.execute(update(Appointment).values(state="confirmed"))


def change_a_fact(request_id: UUID) -> None:
    take_guards_off()
    fact = newest_fact(request_id)
    db.session.execute(update(Act).filter_by(id=fact.id).values(act="cancel"))


def drop_a_fact(request_id: UUID) -> None:
    take_guards_off()
    db.session.execute(delete(Act).filter_by(request_id=request_id, position=2))


def drop_the_last_fact(request_id: UUID) -> None:
    take_guards_off()
    db.session.execute(delete(Act).filter_by(id=newest_fact(request_id).id))


def add_a_fact(request_id: UUID) -> None:
    fact = newest_fact(request_id)
    db.session.execute(
        Act.__table__.insert().values(  # type: ignore[attr-defined]  # a table, not a select
            id=uuid4(),
            request_id=request_id,
            position=fact.position + 1,
            track="desk",
            act="accept",
            from_state="offered",
            to_state="booked",
            actor_kind="system",
            at=MONDAY_MORNING,
        )
    )


def free_the_time(_request_id: UUID) -> None:
    db.session.execute(delete(SlotAtom))


@pytest.mark.usefixtures("request_id")
def test_what_services_stored_agrees_with_its_facts() -> None:
    found = list(bookkeeping.check(db.session()))

    assert len(found) == 2
    assert [checked.problems for checked in found] == [(), ()]


@pytest.mark.parametrize(
    ("meddle", "told"),
    [
        (change_desk_state, "desk is stored as booked, its facts say ready_to_offer"),
        (change_clinical_state, "clinical is stored as delayed, its facts say cleared"),
        (change_visit, "is stored as confirmed, its facts say held"),
        (change_a_fact, "(appointment: cancel) does not follow from None"),
        (drop_a_fact, "facts were counted"),
        (drop_the_last_fact, "facts were counted"),
        (add_a_fact, "(desk: accept) does not follow from ready_to_offer"),
        (free_the_time, "is held, but its time is not held"),
    ],
)
def test_what_was_changed_behind_the_facts_back_is_found(
    request_id: UUID, meddle: Callable[[UUID], None], told: str
) -> None:
    assert problems() == []

    meddle(request_id)
    db.session.commit()

    found = problems()
    assert any(told in line for line in found), found


def test_many_requests_are_all_checked(in_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert in_app.testing
    monkeypatch.setattr(bookkeeping, "CHUNK", 2)
    scene = Scene()
    wrong = [scene.request() for _ in range(5)][3]
    change_desk_state(wrong)
    db.session.commit()

    found = list(bookkeeping.check(db.session()))

    assert len(found) == 5
    assert sum(bool(checked.problems) for checked in found) == 1
