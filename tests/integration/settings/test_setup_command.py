"""``clinic setup`` asks for what is missing, checks it, and can be stopped and gone on with."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from clinic import config
from clinic.commands.setup import setup
from clinic.extensions import db
from clinic.models import ClinicSetting, Location, OpeningHours, User
from tests.support import databases
from tests.support.scene import all_of
from tests.support.signing_in import PASSWORD

Run = Callable[..., Result]
ANSWERS = {
    "public_base_url": "https://clinic.example.com",
    "clinic_name": "Example Clinic",
    "clinic_phone": "555 555 0100",
    "alert_email": "alerts@example.com",
    "mail_from": "clinic@example.com",
    "clinic_hours": "Monday to Friday",
    "admin_name": "Ada Admin",
    "admin_email": "ada@example.com",
    "admin_password": "-",
    "place_name": "Main Street",
    "place_zone": "America/New_York",
    "place_state": "ny",
    "place_law": "silent",
    "place_reviewed": "2026-11-01",
    "place_review_by": "2027-11-01",
}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the settings will be; nothing of this process' own environment counts."""
    for name in list(os.environ):
        if name.startswith(config.PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv(config.FILE_VARIABLE, "")
    monkeypatch.setenv("NEEDLEPOINT_DATABASE_URL", f"sqlite:///{tmp_path}/clinic.sqlite3")
    monkeypatch.setenv("NEEDLEPOINT_LIMITS_URL", f"sqlite-limits:///{tmp_path}/limits.sqlite3")
    return tmp_path / "etc" / "settings.env"


@pytest.fixture
def run(file: Path) -> Iterator[Run]:
    made: list[Flask] = []

    def make() -> Flask:
        made.append(databases.app_of_environment())
        return made[-1]

    def call(*words: str, typed: str = "", **answers: str) -> Result:
        given = [f"--answer={name}={value}" for name, value in answers.items()]
        return CliRunner().invoke(
            setup, ["--file", str(file), *given, *words], input=typed, obj=make
        )

    yield call
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def test_a_clinic_is_set_up_without_a_question(run: Run, file: Path) -> None:
    done = run("--no-input", typed=f"{PASSWORD}\n", **ANSWERS)

    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    settings = config.load({config.FILE_VARIABLE: str(file)})
    assert len({settings.secret_key, settings.password_salt, settings.lookup_key}) == 3
    app = databases.app_of_environment()
    with app.app_context():
        assert [one.email for one in all_of(User)] == ["ada@example.com"]
        assert [one.needling_law for one in all_of(Location)] == ["silent"]
        assert len(all_of(OpeningHours)) == 5
        assert [one.name for one in all_of(ClinicSetting)] == ["clinic_hours"]
        db.session.remove()
        db.engine.dispose()
    assert PASSWORD not in done.output


def test_it_says_what_is_missing_and_goes_on_where_it_stood(run: Run, file: Path) -> None:
    first = {key: ANSWERS[key] for key in ("public_base_url", "clinic_name", "clinic_phone")}

    stopped = run("--no-input", **first)

    assert stopped.exit_code == 1
    assert "alert_email" in stopped.output
    before = file.read_text(encoding="utf-8")
    rest = {key: value for key, value in ANSWERS.items() if key not in first}
    done = run("--no-input", typed=f"{PASSWORD}\n", **rest)
    assert done.exit_code == 0, done.output
    assert file.read_text(encoding="utf-8").startswith(before)


def test_an_unfit_answer_is_asked_again_and_nothing_is_asked_twice(run: Run) -> None:
    machine = ["clinic.example.com", "https://clinic.example.com", "", "12", "555 555 0100"]
    machine[2] = "Example Clinic"
    machine += ["nobody", "alerts@example.com", "clinic@example.com", "", "", ""]
    words = ["1 Example Street", "Monday to Friday", ""]
    admin = ["Ada Admin", "ada@example.com", PASSWORD, PASSWORD]
    place = ["America/Nowhere", "America/New_York", "New York", "NY", "silent", "", "", "", ""]
    opening = ["mon,tue", "9", "09:00", "17:00"]

    done = run(typed="\n".join([*machine, *words, *admin, *place, "Main Street", *opening]) + "\n")
    again = run("--no-input")

    assert done.exit_code == 0, done.output
    assert "needs an address such as" in done.output
    assert "two letters" in done.output
    assert "no such time zone" in done.output
    assert (again.exit_code, "Nothing is missing" in again.output) == (0, True)


def test_an_answer_in_a_wrong_form_is_wrong_use(run: Run) -> None:
    assert run("--answer", "clinic_name").exit_code == 2
