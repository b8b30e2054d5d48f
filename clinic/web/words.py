"""One table of words: what a state, a level or a role is called, and in which tone.

Staff labels are short. Patient sentences are plain, name no condition and no answer. The tone
picks colour and shape together (templates/components/tone_icon.html), never colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString


class Tone(StrEnum):
    """How loudly a word speaks."""

    URGENT = "urgent"
    REVIEW = "review"
    READY = "ready"
    WAITING = "waiting"
    NEUTRAL = "neutral"


@dataclass(frozen=True)
class Word:
    """What staff read, how it looks, and what the patient reads (empty: nothing is said)."""

    label: LazyString
    tone: Tone
    patient: LazyString | str = ""


@dataclass(frozen=True)
class Level:
    """A screening level: its name for therapists, and the act it asks of the front desk."""

    label: LazyString
    action: LazyString
    tone: Tone


DESK: Mapping[str, Word] = {
    "draft": Word(
        _("Not sent yet"),
        Tone.NEUTRAL,
        _("You have started, but not sent it yet. You can go on where you stopped."),
    ),
    "new": Word(
        _("New"), Tone.READY, _("We have your request. Someone from the clinic will contact you.")
    ),
    "in_contact": Word(
        _("In contact"), Tone.NEUTRAL, _("We are working on your request with you.")
    ),
    "waiting": Word(_("Waiting for patient"), Tone.WAITING, _("We are waiting to hear from you.")),
    "ready_to_offer": Word(
        _("Ready to offer"), Tone.READY, _("We are looking for a time for you.")
    ),
    "offered": Word(_("Offered"), Tone.WAITING, _("We are holding a time for you. Please answer.")),
    "booked": Word(_("Booked"), Tone.READY, _("Your appointment is confirmed.")),
    "closed": Word(
        _("Closed"), Tone.NEUTRAL, _("This request is closed. Call us if you still need care.")
    ),
}

CLINICAL: Mapping[str, Word] = {
    "no_history": Word(
        _("No history yet"), Tone.WAITING, _("We do not have your health answers yet.")
    ),
    "not_needed": Word(
        _("No review needed"), Tone.READY, _("Nothing in your answers needs to be checked first.")
    ),
    "needs_review": Word(
        _("Needs review"), Tone.REVIEW, _("A therapist will read your answers before any needling.")
    ),
    "cleared": Word(
        _("Cleared"), Tone.READY, _("A therapist has read your answers and agreed to needling.")
    ),
    "cleared_with_limits": Word(
        _("Cleared with limits"),
        Tone.READY,
        _("A therapist has agreed to needling for some areas. They will explain it to you."),
    ),
    "more_information": Word(
        _("More information asked"),
        Tone.WAITING,
        _("A therapist has a question for you before going on."),
    ),
    "delayed": Word(
        _("Delayed"),
        Tone.WAITING,
        _("A therapist asks you to wait a while before needling. You can have a visit without it."),
    ),
    "referred": Word(
        _("Referred to a doctor"),
        Tone.REVIEW,
        _("A therapist asks you to see a doctor first. Call us, we will help you plan that."),
    ),
    "no_needling": Word(
        _("Other care offered"),
        Tone.NEUTRAL,
        _("A therapist suggests care without needles. Call us, we will find a visit that fits."),
    ),
}

APPOINTMENT: Mapping[str, Word] = {
    "held": Word(_("Held"), Tone.WAITING, _("We are holding this time for you.")),
    "confirmed": Word(_("Confirmed"), Tone.READY, _("Your appointment is confirmed.")),
    "arrived": Word(_("Arrived"), Tone.READY, _("You have arrived.")),
    "done": Word(_("Done"), Tone.NEUTRAL, _("This visit is over.")),
    "no_show": Word(
        _("No-show"), Tone.REVIEW, _("We missed you at this visit. Call us to find a new time.")
    ),
    "cancelled": Word(_("Cancelled"), Tone.NEUTRAL, _("This appointment is cancelled.")),
    "moved": Word(_("Moved"), Tone.NEUTRAL, _("This appointment was moved to another time.")),
}

TRACKS: Mapping[str, Mapping[str, Word]] = {
    "desk": DESK,
    "clinical": CLINICAL,
    "appointment": APPOINTMENT,
}

# The front desk is told what to do and never why: a level is an act, no diagnosis.
LEVELS: Mapping[str, Level] = {
    "urgent": Level(_("Urgent"), _("Call today"), Tone.URGENT),
    "absolute": Level(_("Hold needling"), _("Therapist must review"), Tone.REVIEW),
    "site": Level(_("Keep away from a region"), _("Therapist must review"), Tone.REVIEW),
    "relative": Level(_("Review first"), _("Therapist must review"), Tone.REVIEW),
    "precaution": Level(_("Take care"), _("No review needed"), Tone.READY),
    "none": Level(_("Nothing found"), _("No review needed"), Tone.READY),
}

CLOSE_REASONS: Mapping[str, LazyString] = {
    "attended": _("Attended"),
    "declined_by_patient": _("Declined by patient"),
    "other_care": _("Other care"),
    "referred": _("Referred"),
    "duplicate": _("Duplicate"),
    "spam": _("Spam"),
    "no_reply": _("No reply"),
}

ROLES: Mapping[str, LazyString] = {
    "front_desk": _("Front desk"),
    "therapist": _("Therapist"),
    "lead_therapist": _("Lead therapist"),
    "admin": _("Admin"),
}
