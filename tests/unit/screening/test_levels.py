"""The order of levels."""

import pytest

from clinic.screening.levels import Level, raised, worst


def test_levels_are_ordered_from_none_to_urgent() -> None:
    names = [level.value for level in sorted(Level)]

    assert names == ["none", "precaution", "relative", "site", "absolute", "urgent"]


def test_the_worst_of_nothing_is_none() -> None:
    assert worst([]) is Level.NONE
    assert worst([Level.SITE, Level.RELATIVE]) is Level.SITE


@pytest.mark.parametrize(
    ("level", "above"),
    [
        (Level.NONE, Level.PRECAUTION),
        (Level.PRECAUTION, Level.RELATIVE),
        (Level.RELATIVE, Level.ABSOLUTE),
        (Level.SITE, Level.ABSOLUTE),
        (Level.ABSOLUTE, Level.ABSOLUTE),
        (Level.URGENT, Level.URGENT),
    ],
)
def test_a_raise_ends_at_absolute(level: Level, above: Level) -> None:
    assert raised(level) is above
