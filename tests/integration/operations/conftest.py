"""The commands of a clinic, run over the app of the test, or in a process of their own."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask

from clinic.extensions import db
from tests.support import databases
from tests.support.server import ROOT

Run = Callable[..., Result]
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def shell(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The app with its context pushed, and the environment that commands read."""
    ledger = str(tmp_path / "kept" / "erasures.txt")
    for name, value in databases.environment(database, erasure_ledger=ledger).items():
        monkeypatch.setenv(name, value)
    with databases.running_app(database, erasure_ledger=ledger) as app, app.app_context():
        yield app


@pytest.fixture
def run(shell: Flask) -> Run:
    """Run a command over the app."""

    def command(of: click.Command, *words: str, typed: str = "") -> Result:
        db.session.remove()
        result = CliRunner().invoke(of, words, input=typed, obj=lambda: shell)
        db.session.remove()
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return command


def in_a_process(
    environment: dict[str, str], *words: str, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the console script as an operator does."""
    return subprocess.run(
        [sys.executable, "-m", "clinic.app", *words],
        cwd=ROOT,
        env=environment,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
