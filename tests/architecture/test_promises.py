"""What must hold is shown by tests that carry its id, and docs/PROMISES.md says by which."""

from pathlib import Path

from scripts import docs

PROMISES = docs.promises()


def test_every_promise_is_shown_by_a_test_or_says_why_not() -> None:
    shown = docs.shown_by()

    unshown = [name for name in PROMISES if name not in shown and "none" not in PROMISES[name]]
    needless = [name for name in PROMISES if name in shown and "none" in PROMISES[name]]

    assert unshown == []
    assert needless == []


def test_no_test_carries_an_id_that_is_no_promise() -> None:
    assert set(docs.shown_by()) <= set(PROMISES)


def test_a_mark_is_found_and_a_word_in_a_comment_is_not(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(
        '@pytest.mark.proves("DUR-9", "DUR-8")\n'
        "def test_one() -> None: ...\n\n\n"
        "def test_two() -> None:  # DUR-7\n    ...\n",
        encoding="utf-8",
    )

    assert docs.shown_by(tmp_path) == {
        "DUR-9": ["test_some.py::test_one"],
        "DUR-8": ["test_some.py::test_one"],
    }
