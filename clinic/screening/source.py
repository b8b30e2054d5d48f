"""Reading the data files so that anything wrong in them is named by file and line."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

Path = tuple[str | int, ...]


class BrokenData(Exception):
    """The screening data cannot be used; the message names file, line and problem."""

    def __init__(self, file: str, line: int, problem: str) -> None:
        self.file = file
        self.line = line
        self.problem = problem
        place = f"{file}:{line}" if line else file
        super().__init__(f"{place}: {problem}")


class _Loader(yaml.CSafeLoader):
    """YAML in which yes, no and dates stay the words that were written.

    The C parser reads two hundred files in the time in which the other reads twenty.
    """


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag in {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:null"}
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


@dataclass(frozen=True)
class Place:
    """A value in a data file, able to say where it stands."""

    value: Any
    file: str
    path: Path = ()
    lines: Mapping[Path, int] = field(default_factory=dict, repr=False)

    @property
    def line(self) -> int:
        """The line of this value, or of the nearest value around it."""
        path = self.path
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 0)

    def broken(self, problem: str) -> BrokenData:
        """The error to raise for something wrong here."""
        return BrokenData(self.file, self.line, problem)

    def __getitem__(self, key: str | int) -> Place:
        return Place(self.value[key], self.file, (*self.path, key), self.lines)

    def has(self, key: str) -> bool:
        """Whether a mapping has the key."""
        return key in self.mapping()

    def get(self, key: str) -> Place | None:
        """The value under the key, or None."""
        return self[key] if self.has(key) else None

    def need(self, key: str) -> Place:
        """The value under the key, which must be there."""
        if not self.has(key):
            raise self.broken(f"'{key}' is missing")
        return self[key]

    def only(self, *keys: str) -> None:
        """Refuse any key but these."""
        for key in self.mapping():
            if key not in keys:
                raise self[key].broken(f"'{key}' is not known here; known are: {', '.join(keys)}")

    def mapping(self) -> Mapping[str, Any]:
        """The value, which must be a mapping with words as keys."""
        if not isinstance(self.value, dict):
            raise self.broken("a list of 'name: value' pairs belongs here")
        return self.value

    def entries(self) -> Iterator[tuple[str, Place]]:
        """Each key of a mapping with its value."""
        for key in self.mapping():
            yield key, self[key]

    def each(self) -> Iterator[Place]:
        """Each value of a list; a single value counts as a list of one."""
        if isinstance(self.value, list):
            for index in range(len(self.value)):
                yield self[index]
        else:
            yield self

    def text(self) -> str:
        """The value, which must be words."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.broken("words belong here")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """A list of words."""
        return tuple(place.text() for place in self.each())

    def flag(self) -> bool:
        """The value, which must be true or false."""
        if not isinstance(self.value, bool):
            raise self.broken("true or false belongs here")
        return self.value

    def number(self) -> int | float:
        """The value, which must be a number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.broken("a number belongs here")
        return self.value

    def whole(self) -> int:
        """The value, which must be a whole number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.broken("a whole number belongs here")
        return self.value

    def one_of(self, *words: str) -> str:
        """The value, which must be one of these words."""
        if self.value not in words:
            raise self.broken(f"'{self.value}' is not one of: {', '.join(words)}")
        return str(self.value)


def from_yaml(text: str, file: str) -> Place:
    """Read one YAML file, keeping the line of every value."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise BrokenData(file, line, f"not readable: {error.problem}") from error
    except yaml.YAMLError as error:
        raise BrokenData(file, 0, f"not readable: {error}") from error
    if node is None:
        raise BrokenData(file, 1, "the file is empty")
    lines: dict[Path, int] = {}
    value = _plain(node, file, (), lines)
    return Place(value, file, (), lines)


def from_value(value: object, name: str) -> Place:
    """A value that has no lines, such as a stored document."""
    return Place(value, name)


def _plain(node: yaml.Node, file: str, path: Path, lines: dict[Path, int]) -> object:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _plain_mapping(node, file, path, lines)
    if isinstance(node, yaml.SequenceNode):
        return [
            _plain(child, file, (*path, index), lines) for index, child in enumerate(node.value)
        ]
    if node.tag not in _SCALARS:
        raise BrokenData(file, lines[path], "only words, numbers, true and false are read")
    return _SCALARS[node.tag](str(node.value))


def _nothing(_: str) -> None:
    return None


_SCALARS: Mapping[str, Callable[[str], object]] = {
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
    "tag:yaml.org,2002:bool": "true".__eq__,
    "tag:yaml.org,2002:null": _nothing,
}


def _plain_mapping(
    node: yaml.MappingNode, file: str, path: Path, lines: dict[Path, int]
) -> dict[str, object]:
    found: dict[str, object] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = str(key_node.value)
        if key in found:
            raise BrokenData(file, line, f"'{key}' is there twice")
        lines[(*path, key)] = line
        found[key] = _plain(value_node, file, (*path, key), lines)
    return found


SHIPPED = files("clinic.screening").joinpath("data")
GENERAL = ("sections", "regions", "words", "sources", "medicines")
TRANSLATIONS = ("es",)


@dataclass(frozen=True)
class Data:
    """Every data file of one edition, read but not yet understood."""

    general: Mapping[str, Place]
    items: Mapping[str, Place]
    translations: Mapping[str, Mapping[str, Place]]


def read_folder(folder: Traversable = SHIPPED) -> Data:
    """Read a data folder: general files, one file per item, and their translations."""
    general = read_general(*GENERAL, folder=folder)
    items = _read_all(folder.joinpath("items"), "items")
    translations = {
        language: _read_all(folder.joinpath(language), language) for language in TRANSLATIONS
    }
    return Data(general, items, translations)


@cache
def shipped() -> Data:
    """The data files that ship with the product, read once."""
    return read_folder()


def read_general(*names: str, folder: Traversable = SHIPPED) -> dict[str, Place]:
    """Read some of the files that belong to no item."""
    return {name: _read(folder.joinpath(f"{name}.yaml"), f"{name}.yaml") for name in names}


def _read(file: Traversable, name: str) -> Place:
    try:
        return from_yaml(file.read_text(encoding="utf-8"), name)
    except FileNotFoundError as error:
        raise BrokenData(name, 0, "the file is missing") from error


def _read_all(folder: Traversable, name: str) -> dict[str, Place]:
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=_name)
    return {file.name[:-5]: _read(file, f"{name}/{file.name}") for file in found}


def _name(file: Traversable) -> str:
    return file.name


def canonical(value: object) -> str:
    """The one JSON text of a value: keys sorted, no blanks, no NaN."""
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def document(value: object) -> str:
    """The one JSON text of data files: in the order in which they say things, which counts."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def digest(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def parse(document: str, name: str) -> Place:
    """Read a canonical document back."""
    try:
        return from_value(json.loads(document), name)
    except ValueError as error:
        raise BrokenData(name, 0, f"not readable: {error}") from error
