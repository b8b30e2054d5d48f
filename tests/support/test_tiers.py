"""The runner of the tests must never call a run green that was not."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from scripts import tiers

GREEN = "def test_one(): pass\ndef test_two(): pass\n"
BAD = {  # made-up test files that the runner must call red; none of them is a test of ours
    "a failure": ("def test_it(): assert False\n", (0, 1)),
    "a failure beside a success": (GREEN + "def test_it(): assert False\n", (2, 1)),
    "a skipped test": ("import pytest\n@pytest.mark.skip\ndef test_it(): pass\n", (0, 1)),
    "an expected failure": ("import pytest\ndef test_it(): pytest.xfail('later')\n", (0, 1)),
    "no test at all": ("", (0, 1)),
    "a file that cannot be read": ("import no_such_module\n", (0, 1)),
    "a run that stops short": (GREEN + "import os\ndef test_z(): os._exit(0)\n", (0, 1)),
}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tiers, "ROOT", tmp_path)
    monkeypatch.setattr(tiers, "REPORTS", tmp_path / "reports")
    monkeypatch.setattr(tiers, "TIERS", {"unit": "one tier"})
    monkeypatch.setattr(tiers, "missing", lambda _tier: "")
    monkeypatch.delenv("CI", raising=False)
    (tmp_path / "tests/unit").mkdir(parents=True)
    return tmp_path


def last_lines(captured: pytest.CaptureFixture[str]) -> str:
    return captured.readouterr().out.partition("Every tier:\n")[2]


def test_a_green_tier_is_green(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "tests/unit/test_it.py").write_text(GREEN)

    assert tiers.main([]) == 0

    assert "green" in (said := last_lines(capsys))
    assert said.endswith("2 passed, 0 failed\n")


@pytest.mark.parametrize("name", BAD)
def test_whatever_is_not_green_is_red(
    tree: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    source, (passed, failed) = BAD[name]
    (tree / "tests/unit/test_it.py").write_text(source)

    assert tiers.main([]) == 1

    assert "red" in (said := last_lines(capsys))
    assert said.endswith(f"{passed} passed, {failed} failed\n")


@pytest.mark.parametrize("bad", ["test_a.py", "test_b.py"])
def test_a_red_file_makes_the_whole_tier_red(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bad: str
) -> None:
    monkeypatch.setattr(tiers, "SHARED", {"unit"})
    for name in ("test_a.py", "test_b.py"):
        (tree / "tests/unit" / name).write_text(
            "def test_it(): assert False\n" if name == bad else GREEN
        )

    assert tiers.main([]) == 1

    assert last_lines(capsys).endswith("2 passed, 1 failed\n")


def test_two_lanes_run_each_test_once(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tiers, "SHARED", {"unit"})
    names = {f"test_{letter}" for letter in "abcde"}
    for name in names:
        (tree / f"tests/unit/{name}.py").write_text(GREEN)

    assert tiers.main([]) == 0

    assert last_lines(capsys).endswith("10 passed, 0 failed\n")
    first, second = (ran(tree, number) for number in (1, 2))
    assert sorted(first + second) == sorted([*names, *names])  # two tests in each


def test_who_is_done_takes_the_next_file(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "SHARED", {"unit"})
    waits = (
        "import pathlib, time\n"
        "def test_waits():\n"
        "    give_up = time.monotonic() + 20\n"
        "    while not pathlib.Path('last').exists() and time.monotonic() < give_up:\n"
        "        time.sleep(0.05)\n"
        "    assert pathlib.Path('last').exists()\n"
        "def test_goes_on(): pass\n"
    )
    (tree / "tests/unit/test_a.py").write_text(waits)  # the biggest, so that it comes first
    for letter in "bcd":
        (tree / f"tests/unit/test_{letter}.py").write_text(GREEN)
    last = "import pathlib\ndef test_it(): pathlib.Path('last').touch()\n"
    (tree / "tests/unit/test_e.py").write_text(last)

    assert tiers.main([]) == 0


def test_a_file_that_nobody_ran_is_red(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("test_a.py", "test_b.py"):
        (tree / "tests/unit" / name).write_text(GREEN)
    (tree / "reports/unit").mkdir(parents=True)
    (tree / "reports/unit/taken-0").touch()

    result = tiers.run("unit")

    assert (result.passed, result.failed) == (2, 2)
    assert "2 tests of unit were run by nobody" in capsys.readouterr().out


def ran(tree: Path, number: int) -> list[str]:
    """Name the files of the tests that one lane ran."""
    report = ET.parse(tree / f"reports/unit-{number}.xml")  # noqa: S314 - our own pytest wrote it
    return [str(case.get("classname")).rpartition(".")[2] for case in report.iter("testcase")]


def test_a_folder_that_is_gone_is_red(tree: Path) -> None:
    (tree / "tests/unit").rmdir()

    assert tiers.main([]) == 1


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_a_tier_that_cannot_run_says_so_and_fails_where_changes_are_judged(
    tree: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ci: str,
    code: int,
) -> None:
    (tree / "tests/unit/test_it.py").write_text(GREEN)
    (tree / "tests/browser").mkdir()
    monkeypatch.setattr(tiers, "TIERS", {"unit": "one tier", "browser": "journeys"})
    lacks = {"browser": "chromium missing"}
    monkeypatch.setattr(tiers, "missing", lambda tier: lacks.get(tier, ""))
    monkeypatch.setenv("CI", ci)

    assert tiers.main([]) == code

    assert "COULD NOT RUN: chromium missing" in last_lines(capsys)


@pytest.mark.parametrize(
    ("tier", "said"),
    [
        ("unit", ""),
        ("integration", "postgresql missing (on Debian, as root: apt-get install postgresql)"),
        ("browser", "chromium postgresql missing"),
    ],
)
def test_a_machine_without_chromium_and_postgresql_lacks_them_for_some_tiers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tier: str, said: str
) -> None:
    machine = tmp_path / "scripts/machine"
    machine.parent.mkdir()
    machine.write_text("#!/bin/sh\necho chromium postgresql\nexit 3\n")
    machine.chmod(0o755)
    monkeypatch.setattr(tiers, "ROOT", tmp_path)

    lacking = tiers.missing(tier)

    assert lacking.startswith(said)
    assert bool(lacking) == bool(said)


def test_an_unknown_tier_is_refused(tree: Path) -> None:
    assert tree.exists()
    assert tiers.main(["unti"]) == 2
