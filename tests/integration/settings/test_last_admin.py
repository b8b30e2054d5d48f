"""Two admins who close each other at the same moment leave one of them, on both databases."""

from threading import Barrier, Thread

from flask import Flask
from sqlalchemy import select

from clinic.access import Actor, Role
from clinic.extensions import db
from clinic.models import User
from clinic.services import staff
from clinic.services.staff import LastAdmin
from tests.support.clock import MONDAY_MORNING
from tests.support.scene import Scene, person


def test_one_admin_is_left(in_app: Flask, app: Flask) -> None:
    scene = Scene()
    ada, olga = scene.staff("Ada Admin", Role.ADMIN), scene.staff("Olga Other", Role.ADMIN)
    for user in db.session.scalars(select(User)):
        user.password = "set"
    db.session.commit()
    start, outcomes = Barrier(2), []

    def close(actor: Actor, other: Actor) -> None:
        with app.app_context():
            start.wait()
            try:
                staff.disable(actor, MONDAY_MORNING, person(other))
                outcomes.append("closed")
            except LastAdmin:
                outcomes.append("stays")
            finally:
                db.session.remove()

    racers = [Thread(target=close, args=pair) for pair in ((ada, olga), (olga, ada))]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()

    assert sorted(outcomes) == ["closed", "stays"]
    db.session.rollback()
    assert len(db.session.scalars(select(User).where(User.active)).all()) == 1
