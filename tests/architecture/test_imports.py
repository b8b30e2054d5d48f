"""The import contracts of pyproject.toml hold, and each turns red when it is broken."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DIRECTIONS = "Imports point down the house, and every module has its floor"
CORE = "The core knows no web, no database and no templates"
PAGES = "Forms and pages reach the database only through services and queries"
SERVICES = "Services and queries know no web request"

# (file, the line planted there, the contract that must turn red)
FAULTS = [
    ("screening/levels.py", "import clinic.models", DIRECTIONS),
    ("queries/health.py", "import clinic.services.tracks", DIRECTIONS),
    ("forms.py", "import clinic.services.tracks", DIRECTIONS),
    ("services/tracks.py", "import clinic.web.words", DIRECTIONS),
    ("models.py", "import clinic.services.tracks", DIRECTIONS),
    ("config.py", "import clinic.contact", DIRECTIONS),
    ("helpers.py", '"""A module that nobody gave a floor."""', DIRECTIONS),
    ("screening/levels.py", "import flask", CORE),
    ("booking/lifecycle.py", "import sqlalchemy.orm", CORE),
    ("access.py", "import wtforms", CORE),
    ("contact.py", "import jinja2", CORE),
    ("sealing.py", "import werkzeug.security", CORE),
    ("forms.py", "from clinic import models", PAGES),
    ("forms.py", "from sqlalchemy import select", PAGES),
    ("blueprints/health.py", "from clinic.models import Request", PAGES),
    ("blueprints/health.py", "import sqlalchemy", PAGES),
    ("services/tracks.py", "from flask import g", SERVICES),
    ("queries/health.py", "import flask_login", SERVICES),
]


def run_linter(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copied_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "pyproject.toml", tree)
    python_only = shutil.ignore_patterns("templates", "static", "data", "__pycache__")
    shutil.copytree(ROOT / "clinic", tree / "clinic", ignore=python_only)
    return tree


def test_the_contracts_hold() -> None:
    result = run_linter(ROOT)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"), FAULTS, ids=[f"{file}: {line}" for file, line, _ in FAULTS]
)
def test_a_planted_fault_turns_its_contract_red(
    copied_tree: Path, module: str, line: str, contract: str
) -> None:
    planted = copied_tree / "clinic" / module
    before = planted.read_text(encoding="utf-8") if planted.exists() else None
    planted.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")

    result = run_linter(copied_tree)

    planted.unlink() if before is None else planted.write_text(before, encoding="utf-8")
    assert result.returncode != 0
    assert f"{contract} BROKEN" in result.stdout, result.stdout + result.stderr
    assert Path(module).stem in result.stdout.split("Broken contracts")[1]
