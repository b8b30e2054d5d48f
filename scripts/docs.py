"""Writes the pages under docs/ that are read off the code, or checks that they are current.

    python scripts/docs.py            write them
    python scripts/docs.py --check    exit 1 and name each page that differs

Nobody edits these pages by hand: a table that is kept twice is wrong once.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import yaml

from clinic import config
from clinic.booking import lifecycle
from clinic.booking.lifecycle import Track
from clinic.config import Settings
from clinic.screening import sign_off, suggestions

ROOT = Path(__file__).resolve().parent.parent
STALE = "Run `python scripts/docs.py` to write it anew; `make check` fails while it is stale."
SECRETS = frozenset(
    {"secret_key", "password_salt", "data_keys", "lookup_key", "audit_key", "smtp_password"}
)
# Variables that are read beside the settings: what starts the web server needs no app yet.
BESIDE = {
    "BIND": "Address and port that gunicorn listens on",
    "WEB_WORKERS": "Web processes of gunicorn",
    "WEB_THREADS": "Threads of each web process",
}
MANY = 6  # from more states than this, an act is drawn as one arrow
TRACKS = {
    Track.DESK: (
        "Where the request stands at the front desk. Acts that leave the state as it is, such as "
        "a try that reached only the voicemail, are in the table and not in the picture."
    ),
    Track.CLINICAL: (
        "What the screening and the therapist say. Once there is a history a therapist may "
        "sign a decision at any time; a screening leads to `not_needed` or `needs_review`."
    ),
    Track.APPOINTMENT: (
        "One slot: held for a patient, then a visit. A request may have several over time."
    ),
}


def settings_page() -> str:
    """List every setting, its default, whether a start needs it, and what it means."""
    needed = _needed()
    rows = []
    for item in fields(Settings):
        name = config.PREFIX + item.name.upper()
        notes = ["needed"] if name in needed else []
        notes += ["secret"] if item.name in SECRETS else []
        notes += ["on a page"] if item.metadata["edit"] else []
        default = f"`{item.default}`" if item.default != "" else ""
        rows.append((f"`{name}`", default, ", ".join(notes), _cell(item.metadata["meaning"])))
    beside = [
        (f"`{name}`", f"`{default}`" if default else "", _cell(BESIDE[name]))
        for name, default in sorted(read_beside().items())
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            f"Read off `clinic/config.py`. {STALE}",
            "",
            f"Each setting is an environment variable. `{config.FILE_VARIABLE}` may name a file of",
            "`NAME=value` lines (`#` begins a comment line); the environment wins over the file.",
            "*Needed* means that the app refuses to start without it and says so, one line for",
            "each problem; an unknown name with our prefix is refused too. *Secret* means: keep it",
            "out of the database, the repository, the backups and the command line. *On a page*",
            "means: an admin can change it under Settings; the value given here holds until then.",
            "",
            f"There are {len(rows)} settings.",
            "",
            *_table(("setting", "default", "notes", "meaning"), rows),
            "",
            "A key (`DATA_KEYS`, `LOOKUP_KEY`, `AUDIT_KEY`) is 32 random bytes in base64; all of",
            "them differ. `docs/OPERATIONS.md` shows how to make them.",
            "",
            "## Beside the settings",
            "",
            "Read by `clinic/server.py`, gunicorn's configuration, before there is an app.",
            "",
            *_table(("variable", "default", "meaning"), beside),
            "",
        ]
    )


def lifecycle_page() -> str:
    """Draw the three tracks: for each a diagram and the table of every allowed act."""
    lines = [
        "# The three tracks of a request",
        "",
        f"Read off `clinic/booking/lifecycle.py`. {STALE}",
        "",
        "Every move is looked up in these tables or refused. A request has a desk state and a",
        "clinical state; each of its appointments has a state of its own. They are shown together",
        "and never melted into one.",
        "",
    ]
    for track, meaning in TRACKS.items():
        lines += [f"## {track.capitalize()}", "", *_wrapped(meaning), "", *_diagram(track), ""]
        rows = [
            (f"`{state}`" if state else "(nothing yet)", _acts(track, state))
            for state in (None, *lifecycle.states(track))
        ]
        lines += [*_table(("state", "act -> next state"), rows), ""]
    lines += [
        "## Sets that the code asks for",
        "",
        f"- Open at the desk: {_listed(lifecycle.OPEN_DESK)}.",
        f"- Needling may be offered in: {_listed(lifecycle.NEEDLING_ALLOWED)}; a live clearance is",
        "  needed as well.",
        f"- An appointment owns its time while {_listed(lifecycle.HOLDING)}.",
        f"- A closed request says why: {_listed(lifecycle.CLOSE_REASONS)}.",
        "",
    ]
    return "\n".join(lines)


def promises_page() -> str:
    """List what must hold, each with the tests that show it."""
    shown = shown_by()
    rows = []
    for name, said in promises().items():
        where = [f"`{test}`" for test in shown.get(name, ())] or [_cell(str(said["none"]))]
        rows.append((name, _cell(said["text"]), "<br>".join(where)))
    return "\n".join(
        [
            "# What must hold, and the tests that show it",
            "",
            f"Made from `docs/promises.yaml` and from the tests' marks. {STALE}",
            "",
            'A test carries the ids of what it shows: `@pytest.mark.proves("DUR-4")`. Every',
            "promise here has a test that runs with `make test`, or says why it has none.",
            "",
            *_table(("id", "promise", "shown by"), rows),
            "",
        ]
    )


def screening_page() -> str:
    """Show every question, rule and source of the screening, for sign-off."""
    head = f"Made from the data under `clinic/screening/data/`. {STALE}"
    title, rest = sign_off.shipped_page().split("\n", 1)
    return f"{title}\n\n{head}\n{rest}"


def promises() -> dict[str, dict[str, str]]:
    """Read the promises: id -> its text, and why nothing shows it, if nothing does."""
    read = yaml.safe_load((ROOT / "docs/promises.yaml").read_text(encoding="utf-8"))
    return {name: said if isinstance(said, dict) else {"text": said} for name, said in read.items()}


def shown_by(folder: Path = ROOT / "tests") -> dict[str, list[str]]:
    """Find the tests that carry a promise's id: id -> file::test, in order."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                name = f"{path.relative_to(folder)}::{node.name}"
                for promise in _marked(node):
                    found.setdefault(promise, []).append(name)
    return found


