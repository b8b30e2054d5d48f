"""What the documents point to is there: files, commands, settings, targets of make."""

import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

from clinic import app, config
from clinic.web import logs
from scripts import docs

ROOT = docs.ROOT
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
QUOTED = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMENT = re.compile(r"\s#.*")
OURS = re.compile(
    r"(clinic|tests|scripts|docs|migrations|requirements)/[A-Za-z0-9_./-]*[A-Za-z0-9_/]"
)
COMMAND = re.compile(r"(?:^|[\s/$])clinic ((?:[a-z][a-z-]*|--[a-z-]+)(?:[ =][^\s`|;&>#]+)*)")
SETTING = re.compile(rf"{config.PREFIX}[A-Z_]+[A-Z]")
LONGEST_ADR = 60


def links(text: str) -> list[str]:
    return [target for target in LINK.findall(text) if "://" not in target]


def places(text: str) -> list[str]:
    """Name every path of the tree that is quoted, without those that hold a placeholder."""
    quoted = [word for words in QUOTED.findall(text) for word in words.split()]
    return [word for word in quoted if OURS.fullmatch(word)]


def pieces(text: str) -> list[str]:
    """Take out what is code: quoted in a line, or in a block of shell."""
    blocks = [COMMENT.sub("", code) for language, code in FENCED.findall(text) if language == "sh"]
    return [*QUOTED.findall(FENCED.sub("", text)), *blocks]


def commands(text: str) -> Iterator[list[str]]:
    """Read every call of our command line that is quoted or stands in a block of shell."""
    for piece in pieces(text):
        for line in piece.replace("\\\n", " ").splitlines():
            yield from (found.split() for found in COMMAND.findall(line))


def targets(text: str) -> set[str]:
    return {name for piece in pieces(text) for name in re.findall(r"\bmake ([a-z-]+)", piece)}


@cache
def command_line() -> click.Group:
    found = [f"clinic.commands.{name}" for name in app.COMMANDS]
    every = [one for name in found if find_spec(name) for one in import_module(name).COMMANDS]
    return click.Group("clinic", {str(one.name): one for one in every})


def unknown(words: list[str]) -> str:
    """Say which word of a call our command line does not know, empty if it knows all."""
    here: click.Command = command_line()
    for word in words:
        if word.startswith("--"):
            options = {name for one in here.params for name in one.opts} | {"--help"}
            if word.split("=")[0] not in options:
                return word
        elif isinstance(here, click.Group) and re.fullmatch(r"[a-z-]+", word):
            if word not in here.commands:
                return word
            here = here.commands[word]
    return ""


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_link_leads_to_a_file(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    broken = [target for target in links(text) if not (page.parent / target).exists()]

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_path_that_is_named_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    missing = [place for place in places(text) if not (ROOT / place).exists()]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_command_that_is_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    wrong = [words for words in commands(text) if unknown(words)]

    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_setting_or_target_that_is_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    settings = {config.PREFIX + item.name.upper() for item in fields(config.Settings)}
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(SETTING.findall(text)) <= settings | {config.FILE_VARIABLE}
    assert targets(text) <= known


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs/adr").glob("*.md")), ids=lambda page: page.name
)
def test_a_decision_is_short_and_says_what_would_change_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert re.match(rf"# {page.name[:4]}: ", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Consequence",
        "What would change our mind",
    ]
    assert len(text.splitlines()) < LONGEST_ADR


def test_no_number_of_a_decision_is_used_twice() -> None:
    numbers = [page.name[:4] for page in (ROOT / "docs/adr").glob("*.md")]

    assert sorted(set(numbers)) == sorted(numbers)


def test_every_field_that_the_log_may_hold_is_explained() -> None:
    page = (ROOT / "docs/OPERATIONS.md").read_text(encoding="utf-8")
    table = page.split("| field | meaning |")[1].split("\n\n")[0]
    explained = {
        word for row in table.splitlines() for word in QUOTED.findall(row.partition(" | ")[0])
    }

    assert explained == set(logs.ALLOWED)


def test_what_is_not_there_is_seen() -> None:
    text = (
        "See [this](docs/none.md) and `clinic/none.py`.\n"
        "```sh\n.venv/bin/clinic user invent ada@example.com\nclinic worker --twice\n```\n"
        "Run `make nonsense`.\n"
    )

    assert links(text) == ["docs/none.md"]
    assert places(text) == ["clinic/none.py"]
    assert [unknown(words) for words in commands(text)] == ["invent", "--twice"]
    assert targets(text) == {"nonsense"}
