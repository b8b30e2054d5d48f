"""Runs the tests tier by tier, and ends with one line for each tier and one for all of them."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[1]
LANE = ROOT / "scripts" / "lane.py"
REPORTS = ROOT / "var" / "tests"
TIERS = {
    "unit": "the core alone",
    "property": "what holds for every history, calendar and move",
    "architecture": "directions, guards, short lists",
    "support": "the test tools themselves",
    "migrations": "the schema up, down and up again, on SQLite and PostgreSQL",
    "integration": "services and queries on SQLite and PostgreSQL",
    "web": "every page, as each member of the cast",
    "browser": "journeys in Chromium",
    "storm": "races, kills and searches for what was typed, against the real server",
}
# Debian's package -> the tiers that cannot run without it
NEEDED_BY = {
    "chromium": {"support", "browser"},
    "libatomic1": {"support", "browser"},
    "postgresql": {"support", "migrations", "integration", "web", "browser", "storm"},
}
# Two lanes, each with databases and servers of its own; the storm has both cores to itself.
SHARED = {
    "unit",
    "property",
    "architecture",
    "support",
    "migrations",
    "integration",
    "web",
    "browser",
}
LIMIT_SECONDS = 1200
NO_TESTS = 5


@dataclass(frozen=True)
class Result:
    """How one tier ended."""

    tier: str
    passed: int = 0
    failed: int = 0
    seconds: float = 0
    unable: str = ""

    @property
    def line(self) -> str:
        """The result in one line."""
        if self.unable:
            return f"{self.tier:<13} COULD NOT RUN: {self.unable}"
        word = "red  " if self.failed else "green"
        counts = f"{self.passed:>5} good {self.failed:>4} bad"
        return f"{self.tier:<13} {word} {counts} {self.seconds:>6.0f} s"


def main(wanted: list[str]) -> int:
    """Run the tiers named, or all; the exit code is 0 only if each that could run is green."""
    unknown = [tier for tier in wanted if tier not in TIERS]
    if unknown:
        print(f"test: no tier {', '.join(unknown)}; there are {', '.join(TIERS)}")
        return 2
    shutil.rmtree(REPORTS, ignore_errors=True)
    REPORTS.mkdir(parents=True)
    results = [run(tier) for tier in wanted or TIERS]
    print("\nEvery tier:")
    for result in results:
        print(result.line)
    passed = sum(result.passed for result in results)
    failed = sum(result.failed for result in results)
    print(f"{passed} passed, {failed} failed")
    unable = [result for result in results if result.unable]
    # On a desk a machine may lack something; where changes are judged it may not.
    return 1 if failed or (unable and os.environ.get("CI")) or not passed else 0


def run(tier: str) -> Result:
    """Run one tier and count."""
    print(f"\n=== {tier}: {TIERS[tier]}", flush=True)
    if not (ROOT / "tests" / tier).is_dir():
        print(f"there is no folder tests/{tier}")
        return Result(tier, failed=1)
    unable = missing(tier)
    if unable:
        print(unable)
        return Result(tier, unable=unable)
    began = time.monotonic()
    files = files_of(tier)
    number_of_lanes = 2 if tier in SHARED and len(files) > 1 else 1
    (REPORTS / tier).mkdir(parents=True, exist_ok=True)
    lanes = [_start(tier, number, files) for number in range(1, number_of_lanes + 1)]
    ended = [_finish(lane, began) for lane in lanes]
    passed, failed = (sum(numbers) for numbers in zip(*ended, strict=True))
    if not failed and (left := _collected(tier) - passed):
        print(f"{left} tests of {tier} were run by nobody")
        failed = abs(left)
    return Result(tier, passed, failed, time.monotonic() - began)


def files_of(tier: str) -> list[str]:
    """List a tier's files, the biggest first: what is taken last should be done soon."""
    files = sorted(
        (ROOT / "tests" / tier).rglob("test_*.py"), key=lambda file: (-file.stat().st_size, file)
    )
    return [str(file.relative_to(ROOT)) for file in files] or [f"tests/{tier}"]


def _collected(tier: str) -> int:
    """Read how many tests the lanes of a tier saw before they parted them."""
    file = REPORTS / tier / "collected"
    return int(file.read_text(encoding="utf-8")) if file.exists() else 0


@dataclass
class Lane:
    """One pytest that is under way; all but the first keep what they say until they end."""

    process: subprocess.Popen[bytes]
    report: Path
    said: Path | None


def _start(tier: str, number: int, files: list[str]) -> Lane:
    report = REPORTS / f"{tier}-{number}.xml"
    said = None if number == 1 else REPORTS / f"{tier}-{number}.txt"
    command = [sys.executable, str(LANE), str(REPORTS / tier), *files, "--quiet", "--tb=short"]
    command += [f"--junitxml={report}", "--color=no", "-o", "junit_family=xunit2"]
    with said.open("wb") if said else nullcontext() as out:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    return Lane(process, report, said)


def _finish(lane: Lane, began: float) -> tuple[int, int]:
    left = max(LIMIT_SECONDS - (time.monotonic() - began), 1)
    try:
        code = lane.process.wait(timeout=left)
    except subprocess.TimeoutExpired:
        lane.process.kill()
        lane.process.wait()
        print(f"ended after {LIMIT_SECONDS} s")
        return 0, 1
    except KeyboardInterrupt:
        lane.process.wait()
        raise
    if lane.said:
        print(lane.said.read_text(encoding="utf-8", errors="replace"), flush=True)
    if code == NO_TESTS:
        return 0, 1
    passed, failed = counts(lane.report)
    # pytest can end badly without a single failed test, for one when it cannot collect.
    return passed, failed or int(code != 0)


def missing(tier: str) -> str:
    """Say what this machine lacks for a tier, empty if nothing."""
    look = subprocess.run(
        ["scripts/machine", "look"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    lacking = " ".join(package for package in look.stdout.split() if tier in NEEDED_BY[package])
    return f"{lacking} missing (on Debian, as root: apt-get install {lacking})" if lacking else ""


def counts(report: Path) -> tuple[int, int]:
    """Read passed and failed from pytest's report; a skipped test counts as failed."""
    if not report.exists():
        return 0, 1
    # Our own pytest wrote it.
    suites = ET.parse(report).getroot().iter("testsuite")  # noqa: S314 - see above
    total = bad = 0
    for suite in suites:
        total += int(suite.get("tests", "0"))
        bad += sum(int(suite.get(kind, "0")) for kind in ("failures", "errors", "skipped"))
    return max(total - bad, 0), bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
