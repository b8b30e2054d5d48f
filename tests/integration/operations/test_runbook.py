"""Each bad day of docs/OPERATIONS.md: it happens here, and its own commands are followed."""

import gc
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select, text

from clinic import app as application
from clinic import config
from clinic.access import SYSTEM
from clinic.commands.operator import operator
from clinic.extensions import db, site
from clinic.models import Letter, Request, StaffSession, User
from clinic.sealing import CannotBeRead, new_key
from clinic.services import audit, erasing, outbox
from tests.integration.operations.conftest import ON_SQLITE
from tests.support import databases, full_house
from tests.support.clock import MONDAY_MORNING
from tests.support.patients import Patient
from tests.support.scene import Scene, all_of, stored
from tests.support.server import ROOT
from tests.support.smtp_sink import SmtpSink

CLINIC = ".venv/bin/clinic"
SECTION = re.compile(r"^## When something goes wrong$(.*?)^## ", re.DOTALL | re.MULTILINE)
ENTRY = re.compile(r"^### (.+?)$(.*?)(?=^### |\Z)", re.DOTALL | re.MULTILINE)
SHELL = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
URGENT = {"rf-chest-breath": "yes", "rf-chest-breath.worse": "yes"}
NOW = datetime.now(UTC)

pytestmark = ON_SQLITE


def runbook() -> dict[str, list[list[str]]]:
    """Read the commands of each entry, as words."""
    found = SECTION.search((ROOT / "docs/OPERATIONS.md").read_text(encoding="utf-8"))
    assert found is not None
    return {
        title: [
            shlex.split(line, comments=True) for line in "".join(SHELL.findall(body)).splitlines()
        ]
        for title, body in ENTRY.findall(found[1])
    }


@pytest.fixture
def house(shell: Flask) -> Iterator[UUID]:
    assert shell.testing
    found = full_house.fill(Scene())
    erasing.lift(operator(), MONDAY_MORNING, stored(Request, found).reference)
    close()
    yield found
    close()


def close() -> None:
    db.session.remove()
    db.engine.dispose()


def follow(
    title: str,
    named: Mapping[str, str] | None = None,
    *,
    typed: str = "",
    meanwhile: Callable[[list[Result]], None] | None = None,
) -> list[Result]:
    """Do what the page says, with these names filled in; ``systemctl`` is done by the test."""
    names = named or {}
    results: list[Result] = []
    for words in runbook()[title]:
        if words[0] == "systemctl":
            if meanwhile is not None:
                meanwhile(results)
            continue
        assert words[0] == CLINIC, words
        filled = [names.get(word, word) for word in words[1:]]
        assert not [one for one in filled if one.isupper() and one not in names.values()]
        results.append(command(filled, typed))
    return results


def command(words: list[str], typed: str) -> Result:
    """Run the console script over an app of its own, as a process would."""
    if not application.clinic.commands:
        application._add_commands()  # noqa: SLF001 - as the console script does
    close()
    result = CliRunner().invoke(application.clinic, words, input=typed)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    gc.collect()  # a process would be gone now, and with it what it had open
    return result


def restart() -> None:
    """Take the keys and the settings as a new process would find them."""
    with databases.app_of_environment().app_context():
        close()


def codes(results: list[Result]) -> list[int]:
    return [result.exit_code for result in results]


@pytest.fixture
def copy(house: UUID, tmp_path: Path) -> Path:
    assert isinstance(house, UUID)
    made = command(["backup", str(tmp_path / "copy")], "")
    assert made.exit_code == 0, made.output
    return tmp_path / "copy"


def test_the_disk_is_lost(house: UUID, copy: Path) -> None:
    Path(db.engine.url.database or "").unlink()

    results = follow("The disk or the machine is lost", {"BACKUP": str(copy)}, typed="restore\n")

    assert codes(results) == [0, 0, 0], [one.output for one in results]
    assert stored(Request, house).name == "Rosa Example 1"


