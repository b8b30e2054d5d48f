"""The address of the database may be relative, as it is by default."""

from pathlib import Path

import pytest

from clinic.commands.database import upgrade
from clinic.config import Settings
from tests.support import databases


def test_pages_and_migrations_mean_the_same_relative_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    address = Settings().database_url
    upgrade(address)

    with databases.running_app(address) as app:
        answer = app.test_client().get("/readyz")

    assert (answer.status_code, answer.text) == (200, "ok")
    assert [file.name for file in tmp_path.rglob("*.sqlite3")] == ["needlepoint.sqlite3"]
