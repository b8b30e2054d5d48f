"""A practice whose lead therapist signs rules that lack nothing; on one kind of database."""

from collections.abc import Iterator

import pytest

from clinic.screening import rules
from tests.integration.therapist.conftest import practice
from tests.support import databases
from tests.support.rulesets import complete

__all__ = ["practice"]


@pytest.fixture
def database() -> Iterator[str]:
    """What is said here of services is the same on each; races and constraints name both."""
    with databases.fresh_database("sqlite") as url:
        yield url


@pytest.fixture(autouse=True)
def nothing_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the rules that ship be complete."""
    monkeypatch.setattr(rules, "shipped_rules", complete)
