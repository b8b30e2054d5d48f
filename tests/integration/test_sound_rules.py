"""Broken screening data is refused when the app starts, by file and line."""

from pathlib import Path
from shutil import copytree

import pytest

from clinic import app as whole
from clinic.screening import source
from clinic.screening.source import BrokenData
from tests.support import databases


def test_the_app_does_not_start_on_broken_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    copytree(Path(source.__file__).parent / "data", folder)
    broken = folder / "items" / "diabetes.yaml"
    broken.write_text(broken.read_text().replace("level: precaution", "level: harmless", 1))
    sound = source.read_folder
    monkeypatch.setattr(source, "read_folder", lambda: sound(folder))
    whole._require_sound_rules.cache_clear()  # noqa: SLF001 - it remembers what it found sound

    with (
        databases.empty_database("sqlite") as url,
        pytest.raises(BrokenData, match=r"diabetes\.yaml:\d+"),
    ):
        databases.make_app(url)
