"""The note beside a backup: what it holds, so that a restore can tell whether it is whole."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

END = ".manifest.json"
CHUNK = 1 << 20


class UnfitManifest(Exception):
    """The manifest is missing, cannot be read, or is not the one of this file."""


@dataclass(frozen=True)
class Manifest:
    """When a backup was made, of what, and what it held. No key and no content is in it."""

    made_at: str
    database: str  # sqlite or postgresql
    revision: str
    audit_count: int
    audit_hash: str
    counts: dict[str, int]
    key_ids: list[str]
    key_marks: dict[str, str]
    sha256: str


def beside(file: Path) -> Path:
    """Name the manifest of a backup."""
    return file.with_name(file.name + END)


def write(manifest: Manifest, path: Path) -> None:
    """Write a manifest that only its owner reads, on the disk before this returns."""
    path.unlink(missing_ok=True)
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "w", encoding="utf-8") as file:
        json.dump(asdict(manifest), file, indent=2, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def of(file: Path) -> Manifest:
    """Read the manifest of a backup and make sure that it is of this very file."""
    path = beside(file)
    try:
        given: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest(**{one.name: given[one.name] for one in fields(Manifest)})
    except OSError as error:
        raise UnfitManifest(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UnfitManifest(f"{path} is no manifest of a backup") from error
    if digest(file) != manifest.sha256:
        raise UnfitManifest(f"{file} is not as it was written: it was changed or cut")
    return manifest


def digest(file: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    found = hashlib.sha256()
    with file.open("rb") as opened:
        while piece := opened.read(CHUNK):
            found.update(piece)
    return found.hexdigest()
