"""Settings that an admin changes are in force everywhere, on both databases."""

import json
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from clinic import worker
from clinic.access import Actor, Refused, Role
from clinic.effective import UnfitValue
from clinic.extensions import db, site
from clinic.models import AuditEntry, ClinicSetting
from clinic.queries import settings as stored_settings
from clinic.services import settings
from clinic.services.transaction import ChangedUnderneath
from tests.support import databases
from tests.support.clock import MONDAY_MORNING
from tests.support.scene import Scene, all_of

NOW = MONDAY_MORNING


@pytest.fixture
def admin(in_app: Flask) -> Actor:
    return Scene().staff("Ada Admin", Role.ADMIN)


def change(actor: Actor, group: str, seen: int = 0, **values: str) -> tuple[str, ...]:
    return settings.change(actor, NOW, group, values=values, seen=seen)


def test_what_is_changed_is_in_force_on_the_next_page_of_another_app_and_in_the_worker(
    database: str,
) -> None:
    with (
        databases.running_app(database) as first,
        databases.running_app(database) as second,
    ):
        with first.app_context():
            admin = Scene().staff("Ada Admin", Role.ADMIN)
            change(admin, "times", offer_hours="24")
        assert site.settings.offer_hours == 48

        second.test_client().get("/")
        on_page = site.settings.offer_hours
        site.bind(site.start)
        seen: list[int] = []

        def look(_now: datetime) -> int:
            seen.append(site.settings.offer_hours)
            return 0

        job = worker.Job("look", timedelta(0), look)
        worker.run_once(second, lambda: NOW, jobs=(job,))

    assert on_page == 24
    assert seen == [24]


def test_a_page_shows_the_new_name_in_both_languages_at_once(app: Flask) -> None:
    client = app.test_client()
    assert "Fictional Needling Clinic" in client.get("/").text

    with app.app_context():
        admin = Scene().staff("Ada Admin", Role.ADMIN)
        change(admin, "clinic", clinic_name="Renamed Clinic", clinic_hours_es="Los martes")

    assert "Renamed Clinic" in client.get("/").text
    spanish = client.get("/", headers={"Accept-Language": "es"}).text
    assert "Renamed Clinic" in spanish
    assert "Los martes" in spanish


def test_a_language_that_is_not_offered_is_not_shown(app: Flask) -> None:
    with app.app_context():
        change(Scene().staff("Ada Admin", Role.ADMIN), "clinic", languages="en")

    page = app.test_client().get("/", headers={"Accept-Language": "es"})

    assert '<html lang="en"' in page.text
    assert "Español" not in page.text


def test_only_what_differs_is_stored_and_the_trail_names_it_without_the_value(
    admin: Actor,
) -> None:
    changed = change(admin, "clinic", clinic_name="Renamed Clinic", clinic_phone="+1 555 555 0100")

    assert changed == ("clinic_name",)
    assert [row.name for row in all_of(ClinicSetting)] == ["clinic_name"]
    (entry,) = all_of(AuditEntry, act="setting.changed")
    assert json.loads(entry.detail) == {"names": ["clinic_name"]}
    assert entry.actor_id == admin.id


def test_one_unfit_value_stores_nothing(admin: Actor) -> None:
    with pytest.raises(UnfitValue):
        change(admin, "times", offer_hours="24", visit_minutes="7")

    assert all_of(ClinicSetting) == []


def test_nobody_but_an_admin_changes_settings(in_app: Flask) -> None:
    scene = Scene()
    for role in set(Role) - {Role.ADMIN}:
        actor = scene.staff(f"Somebody {role}", role)
        with pytest.raises(Refused):
            change(actor, "clinic", clinic_name="Mine")
        with pytest.raises(Refused):
            settings.put_back(actor, NOW, "clinic_name", seen=1)
        with pytest.raises(Refused):
            stored_settings.group(actor, "clinic")


def test_a_stale_save_is_refused_and_says_who_was_first(admin: Actor) -> None:
    change(admin, "times", offer_hours="24")

    with pytest.raises(ChangedUnderneath) as stale:
        change(admin, "times", offer_hours="36")

    assert stale.value.by == "Ada Admin"
    assert [row.value for row in all_of(ClinicSetting)] == ["24"]


def test_of_two_who_change_a_setting_for_the_first_time_one_is_refused(
    admin: Actor, app: Flask
) -> None:
    start, outcomes = Barrier(2), []

    def race(hours: str) -> None:
        with app.app_context():
            start.wait()
            try:
                outcomes.append(bool(change(admin, "times", offer_hours=hours)))
            except ChangedUnderneath:
                outcomes.append(False)
            finally:
                db.session.remove()

    racers = [Thread(target=race, args=(hours,)) for hours in ("24", "36")]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()

    assert sorted(outcomes) == [False, True]
    assert len(all_of(ClinicSetting)) == 1


def test_putting_back_twice_is_as_it_was(admin: Actor) -> None:
    change(admin, "times", offer_hours="24")
    values: list[Any] = []

    for seen in (1, 2):
        settings.put_back(admin, NOW + timedelta(minutes=seen), "offer_hours", seen=seen)
        stored_settings.refresh()
        values.append(
            (site.settings.offer_hours, stored_settings.group(admin, "times")[0].previous)
        )

    assert values == [(48, "24"), (24, "48")]
    assert {entry.by for entry in stored_settings.history(admin)} == {"Ada Admin"}


def test_putting_back_what_somebody_else_changed_meanwhile_is_refused(admin: Actor) -> None:
    change(admin, "times", offer_hours="24")
    change(admin, "times", seen=1, offer_hours="36")

    with pytest.raises(ChangedUnderneath):
        settings.put_back(admin, NOW, "offer_hours", seen=1)

    assert [row.value for row in all_of(ClinicSetting)] == ["36"]


def test_a_broken_stored_value_is_left_out_and_told(admin: Actor) -> None:
    change(admin, "times", offer_hours="24", visit_minutes="30")
    with db.engine.begin() as raw:
        raw.execute(
            text("UPDATE clinic_setting SET value = 'soon', version = 9 WHERE name = 'offer_hours'")
        )

    stored_settings.refresh()

    assert (site.settings.offer_hours, site.settings.visit_minutes) == (48, 30)
    assert site.in_force.problems == {"offer_hours": "no_number"}


def test_settings_stay_as_they_are_while_the_database_is_away(admin: Actor) -> None:
    change(admin, "times", offer_hours="24")
    stored_settings.refresh()
    with db.engine.begin() as raw:
        raw.execute(text("ALTER TABLE clinic_setting RENAME TO elsewhere"))

    stored_settings.refresh()

    assert site.settings.offer_hours == 24
