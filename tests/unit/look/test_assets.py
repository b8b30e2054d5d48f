"""What the browser is sent: small, from this host alone, and readable in both directions."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest

CLINIC = Path(__file__).resolve().parents[3] / "clinic"
STATIC = CLINIC / "static"
TEMPLATES = CLINIC / "templates"
CSS = sorted(STATIC.glob("css/*.css"))
JS = sorted(STATIC.glob("js/*.js"))
FONTS = sorted(STATIC.glob("fonts/**/*.woff2"))
DRAWINGS = sorted(STATIC.glob("img/*.svg"))
PAGES = sorted(TEMPLATES.glob("**/*.html"))

KIB = 1024
PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)[\w-]*"
    r"|border-(?:top|bottom)-(?:left|right)-radius|left|right)\s*:"
    r"|(?:text-align|float|clear)\s*:\s*(?:left|right)\b"
)
INLINE = re.compile(
    r"<[^>{%]*\s(?:style|on\w+)\s*=|<style\b|<script(?![^>]*\s(?:src=|type=\"application/ld\+json\"))|javascript:",
    re.IGNORECASE,
)


def name(path: Path) -> str:
    return str(path.relative_to(CLINIC))


def packed(files: list[Path]) -> int:
    return sum(len(gzip.compress(file.read_bytes(), 9)) for file in files)


def without_comments(css: str) -> str:
    return re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)


def test_style_sheets_fit_in_fifteen_kilobytes_gzipped() -> None:
    assert CSS
    assert packed(CSS) <= 15 * KIB


def test_scripts_fit_in_ten_kilobytes_gzipped() -> None:
    assert JS
    assert packed(JS) <= 10 * KIB


def test_fonts_fit_in_forty_six_kilobytes_together() -> None:
    assert len(FONTS) == 3
    assert sum(font.stat().st_size for font in FONTS) <= 46 * KIB


def test_what_each_first_view_shares_leaves_forty_kilobytes_for_the_page_itself() -> None:
    shared = packed(CSS) + packed(JS) + packed(DRAWINGS) + sum(f.stat().st_size for f in FONTS)
    assert shared <= 60 * KIB


@pytest.mark.parametrize("font", FONTS, ids=name)
def test_a_font_carries_its_hash_and_lies_beside_its_licence(font: Path) -> None:
    digest = hashlib.sha256(font.read_bytes()).hexdigest()[:12]
    licence = (font.parent / "OFL.txt").read_text()

    assert font.name.endswith(f".{digest}.woff2")
    assert "SIL Open Font License, Version 1.1" in licence
    assert licence.startswith("Copyright")


@pytest.mark.parametrize("font", FONTS, ids=name)
def test_a_font_is_named_by_the_style_sheet(font: Path) -> None:
    assert any(f"../{font.relative_to(STATIC)}" in css.read_text() for css in CSS)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_preloaded_font_is_there(page: Path) -> None:
    for path in re.findall(r"fonts/[\w./-]+\.woff2", page.read_text()):
        assert (STATIC / path).is_file()


@pytest.mark.parametrize("file", CSS + JS + DRAWINGS + PAGES, ids=name)
def test_nothing_is_carried_in_a_data_address(file: Path) -> None:
    assert not re.search(r"\bdata:(?!\s)[\w/+;,-]", file.read_text())


@pytest.mark.parametrize("css", CSS, ids=name)
def test_a_style_sheet_speaks_of_start_and_end_and_never_of_left_and_right(css: Path) -> None:
    assert PHYSICAL.findall(without_comments(css.read_text())) == []


@pytest.mark.parametrize("css", CSS, ids=name)
def test_a_style_sheet_loads_nothing_from_elsewhere(css: Path) -> None:
    text = without_comments(css.read_text())

    assert "@import" not in text
    assert re.findall(r"url\((?!\"\.\./)", text) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_template_holds_no_inline_style_script_or_handler(page: Path) -> None:
    text = page.read_text()

    assert INLINE.findall(text) == []
    assert "|safe" not in text.replace(" ", "")


@pytest.mark.parametrize("drawing", DRAWINGS, ids=name)
def test_a_drawing_is_coloured_by_attributes_alone(drawing: Path) -> None:
    text = drawing.read_text()

    assert re.findall(r"<(?:style|script|image|foreignObject)\b|\sstyle=|\son\w+=", text) == []
    assert re.findall(r"href=\"(?!#)", text) == []


@pytest.mark.parametrize("component", sorted(TEMPLATES.glob("components/*.html")), ids=name)
def test_a_component_is_one_macro_of_the_same_name(component: Path) -> None:
    macros = re.findall(r"{%-?\s*macro\s+(\w+)", component.read_text())

    assert macros == [component.stem]


def test_the_read_me_of_the_components_names_each_macro() -> None:
    guide = (TEMPLATES / "components" / "README.md").read_text()
    inner = {"described_by", "field_hint", "icon", "tone_icon", "brand", "contact_line"}
    inner |= {"flash_messages", "session_warning"}

    macros = {component.stem for component in TEMPLATES.glob("components/*.html")}

    assert {macro for macro in macros - inner if macro not in guide} == set()
