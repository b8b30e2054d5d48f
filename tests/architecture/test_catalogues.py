"""The translations are current and faithful, and each fault that could creep in is named."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import catalogues

PACKAGE = {
    "web.py": (
        "from flask_babel import gettext as _, ngettext\n"
        "_('Good morning, %(name)s')\n"
        "_('Save')\n"
        "ngettext('%(num)s answer', '%(num)s answers', 2)\n"
    ),
    "templates/page.html": "<p>{{ _('Where it hurts') }}</p>",
    "templates/email/code.txt": "{{ _('Your code') }}",
}
SPANISH = {
    "Good morning, %(name)s": "Buenos días, %(name)s",
    "Save": "Guardar",
    "Where it hurts": "Dónde le duele",
    "Your code": "Su código",
}
IN_ENGLISH = f"left in English (if it is meant so, write above it: # {catalogues.SAME})"
OTHER_ENDS = "begins or ends with other white space than the English"
OTHER_PLACES = "other placeholders than the English"
PO = "es/LC_MESSAGES/messages.po"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A package with five marked strings and their translations, all current."""
    for name, text in PACKAGE.items():
        file = tmp_path / "clinic" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    folder = tmp_path / "translations"
    catalogues.write(catalogues.template(tmp_path / "clinic"), folder)
    for english, spanish in SPANISH.items():
        _edit(
            folder / PO, f'msgid "{english}"\nmsgstr ""', f'msgid "{english}"\nmsgstr "{spanish}"'
        )
    _edit(folder / PO, 'msgstr[0] ""\nmsgstr[1] ""', 'msgstr[0] "%(num)s sí"\nmsgstr[1] "%(num)s"')
    catalogues.write(catalogues.template(tmp_path / "clinic"), folder)
    return tmp_path


def test_the_translations_are_current_and_nothing_is_left_in_english() -> None:
    result = subprocess.run(
        [sys.executable, "scripts/catalogues.py", "--check"],
        cwd=catalogues.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (result.returncode, result.stderr) == (0, "")


def test_strings_of_code_pages_and_letters_are_found(small: Path) -> None:
    found = {message.id for message in catalogues.template(small / "clinic") if message.id}

    assert found == {*SPANISH, ("%(num)s answer", "%(num)s answers")}
    assert _problems(small) == []


def test_the_same_strings_give_the_same_files(small: Path) -> None:
    before = _files(small)

    (small / "clinic/web.py").write_text("\n\n\n" + PACKAGE["web.py"], encoding="utf-8")
    catalogues.write(catalogues.template(small / "clinic"), small / "translations")

    assert _files(small) == before


def test_a_changed_sentence_asks_for_its_translation_again(small: Path) -> None:
    _edit(small / "clinic/web.py", "'Save'", "'Save it now'")

    assert _problems(small) == [
        "messages.pot is not what the code says",
        "es: messages.po is not in step with the strings",
        "es: not translated: 'Save it now'",
    ]


def test_a_template_that_cannot_be_read_is_no_page_without_strings(small: Path) -> None:
    _edit(small / "clinic/templates/page.html", "}}", "}")

    with pytest.raises(Exception, match="unexpected"):
        catalogues.template(small / "clinic")


@pytest.mark.parametrize(
    ("written", "instead", "fault", "english"),
    [
        ('"Guardar"', '""', "not translated", "Save"),
        ('"Guardar"', '"  "', "not translated", "Save"),
        ('"Guardar"', '"Save"', IN_ENGLISH, "Save"),
        ('"Guardar"', '"¡Guardar!"', "has an exclamation mark", "Save"),
        ('"Guardar"', '"Guardar "', OTHER_ENDS, "Save"),
        ('"Guardar"', '"Guardar 100 %"', OTHER_PLACES, "Save"),
        ("días, %(name)s", "días", OTHER_PLACES, "Good morning, %(name)s"),
        ("días, %(name)s", "días, %(nombre)s", OTHER_PLACES, "Good morning, %(name)s"),
        ("días, %(name)s", "días, %(name)d", OTHER_PLACES, "Good morning, %(name)s"),
        ('msgstr[1] "%(num)s"', 'msgstr[1] ""', "not translated", "%(num)s answer"),
        ('msgstr[1] "%(num)s"', 'msgstr[1] "muchas"', OTHER_PLACES, "%(num)s answer"),
        ('msgid "Save"', '#, fuzzy\nmsgid "Save"', "marked as fuzzy", "Save"),
    ],
)
def test_a_translation_that_is_not_faithful_is_named(
    small: Path, written: str, instead: str, fault: str, english: str
) -> None:
    _edit(small / "translations" / PO, written, instead)

    assert f"es: {fault}: {english!r}" in _problems(small)


def test_a_string_may_stay_in_english_where_it_is_said_so(small: Path) -> None:
    _edit(small / "translations" / PO, '"Guardar"', '"Save"')
    _edit(small / "translations" / PO, 'msgid "Save"', f'# {catalogues.SAME}\nmsgid "Save"')
    catalogues.write(catalogues.template(small / "clinic"), small / "translations")

    assert _problems(small) == []


@pytest.mark.parametrize(
    ("gone", "fault"),
    [
        ("messages.pot", "messages.pot is not what the code says"),
        ("es/LC_MESSAGES/messages.mo", "es: messages.mo was not made from this messages.po"),
    ],
)
def test_a_missing_file_is_named(small: Path, gone: str, fault: str) -> None:
    (small / "translations" / gone).unlink()

    assert _problems(small) == [fault]


def test_a_compiled_file_that_is_older_than_its_source_is_named(small: Path) -> None:
    old = small / "old.mo"
    compiled = (small / "translations" / PO).with_suffix(".mo")
    shutil.copyfile(compiled, old)
    _edit(small / "translations" / PO, "Guardar", "Conservar")
    assert _problems(small) == ["es: messages.mo was not made from this messages.po"]

    catalogues.write(catalogues.template(small / "clinic"), small / "translations")

    assert _problems(small) == []
    assert compiled.read_bytes() != old.read_bytes()


def _problems(small: Path) -> list[str]:
    return list(catalogues.problems(catalogues.template(small / "clinic"), small / "translations"))


def _files(small: Path) -> dict[str, bytes]:
    files = (small / "translations").rglob("messages.*")
    return {str(file.relative_to(small)): file.read_bytes() for file in files}


def _edit(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, (before, text)
    file.write_text(text.replace(before, after), encoding="utf-8")
