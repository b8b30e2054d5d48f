"""The pages that are read off the code say what the code says."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from clinic import config
from clinic.booking import lifecycle
from clinic.booking.lifecycle import Track
from scripts import docs

ROOT = docs.ROOT


def test_the_generated_pages_are_current() -> None:
    result = subprocess.run(
        [sys.executable, "scripts/docs.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name", docs.PAGES)
def test_a_page_that_was_edited_by_hand_is_seen(name: str, tmp_path: Path) -> None:
    for page, write in docs.PAGES.items():
        (tmp_path / page).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / page).write_text(write(), encoding="utf-8")
    with (tmp_path / name).open("a", encoding="utf-8") as edited:
        edited.write("And one more thing.\n")

    found = docs.stale(tmp_path)

    assert found == [name]


def test_a_page_that_is_missing_is_stale(tmp_path: Path) -> None:
    assert docs.stale(tmp_path) == list(docs.PAGES)


def test_every_setting_is_documented_with_what_it_means() -> None:
    page = (ROOT / "docs/SETTINGS.md").read_text(encoding="utf-8")

    for item in fields(config.Settings):
        assert f"| `{config.PREFIX}{item.name.upper()}` |" in page
        assert len(item.metadata["meaning"]) > 10, item.name


def test_every_variable_that_the_code_reads_is_documented() -> None:
    page = (ROOT / "docs/SETTINGS.md").read_text(encoding="utf-8")

    undocumented = [name for name in docs.read_beside() if f"| `{name}` |" not in page]

    assert undocumented == []


def test_a_variable_that_a_module_reads_is_found_however_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(
        "import os\n"
        "one = os.environ.get('ONE', '1')\n"
        "two = os.getenv('TWO')\n"
        "three = os.environ['THREE']\n"
        "os.environ['FOUR'] = 'written, not read'\n"
    )

    found = docs.read_beside(tmp_path)

    assert found == {"ONE": "1", "TWO": "", "THREE": ""}


@pytest.mark.parametrize("track", Track)
def test_every_act_is_on_the_page_beside_the_state_that_it_leads_to(track: Track) -> None:
    page = (ROOT / "docs/lifecycle.md").read_text(encoding="utf-8")
    part = page.split(f"## {track.capitalize()}\n")[1].split("\n## ")[0]
    rows = {line.split(" | ")[0].strip("| `"): line for line in part.splitlines()}

    for (state, act), after in lifecycle.MOVES[track].items():
        assert f"{act} -> `{after}`" in rows[state or "(nothing yet)"]
