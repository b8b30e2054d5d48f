"""Every pair outside the tables is refused; no state is an island or a trap."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.booking import lifecycle
from clinic.booking.lifecycle import MOVES, NoSuchMove, Track

# Where a track may come to rest: nobody has to do anything more.
OUTCOMES = {
    Track.DESK: {"closed"},
    Track.CLINICAL: {
        "not_needed",
        "cleared",
        "cleared_with_limits",
        "delayed",
        "referred",
        "no_needling",
    },
    Track.APPOINTMENT: {"done", "no_show", "cancelled", "moved"},
}
ACTS = sorted({act for moves in MOVES.values() for _, act in moves})
STATES: list[str | None] = [
    None,
    *sorted({state for track in Track for state in lifecycle.states(track)}),
]


def after(track: Track, state: str | None) -> set[str]:
    return {lifecycle.move(track, state, act) for act in lifecycle.acts(track, state)}


def reachable(track: Track, start: str | None) -> set[str]:
    found: set[str] = set()
    edge = after(track, start)
    while edge:
        found |= edge
        edge = {target for state in edge for target in after(track, state)} - found
    return found


@pytest.mark.parametrize("track", Track)
@pytest.mark.proves("AZ-8")
def test_every_pair_of_any_state_and_any_act_is_in_the_table_or_refused(track: Track) -> None:
    for state, act in product(STATES, ACTS):
        if (state, act) in MOVES[track]:
            assert lifecycle.move(track, state, act) == MOVES[track][state, act]
        else:
            with pytest.raises(NoSuchMove):
                lifecycle.move(track, state, act)


@given(track=st.sampled_from(Track), state=st.none() | st.text(), act=st.text())
def test_words_that_no_table_holds_are_refused(track: Track, state: str | None, act: str) -> None:
    with pytest.raises(NoSuchMove):
        lifecycle.move(track, state, f"{act}?")
    with pytest.raises(NoSuchMove):
        lifecycle.move(track, f"{state}?", act)


@pytest.mark.parametrize("track", Track)
def test_every_state_is_reachable(track: Track) -> None:
    assert reachable(track, None) == set(lifecycle.states(track))


@pytest.mark.parametrize("track", Track)
def test_every_state_has_a_way_to_an_outcome(track: Track) -> None:
    assert OUTCOMES[track] <= set(lifecycle.states(track))
    for state in lifecycle.states(track):
        assert (reachable(track, state) | {state}) & OUTCOMES[track], state


@pytest.mark.parametrize("track", Track)
def test_an_act_never_leaves_a_state_that_nothing_leads_to(track: Track) -> None:
    sources = {state for state, _ in MOVES[track] if state is not None}

    assert sources <= set(lifecycle.states(track))


@pytest.mark.parametrize("track", Track)
def test_a_track_begins_with_one_act(track: Track) -> None:
    assert len(lifecycle.acts(track, None)) == 1


@given(data=st.data(), track=st.sampled_from(Track))
def test_any_walk_along_allowed_acts_stays_among_the_known_states(
    data: st.DataObject, track: Track
) -> None:
    state: str | None = None

    for _ in range(12):
        allowed = lifecycle.acts(track, state)
        if not allowed:
            break
        state = lifecycle.move(track, state, data.draw(st.sampled_from(allowed)))
        assert state in lifecycle.states(track)


def test_the_sets_that_the_code_asks_for_hold_states_of_their_tracks() -> None:
    assert set(lifecycle.OPEN_DESK) == set(lifecycle.states(Track.DESK)) - {"draft", "closed"}
    assert set(lifecycle.NEEDLING_ALLOWED) <= set(lifecycle.states(Track.CLINICAL))
    assert set(lifecycle.HOLDING) <= set(lifecycle.states(Track.APPOINTMENT))


def test_a_time_is_free_only_where_nothing_can_be_done_with_the_visit_any_more() -> None:
    over = {
        state
        for state in lifecycle.states(Track.APPOINTMENT)
        if not lifecycle.acts(Track.APPOINTMENT, state)
    }

    assert set(lifecycle.FREED) == over
    assert set(lifecycle.HOLDING).isdisjoint(over)
