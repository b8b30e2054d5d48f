"""Rules of the house that can be read off the source, each with a piece of text that breaks it."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLINIC = ROOT / "clinic"
TEMPLATES = CLINIC / "templates"

UNESCAPED = re.compile(r"\|\s*safe\b|autoescape\s+false|\bMarkup\b|render_template_string")
JINJA_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
# Where finished HTML is made from parts that are escaped one by one.
MAY_MARK_SAFE = {"blueprints/security.py"}  # the QR picture of a second factor, drawn by us
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
OWN_CLOCK = {"now", "utcnow", "today", "monotonic", "time_ns"}
OWN_DICE = {"random", "secrets"}
TIMELESS = ("screening", "booking", "services", "queries", "access.py", "contact.py")
# Joined here, so that this file does not name them.
MACHINE = re.compile(
    "|".join(["/wo" + "rk/", "/tmp/" + "np", "/ro" + r"ot\b", "pythonho" + "sted", "pypi" + r"\."])
)


def sources(*places: str) -> Iterator[Path]:
    for place in places:
        found = CLINIC / place
        yield from [found] if found.is_file() else sorted(found.rglob("*.py"))


def unescaped(text: str) -> list[str]:
    return UNESCAPED.findall(JINJA_COMMENT.sub("", text))


def own_clock_or_dice(text: str) -> list[str]:
    """Name each place of a module that reads the clock or throws dice by itself."""
    found = []
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Attribute(attr=name, value=ast.Name(id=owner))):
                if name in OWN_CLOCK and owner in {"datetime", "date", "time", "dt"}:
                    found.append(f"{owner}.{name}() at line {node.lineno}")
            case ast.Import(names=names):
                found += [f"import {one.name}" for one in names if one.name in OWN_DICE | {"time"}]
            case ast.ImportFrom(module=module) if module in OWN_DICE | {"time"}:
                found.append(f"from {module} import")
            case _:
                pass
    return found


def commits(text: str) -> int:
    return len(re.findall(r"\.commit\(", text))


def test_nothing_is_printed_without_being_escaped() -> None:
    found = {
        str(file.relative_to(CLINIC)): unescaped(file.read_text(encoding="utf-8"))
        for file in [*TEMPLATES.rglob("*.html"), *TEMPLATES.rglob("*.txt"), *sources(".")]
    }

    assert {name for name, hits in found.items() if hits} <= MAY_MARK_SAFE, found


@pytest.mark.parametrize(
    "text",
    ["{{ name|safe }}", "{{ name | safe }}", "{% autoescape false %}", "Markup(name)"],
)
def test_each_way_round_escaping_is_seen(text: str) -> None:
    assert unescaped(text)


def test_whatever_holds_html_is_named_so_that_it_is_escaped() -> None:
    # Jinja escapes by file name, and only what is named .html.
    tag = re.compile(r"<(p|div|a|h[1-6]|ul|li|table|span|form|html)\b", re.IGNORECASE)

    careless = [
        str(file.relative_to(TEMPLATES))
        for file in TEMPLATES.rglob("*.*")
        if file.suffix not in {".html", ".md"} and tag.search(file.read_text(encoding="utf-8"))
    ]

    assert careless == []


def test_core_services_and_queries_are_told_the_time() -> None:
    found = {
        str(file.relative_to(CLINIC)): own_clock_or_dice(file.read_text(encoding="utf-8"))
        for file in sources(*TIMELESS)
    }

    assert {name: hits for name, hits in found.items() if hits} == {}


@pytest.mark.parametrize(
    "text",
    [
        "from datetime import datetime\nnow = datetime.now(UTC)",
        "import datetime as dt\nday = dt.today()",
        "from datetime import date\nday = date.today()",
        "import time",
        "import random",
        "from secrets import token_hex",
    ],
)
def test_each_way_to_read_the_clock_or_throw_dice_is_seen(text: str) -> None:
    assert own_clock_or_dice(text)


def test_only_the_unit_of_work_commits() -> None:
    found = [
        str(file.relative_to(CLINIC))
        for file in sources(".")
        if commits(file.read_text(encoding="utf-8"))
    ]

    assert found == ["services/transaction.py"]


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = {file.stem for folder in ("clinic", "tests") for file in (ROOT / folder).rglob("*.py")}

    assert names & VAGUE == set()


def test_the_tree_names_no_machine_and_no_registry() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [ROOT / name for name in listed.stdout.split("\0") if name]

    named = {}
    for file in files:
        if file.is_file() and file.suffix not in {".woff2", ".png", ".webp", ".mo"}:
            hits = MACHINE.findall(file.read_text(encoding="utf-8", errors="replace"))
            named.update({str(file.relative_to(ROOT)): hits} if hits else {})

    assert files
    assert named == {}
