"""What the running system imports, it installs; and every requirement is pinned with its hash."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OWN = {"clinic", "_typeshed"}  # the second is known to type checkers alone
LOCKED = ["base", "build", "check", "test"]


def imported(text: str) -> set[str]:
    """Name the top-level packages that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def pinned(name: str) -> Iterator[tuple[str, str]]:
    """Pair each pinned package of a locked file with everything that the file says of it."""
    text = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=\S)", text.strip()):
        yield re.split(r"[=\[; ]", entry, maxsplit=1)[0].lower(), entry


def test_what_the_running_system_imports_is_in_its_requirements() -> None:
    installed = {package for package, _ in pinned("base")}
    sources = packages_distributions()
    foreign: set[str] = set()
    for file in [ROOT / "wsgi.py", *(ROOT / "clinic").rglob("*.py")]:
        foreign |= imported(file.read_text(encoding="utf-8")) - OWN - sys.stdlib_module_names

    missing = {
        module
        for module in foreign
        if not {re.sub(r"[-_.]+", "-", name).lower() for name in sources.get(module, [])}
        & installed
    }

    assert foreign
    assert missing == set()


def test_an_import_inside_a_function_is_seen_too() -> None:
    assert imported("def later():\n    from playwright.sync_api import Page") == {"playwright"}


@pytest.mark.parametrize("name", LOCKED)
def test_every_requirement_is_pinned_with_its_hashes(name: str) -> None:
    loose = [
        package
        for package, entry in pinned(name)
        if not re.match(r"\S+==\S+ (; [^\n]+ )?\\\n +--hash=sha256:[0-9a-f]{64}", entry)
    ]

    assert list(pinned(name))
    assert loose == []


@pytest.mark.parametrize("name", LOCKED)
def test_no_requirement_names_where_it_comes_from(name: str) -> None:
    text = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")

    assert not re.search(r"://|^\s*--(?!hash=)|@ ", text, re.MULTILINE)
