"""Every state has its words, and those for the front desk are acts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from clinic import access
from clinic.booking import lifecycle
from clinic.web import words

TONE_ICON = Path(words.__file__).parents[1] / "templates" / "components" / "tone_icon.html"


@pytest.mark.parametrize("track", list(lifecycle.Track))
def test_each_state_of_a_track_has_a_label_and_a_sentence_for_the_patient(
    track: lifecycle.Track,
) -> None:
    table = words.TRACKS[track]

    assert set(table) == set(lifecycle.states(track))
    with Flask("words").app_context() as context:
        Babel(context.app)
        with force_locale("en"):
            assert all(str(word.label) for word in table.values())
            assert all(str(word.patient).endswith(".") for word in table.values())


def test_each_reason_to_close_and_each_role_has_a_name() -> None:
    assert set(words.CLOSE_REASONS) == set(lifecycle.CLOSE_REASONS)
    assert set(words.ROLES) == set(access.Role)


def test_front_desk_reads_one_of_three_acts_and_the_gravest_is_a_call() -> None:
    with Flask("words").app_context() as context:
        Babel(context.app)
        with force_locale("en"):
            acts = {level: str(row.action) for level, row in words.LEVELS.items()}

    assert list(acts) == ["urgent", "absolute", "site", "relative", "precaution", "none"]
    assert acts["urgent"] == "Call today"
    assert {acts[level] for level in ("absolute", "site", "relative")} == {"Therapist must review"}
    assert {acts[level] for level in ("precaution", "none")} == {"No review needed"}


def test_patients_never_read_the_word_booking_or_an_exclamation_mark() -> None:
    with Flask("words").app_context() as context:
        Babel(context.app)
        with force_locale("en"):
            said = [str(w.patient) for table in words.TRACKS.values() for w in table.values()]

    never = re.compile(r"\bbook|!|declin|reject|refus", re.IGNORECASE)
    assert not [text for text in said if never.search(text)]


def test_each_loud_tone_has_a_shape_of_its_own() -> None:
    shapes = dict(re.findall(r'"(\w+)": "(\w+)"', TONE_ICON.read_text()))

    assert set(shapes) == set(words.Tone) - {words.Tone.NEUTRAL}
    assert len(set(shapes.values())) == len(shapes)