def _marked(test: ast.FunctionDef) -> Iterator[str]:
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.proves":
            yield from (str(ast.literal_eval(each)) for each in mark.args)


PAGES: Mapping[str, Callable[[], str]] = {
    "docs/SETTINGS.md": settings_page,
    "docs/lifecycle.md": lifecycle_page,
    "docs/PROMISES.md": promises_page,
    "docs/screening-rules.md": screening_page,
    "clinic/static/data/medicine-names.json": suggestions.page,
}


def read_beside(package: Path = ROOT / "clinic") -> dict[str, str]:
    """Find every environment variable that the package reads by its name, with its default."""
    found: dict[str, str] = {}
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found |= dict(_variable(node))
    return found


def stale(root: Path = ROOT) -> list[str]:
    """Name the pages that differ from what the code says now."""
    return [
        name
        for name, write in PAGES.items()
        if not (root / name).is_file() or (root / name).read_text(encoding="utf-8") != write()
    ]


def main(arguments: list[str]) -> int:
    """Write the pages, or check them; return the exit code."""
    parser = argparse.ArgumentParser(description="Write the pages that are read off the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if stale")
    check = parser.parse_args(arguments).check
    found = stale()
    for name in found:
        if check:
            print(f"{name} is not what the code says; run: python scripts/docs.py", file=sys.stderr)
        else:
            (ROOT / name).write_text(PAGES[name](), encoding="utf-8")
            print(f"wrote {name}")
    return 1 if check and found else 0


def _needed() -> set[str]:
    told = "\n".join(config.problems_of(Settings()))
    return set(re.findall(rf"{config.PREFIX}[A-Z_]+", told))


def _variable(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Read one variable off ``os.environ.get("NAME", "default")``, ``os.getenv`` or a subscript."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("os.environ.get", "os.getenv"):
        name, *default = [part.value for part in node.args if isinstance(part, ast.Constant)]
        yield str(name), str(default[0]) if default else ""
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.slice, ast.Constant)
        and ast.unparse(node.value) == "os.environ"
    ):
        yield str(node.slice.value), ""


def _diagram(track: Track) -> Iterator[str]:
    """Draw the acts that change the state; the table beside it has the others too."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (act, after), befores in _sources(track).items():
        for origin in _origins(track, befores, after):
            arrows.setdefault((origin, after), []).append(act)
    yield from ("```mermaid", "stateDiagram-v2")
    for (origin, after), acts in arrows.items():
        yield f"    {origin} --> {after}: {', '.join(acts)}"
    for state in lifecycle.states(track):
        if not lifecycle.acts(track, state):
            yield f"    {state} --> [*]"
    yield "```"


def _sources(track: Track) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for (before, act), after in lifecycle.MOVES[track].items():
        found.setdefault((act, after), []).append(before or "[*]")
    return found


def _origins(track: Track, befores: list[str], after: str) -> list[str]:
    """Leave an act that many states allow from one box that stands for them all."""
    leaving = [before for before in befores if before != after]
    return [_many(track, befores)] if leaving and len(befores) > MANY else leaving


def _many(track: Track, befores: list[str]) -> str:
    others = [state for state in lifecycle.states(track) if state not in befores]
    return "_".join(["any_state", *(f"but_{other}" for other in others)])


def _acts(track: Track, state: str | None) -> str:
    moves = [
        f"{act} -> `{lifecycle.move(track, state, act)}`" for act in lifecycle.acts(track, state)
    ]
    return "; ".join(moves) or "(the end)"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _wrapped(text: str, width: int = 96) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    yield line


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