def test_a_key_is_lost(house: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = config.load().data_keys
    monkeypatch.setenv("NEEDLEPOINT_DATA_KEYS", f"k2:{new_key()}")

    [lost] = follow("A key is lost")
    with pytest.raises(CannotBeRead):
        _ = stored(Request, house).name
    monkeypatch.setenv("NEEDLEPOINT_DATA_KEYS", kept)
    [found] = follow("A key is lost")

    assert (lost.exit_code, "NOT IN THE SETTINGS" in lost.output) == (1, True)
    assert found.exit_code == 0
    assert stored(Request, house).name == "Rosa Example 1"


def test_a_key_may_be_known(house: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = config.load().data_keys

    def put_in_front(results: list[Result]) -> None:
        monkeypatch.setenv("NEEDLEPOINT_DATA_KEYS", f"{results[0].output.strip()},{before}")

    title = "A key may be known to somebody"
    results = follow(title, {"BACKUP": str(tmp_path / "new")}, meanwhile=put_in_front)

    assert codes(results) == [0, 0, 0, 0], [one.output for one in results]
    monkeypatch.setenv("NEEDLEPOINT_DATA_KEYS", config.load().data_keys.partition(",")[0])
    restart()
    assert stored(Request, house).name == "Rosa Example 1"
    assert "sealed by k2" in results[-1].output


def member(name: str = "Theo Therapist") -> User:
    return all_of(User, display_name=name)[0]  # type: ignore[no-any-return]  # of this table


@pytest.mark.usefixtures("house")
def test_a_phone_with_the_second_factor_is_lost() -> None:
    assert member().tf_totp_secret is not None

    results = follow("A phone with the second factor is lost", {"EMAIL": member().email})

    assert codes(results) == [0], results[0].output
    assert member().tf_totp_secret is None
    assert member().mf_recovery_codes is None
    assert all(one.ended_at is not None for one in all_of(StaffSession, user_id=member().id))


@pytest.mark.usefixtures("house")
def test_an_urgent_alert_was_missed() -> None:
    someone = Patient("Sam Pretend", phone="(555) 555-0199", email=None, answers=URGENT)
    someone.asks(NOW - timedelta(hours=5))
    for letter in db.session.scalars(select(Letter).where(Letter.kind == "urgent_alert")):
        letter.state, letter.last_error = "failed", "smtp 550"
    db.session.commit()

    status, check = follow("An urgent alert was missed")

    assert status.exit_code == 0
    assert re.search(r"^failed .* urgent_alert .*smtp 550$", status.output, re.MULTILINE)
    assert check.exit_code == 1
    assert "alert" in check.output.lower()


@pytest.mark.usefixtures("house")
def test_the_mail_server_was_down(smtp: SmtpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEDLEPOINT_SMTP_PORT", str(smtp.port))
    queued = full_house.queue(SYSTEM, NOW - timedelta(hours=5), 2, to="rosa@example.com")
    for _ in queued:
        leased = outbox.lease(SYSTEM, NOW)
        assert leased is not None
        assert outbox.mark_delayed(SYSTEM, NOW, leased, code="no connection")

    results = follow("The mail server was down")

    assert codes(results) == [0, 0, 0, 0], [one.output for one in results]
    assert "failed 2" in results[0].output
    assert "Queued again: 2. Still failed: 0." in results[1].output
    assert "failed 0" in results[3].output
    assert len(smtp.to("rosa@example.com")) == 2


@pytest.mark.usefixtures("house")
def test_the_disk_is_full() -> None:
    full_house.queue(SYSTEM, MONDAY_MORNING.replace(year=2020), state="sent")

    told, done, checked = follow("The disk is full")

    assert codes([told, done, checked]) == [0, 0, 0]
    assert told.output.splitlines()[:7] == done.output.splitlines()[:7]
    assert "1  letters emptied" in done.output


@pytest.mark.usefixtures("house")
def test_somebody_leaves() -> None:
    disabled, listed = follow("Somebody leaves", {"EMAIL": member().email})

    assert codes([disabled, listed]) == [0, 0]
    assert re.search(rf"{member().email} .*disabled", listed.output)
    assert not member().active


def test_somebody_may_have_broken_in(house: UUID) -> None:
    count, last = audit.head_of(db.session())
    title, names = "Somebody may have broken in", {"COUNT:HASH": f"{count}:{last.hex()}"}
    names["EMAIL"] = member().email

    whole = follow(title, names)
    change_the_record_by_force()
    broken = follow(title, names)

    assert codes(whole) == [0, 0, 0, 0, 0], [one.output for one in whole]
    assert (broken[0].exit_code, "broken at entry 2" in broken[0].output) == (1, True)
    assert isinstance(house, UUID)


def change_the_record_by_force() -> None:
    with db.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_entry_no_update"))
        connection.execute(text("UPDATE audit_entry SET act = 'nothing' WHERE number = 2"))


def test_a_patient_wants_to_be_forgotten(house: UUID) -> None:
    reference = stored(Request, house).reference

    results = follow(
        "A patient wants to be forgotten", {"REFERENCE": reference}, typed=f"{reference}\n"
    )

    assert codes(results) == [0, 0], results[0].output
    assert all_of(Request, id=house) == []
    assert erasing.noted(Path(site.settings.erasure_ledger)) == [house]


def test_a_court_wants_a_record_kept(house: UUID) -> None:
    reference = stored(Request, house).reference

    results = follow("A court or an authority wants a record kept", {"REFERENCE": reference})

    assert codes(results) == [0]
    assert erasing.is_held(db.session(), house)
    assert command(["erase", reference, "--yes"], "").exit_code == 1


@pytest.mark.usefixtures("house")
def test_the_worker_stood_still(smtp: SmtpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEDLEPOINT_SMTP_PORT", str(smtp.port))
    full_house.queue(SYSTEM, NOW - timedelta(minutes=20), to="alerts@example.com")

    results = follow("The worker stands still")

    assert codes(results) == [0, 0]
    assert "sent 1  failed 0" in results[1].output
    assert smtp.to("alerts@example.com")


def test_every_bad_day_of_the_page_happens_here(shell: Flask) -> None:
    assert shell.testing
    own = Path(__file__).read_text(encoding="utf-8")

    assert {title for title in runbook() if f'"{title}"' not in own} == set()
    assert len(runbook()) == 12
    assert all(runbook().values()), "an entry without a command is no help"
