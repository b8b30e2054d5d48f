"""The three tracks of a request, as tables: (present state, act) -> next state.

Every move is looked up here or refused. The buttons on the pages, the diagrams in the
documents and the tests are read off these tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum


class Track(StrEnum):
    """One of the three statuses that are shown together and never melted into one."""

    DESK = "desk"
    CLINICAL = "clinical"
    APPOINTMENT = "appointment"


class NoSuchMove(Exception):
    """The act is not allowed in the present state."""

    def __init__(self, track: Track, state: str | None, act: str) -> None:
        super().__init__(f"{track}: {act!r} is not allowed while {state!r}")
        self.track, self.state, self.act = track, state, act


Moves = Mapping[tuple[str | None, str], str]


def _from(states: Iterable[str | None], act: str, to: str) -> dict[tuple[str | None, str], str]:
    return {(state, act): to for state in states}


def _stay(states: Iterable[str], act: str) -> dict[tuple[str | None, str], str]:
    return {(state, act): state for state in states}


TAKEN_BACK = "take attempt back"
_OPEN = ("new", "in_contact", "waiting", "ready_to_offer", "offered", "booked")
_BEFORE_OFFER = ("new", "in_contact", "waiting", "ready_to_offer")

DESK: Moves = {
    (None, "start"): "draft",
    ("draft", "send"): "new",
    **_stay(_OPEN, "claim"),
    **_stay(_OPEN, "release"),
    **_stay(_OPEN, "return"),  # to the therapist who asked or decided before
    **_stay(_OPEN, "try contact"),  # voicemail and no answer are not contact
    **_stay(("ready_to_offer", "offered", "booked"), "reach"),
    **_from(("new", "in_contact", "waiting"), "reach", "in_contact"),
    **_stay(_OPEN, TAKEN_BACK),  # a call that was recorded by mistake
    **_from(("in_contact", "waiting"), "back to new", "new"),
    ("waiting", "back to contact"): "in_contact",
    **_from(("in_contact", "waiting"), "back to waiting", "waiting"),
    ("waiting", "back to ready"): "ready_to_offer",
    **_from(_BEFORE_OFFER, "wait", "waiting"),
    ("waiting", "come back"): "in_contact",
    **_from(("new", "in_contact", "waiting", "ready_to_offer"), "make ready", "ready_to_offer"),
    ("ready_to_offer", "hold back"): "in_contact",
    **_from(("new", "in_contact", "ready_to_offer"), "offer", "offered"),
    ("offered", "take offer back"): "ready_to_offer",
    ("offered", "lose clearance"): "in_contact",
    ("offered", "accept"): "booked",
    ("booked", "cancel appointment"): "in_contact",
    ("booked", "ask to move"): "booked",
    ("booked", "attend"): "closed",
    ("booked", "plan next visit"): "in_contact",
    ("booked", "miss"): "in_contact",
    ("in_contact", "undo miss"): "booked",
    **_from(("new", "in_contact", "waiting", "ready_to_offer"), "close", "closed"),
    ("closed", "reopen"): "in_contact",
}

_DECIDED = ("not_needed", "cleared", "cleared_with_limits", "delayed", "referred", "no_needling")
_REVIEWABLE = ("needs_review", "more_information", *_DECIDED)

CLINICAL: Moves = {
    (None, "start"): "no_history",
    ("no_history", "find nothing to review"): "not_needed",
    **_from(("no_history", *_REVIEWABLE), "need review", "needs_review"),
    **_from(_REVIEWABLE, "clear", "cleared"),
    **_from(_REVIEWABLE, "clear with limits", "cleared_with_limits"),
    **_from(_REVIEWABLE, "ask for more", "more_information"),
    **_from(_REVIEWABLE, "delay", "delayed"),
    **_from(_REVIEWABLE, "refer", "referred"),
    **_from(_REVIEWABLE, "offer other care", "no_needling"),
}

APPOINTMENT: Moves = {
    (None, "hold"): "held",
    ("held", "confirm"): "confirmed",
    ("held", "free"): "cancelled",
    ("confirmed", "arrive"): "arrived",
    ("confirmed", "cancel"): "cancelled",
    ("confirmed", "move"): "moved",
    ("confirmed", "miss"): "no_show",
    ("arrived", "finish"): "done",
    ("arrived", "undo arrive"): "confirmed",
    ("arrived", "cancel"): "cancelled",  # somebody came, and was sent home
    ("no_show", "undo miss"): "confirmed",
    ("done", "correct"): "done",
}

MOVES: Mapping[Track, Moves] = {
    Track.DESK: DESK,
    Track.CLINICAL: CLINICAL,
    Track.APPOINTMENT: APPOINTMENT,
}

CLOSE_REASONS = (
    "attended",
    "declined_by_patient",
    "other_care",
    "referred",
    "duplicate",
    "spam",
    "no_reply",
)
NEEDLING_ALLOWED = ("not_needed", "cleared", "cleared_with_limits")
OPEN_DESK = _OPEN
UNDO_WITHIN = timedelta(minutes=10)  # a call recorded by mistake may be taken back so long
HOLDING = ("held", "confirmed", "arrived")  # an appointment in these states owns its time
FREED = ("cancelled", "moved")  # in these its time is free again


def move(track: Track, state: str | None, act: str) -> str:
    """Look up the next state, or raise NoSuchMove."""
    try:
        return MOVES[track][state, act]
    except KeyError:
        raise NoSuchMove(track, state, act) from None


def acts(track: Track, state: str | None) -> tuple[str, ...]:
    """List the acts that the present state allows, in the order of the table."""
    return tuple(act for (source, act) in MOVES[track] if source == state)


def states(track: Track) -> tuple[str, ...]:
    """List every state of a track once, in the order in which the table reaches it."""
    return tuple(dict.fromkeys(MOVES[track].values()))
