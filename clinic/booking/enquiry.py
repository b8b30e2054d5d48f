"""The path of an enquiry, as a table: (present state, act) -> next state.

Nothing that its writer sends later moves it: another question is another enquiry, so that a
"thanks" reopens and closes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping


class NotPossibleNow(Exception):
    """The act is not allowed in the enquiry's present state."""

    def __init__(self, state: str | None, act: str) -> None:
        super().__init__(f"enquiry: {act!r} is not allowed while {state!r}")
        self.state, self.act = state, act


MOVES: Mapping[tuple[str | None, str], str] = {
    (None, "send"): "new",
    ("new", "answer"): "answered",
    ("answered", "answer"): "answered",
    ("turned", "answer"): "turned",
    ("new", "turn"): "turned",
    ("answered", "turn"): "turned",
    ("new", "close"): "closed",
    ("answered", "close"): "closed",
    ("turned", "close"): "closed",
    ("closed", "reopen"): "new",
}
CLOSE_REASONS = ("answered_by_phone", "no_answer_needed", "duplicate", "spam")
CALL_OUTCOMES = ("reached", "voicemail", "no_answer", "wrong_number")


def move(state: str | None, act: str) -> str:
    """Look up the next state, or raise NotPossibleNow."""
    try:
        return MOVES[state, act]
    except KeyError:
        raise NotPossibleNow(state, act) from None


def acts(state: str) -> tuple[str, ...]:
    """List the acts that the present state allows, in the order of the table."""
    return tuple(act for (source, act) in MOVES if source == state)
