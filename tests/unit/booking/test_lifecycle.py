"""The three tracks: the moves that matter most, written out by hand."""

import pytest

from clinic.booking import lifecycle
from clinic.booking.lifecycle import NoSuchMove, Track


def walk(track: Track, *acts: str) -> str | None:
    state: str | None = None
    for act in acts:
        state = lifecycle.move(track, state, act)
    return state


def test_the_whole_path_at_the_desk_ends_with_a_visit() -> None:
    acts = ("start", "send", "claim", "reach", "make ready", "offer", "accept", "attend")

    assert walk(Track.DESK, *acts) == "closed"


def test_a_clean_history_needs_no_review() -> None:
    assert walk(Track.CLINICAL, "start", "find nothing to review") == "not_needed"


def test_a_decision_leads_from_review_to_cleared() -> None:
    assert walk(Track.CLINICAL, "start", "need review", "clear") == "cleared"


def test_a_held_time_becomes_a_visit() -> None:
    assert walk(Track.APPOINTMENT, "hold", "confirm", "arrive", "finish") == "done"


@pytest.mark.parametrize("state", ["new", "in_contact", "waiting", "ready_to_offer"])
def test_voicemail_is_not_contact(state: str) -> None:
    assert lifecycle.move(Track.DESK, state, "try contact") == state


@pytest.mark.parametrize("state", lifecycle.OPEN_DESK)
def test_claiming_and_releasing_move_nothing(state: str) -> None:
    assert lifecycle.move(Track.DESK, state, "claim") == state
    assert lifecycle.move(Track.DESK, state, "release") == state


@pytest.mark.parametrize("state", [None, *lifecycle.states(Track.DESK)])
def test_only_an_open_offer_can_be_accepted(state: str | None) -> None:
    assert ("accept" in lifecycle.acts(Track.DESK, state)) is (state == "offered")


@pytest.mark.parametrize("state", [None, "draft", "closed"])
def test_nobody_claims_what_is_not_open(state: str | None) -> None:
    with pytest.raises(NoSuchMove):
        lifecycle.move(Track.DESK, state, "claim")


@pytest.mark.parametrize("state", ["offered", "booked"])
def test_a_request_with_a_held_time_is_not_closed_before_the_time_is_free(state: str) -> None:
    assert "close" not in lifecycle.acts(Track.DESK, state)


@pytest.mark.parametrize("state", [None, *lifecycle.states(Track.CLINICAL)])
def test_a_screening_alone_clears_only_what_nobody_has_looked_at(state: str | None) -> None:
    allowed = "find nothing to review" in lifecycle.acts(Track.CLINICAL, state)

    assert allowed is (state == "no_history")


@pytest.mark.parametrize("state", lifecycle.states(Track.CLINICAL))
def test_every_state_can_go_back_to_review(state: str) -> None:
    assert lifecycle.move(Track.CLINICAL, state, "need review") == "needs_review"


def test_no_decision_comes_before_a_history() -> None:
    assert set(lifecycle.acts(Track.CLINICAL, "no_history")) == {
        "find nothing to review",
        "need review",
    }


def test_needling_is_allowed_in_exactly_three_states() -> None:
    assert set(lifecycle.NEEDLING_ALLOWED) == {"not_needed", "cleared", "cleared_with_limits"}


@pytest.mark.parametrize("state", ["cancelled", "moved"])
def test_a_visit_that_will_not_be_stays_so_and_frees_its_time(state: str) -> None:
    assert lifecycle.acts(Track.APPOINTMENT, state) == ()
    assert state not in lifecycle.HOLDING


def test_a_visit_that_is_done_stays_done_whatever_is_corrected() -> None:
    acts = lifecycle.acts(Track.APPOINTMENT, "done")

    assert [lifecycle.move(Track.APPOINTMENT, "done", act) for act in acts] == ["done"]


@pytest.mark.parametrize(("act", "undo"), [("arrive", "undo arrive"), ("miss", "undo miss")])
def test_what_was_marked_by_mistake_is_undone_by_an_act_of_its_own(act: str, undo: str) -> None:
    assert walk(Track.APPOINTMENT, "hold", "confirm", act, undo) == "confirmed"


def test_a_refused_move_says_which_act_in_which_state() -> None:
    with pytest.raises(NoSuchMove) as refusal:
        lifecycle.move(Track.APPOINTMENT, "held", "finish")

    assert (refusal.value.track, refusal.value.state, refusal.value.act) == (
        Track.APPOINTMENT,
        "held",
        "finish",
    )


def test_acts_are_listed_in_the_order_of_the_table() -> None:
    assert lifecycle.acts(Track.APPOINTMENT, "confirmed") == ("arrive", "cancel", "move", "miss")


def test_states_are_listed_once_in_the_order_in_which_they_are_reached() -> None:
    assert lifecycle.states(Track.APPOINTMENT) == (
        "held",
        "confirmed",
        "cancelled",
        "arrived",
        "moved",
        "no_show",
        "done",
    )
