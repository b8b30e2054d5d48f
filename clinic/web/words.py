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

DECISIONS: Mapping[str, LazyString] = {
    "clear": _("Clear for needling"),
    "clear with limits": _("Clear with limits"),
    "ask for more": _("Ask the patient for more"),
    "delay": _("Wait until a date"),
    "refer": _("See a doctor first"),
    "offer other care": _("Offer other care, no needling"),
}

# Why a therapist clears although a rule asked for caution.
OVERRIDE_CODES: Mapping[str, LazyString] = {
    "asked_again": _("I asked again, and the answer is different"),
    "prescriber_agreed": _("The prescriber agreed"),
    "specialist_agreed": _("A specialist or the treating doctor agreed"),
    "result_seen": _("I have seen the test result"),
    "away_from_blocked_regions": _("Needles stay away from the blocked regions"),
    "benefit_outweighs": _("The likely benefit outweighs the risk"),
}

LIMITS: Mapping[str, LazyString] = {
    "no_electrical_stimulation": _("No electrical stimulation"),
    "superficial_only": _("Superficial needling only"),
    "few_needles": _("Few needles"),
    "uncoated_needles": _("Uncoated needles"),
    "lying_down": _("Lying down"),
    "not_face_down": _("Not face down"),
    "side_lying": _("Lying on the side"),
}

VERDICTS: Mapping[str, Word] = {
    "avoid": Word(_("Avoid"), Tone.URGENT),
    "care": Word(_("With care"), Tone.REVIEW),
    "allowed": Word(_("Allowed"), Tone.READY),
}

# What the body map says of regions: whether they are wanted, and the verdict.
MARKS: Mapping[tuple[bool, str], LazyString] = {
    (True, "avoid"): _("Wanted and blocked:"),
    (True, "care"): _("Wanted, with care:"),
    (True, "allowed"): _("Wanted and allowed:"),
    (False, "avoid"): _("Blocked, not wanted:"),
    (False, "care"): _("With care, not wanted:"),
}

# What keeps a decision from being signed, and what to do about it.
CANNOT_DECIDE: Mapping[str, LazyString] = {
    "decision_unknown": _("Choose a decision"),
    "not_before_missing": _("Enter a day that lies ahead"),
    "no_live_clearance": _("There is no clearance to withdraw"),
    "not_urgent": _("The urgent flag is closed already"),
    "call_or_note_missing": _(
        "Record a call that reached the patient, or write here why there was none"
    ),
    "no_history": _("There is no history to decide on yet"),
    "close_urgent_first": _("Close the urgent flag first"),
    "prohibited_here": _("Needling is prohibited here; nobody can clear it"),
    "guardian_consent_missing": _("A minor cannot be cleared without a guardian's consent"),
    "regions_missing": _("Choose the regions that may be needled"),
    "regions_unknown": _("Choose regions from the list"),
    "limits_unknown": _("Choose limits from the list"),
    "limits_without_name": _(
        "You leave out a wanted region or name a limit: choose “Clear with limits”"
    ),
    "limits_missing": _("Name a limit or a date, or choose “Clear for needling”"),
    "reason_code_missing": _("Choose why needling is right although a rule asks for caution"),
    "question_missing": _("Write the question in words that the patient understands"),
    "sections_unknown": _("Choose topics from the list"),
    "questions_unknown": _("Choose questions from the list"),
    "note_telling": _("Leave out medicines and illnesses: others may see the patient's screen"),
    "answer_by_unfit": _("Choose a day from tomorrow on, within three months"),
    "withdrawal_reason_missing": _("Write one sentence on why it is withdrawn"),
    "too_long": _("A clearance ends a year after the answers at the latest"),
    "reason_missing": _("Write one sentence on why, for whoever reads this later"),
    "history_too_old": _("The answers do not count for so long; choose an earlier day"),
    "dates_do_not_fit": _("The last day must not come before the first"),
    "note_missing": _("Write the note first"),
    "nobody_signed_in": _("Sign in again to sign this"),
}

# What a finding asks to be done now.
URGENCIES: Mapping[str, Word] = {
    "emergency": Word(_("Emergency: told to call 911"), Tone.URGENT),
    "same_day": Word(_("Told to be seen today"), Tone.URGENT),
    "call_today": Word(_("Call today"), Tone.URGENT),
}

# How a typed medicine was understood.
MEDICINE_STATES: Mapping[str, LazyString] = {
    "current": _("taken now"),
    "now_and_then": _("now and then"),
    "stopped": _("stopped"),
    "past": _("in the past"),
    "family": _("somebody else takes it"),
    "negated": _("not taken"),
}

CLEARANCE_ENDS: Mapping[str, LazyString] = {
    "date": _("Its last day is over"),
    "newer_intake": _("Ended by newer answers"),
    "graver_elsewhere": _("Ended by graver answers in another request of this person"),
    "newer_rules": _("Ended by newer rules, whose result is graver"),
    "date_passed": _("Ended by a date that passed, whose result is graver"),
    "withdrawal": _("Withdrawn"),
    "decision": _("Replaced by a newer decision"),
}

ANSWERED_BY: Mapping[str, LazyString] = {
    "patient": _("The patient"),
    "guardian": _("A parent or guardian"),
    "desk": _("The front desk, by phone"),
}

CALLS: Mapping[str, Word] = {
    "reached": Word(_("Reached"), Tone.READY),
    "voicemail": Word(_("Voicemail: not contact"), Tone.WAITING),
    "no_answer": Word(_("No answer"), Tone.WAITING),
    "wrong_number": Word(_("Wrong number"), Tone.REVIEW),
}
