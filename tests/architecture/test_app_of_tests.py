"""Every page that a test draws is linted, because the app of the tests is made in one place."""

from pathlib import Path

from tests.support import databases
from tests.support.page import LintingClient

TESTS = Path(__file__).resolve().parents[1]


def test_the_app_of_the_tests_lints_its_pages(tmp_path: Path) -> None:
    with databases.running_app(f"sqlite:///{tmp_path / 'empty.sqlite3'}") as app:
        client = app.test_client()

    assert isinstance(client, LintingClient)


def test_no_test_makes_an_app_of_its_own_that_would_not_be_linted() -> None:
    call = "create_app" + "("
    made = {
        str(file.relative_to(TESTS))
        for file in TESTS.rglob("*.py")
        if call in file.read_text(encoding="utf-8").replace(f'"clinic.app:{call})"', "")
    }

    assert made == {"support/databases.py"}
