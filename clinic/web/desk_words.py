"""What the front desk reads: folders, acts, events of the timeline, and why something may not be.

No sentence here names a condition, an answer or a finding.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from clinic import contact
from clinic.web.words import Tone, Word

FOLDERS: Mapping[str, Word] = {
    "open": Word(_("All open"), Tone.NEUTRAL),
    "unassigned": Word(_("Unassigned"), Tone.READY),
    "mine": Word(_("Mine"), Tone.NEUTRAL),
    "call_today": Word(_("Call today"), Tone.URGENT),
    "review": Word(_("Therapist review"), Tone.REVIEW),
    "ready": Word(_("Ready to offer"), Tone.READY),
    "waiting": Word(_("Waiting"), Tone.WAITING),
    "back": Word(_("Back from waiting"), Tone.REVIEW),
    "letters": Word(_("Letters that failed"), Tone.REVIEW),
    "offered": Word(_("Offered"), Tone.WAITING),
    "booked": Word(_("Booked"), Tone.READY),
    "closed": Word(_("Closed"), Tone.NEUTRAL),
}

# A level is shown to the desk as an act, and as nothing else.
ACTIONS: Mapping[str, Word] = {
    "call_today": Word(_("Call today"), Tone.URGENT),
    "review": Word(_("Therapist must review"), Tone.REVIEW),
    "letter": Word(_("A letter failed"), Tone.REVIEW),
    "back": Word(_("Look at it again"), Tone.REVIEW),
    "tell": Word(_("Call: say which times are held"), Tone.REVIEW),
    "offer": Word(_("Offer a time"), Tone.READY),
    "no_needles": Word(_("Offer a visit without needles"), Tone.READY),
    "doctor": Word(_("Call: doctor first"), Tone.REVIEW),
    "ask": Word(_("Call: a therapist has a question"), Tone.REVIEW),
    "answer": Word(_("The patient must answer"), Tone.WAITING),
    "none": Word(_("Nothing to do now"), Tone.NEUTRAL),
}

CALL_TODAY: Mapping[str, LazyString] = {
    "urgent": _("Call this patient now. Say that the clinic calls about the request."),
    "own_words": _("Call this patient today. Say that the clinic calls about the request."),
    "clearance_ended": _(
        "The confirmed visit can no longer go ahead as planned. Call, and find another way."
    ),
    "visit_does_not_fit": _(
        "The confirmed visit does not fit the newest decision. Call, and find another time."
    ),
    "day_closed": _(
        "The clinic is closed, or the therapist is away, on the day that was offered or booked. "
        "Call, and find another time."
    ),
    "asked_to_move": _(
        "The patient asks for another time. The visit stays as it is until it is moved."
    ),
    "patient_cancelled": _("The patient cancelled the visit. Call to find another time."),
    "confirm_again": _(
        "The answers grow old before the visit, and no letter asks for them. "
        "Call, and ask the questions again."
    ),
    "missed": _("The patient did not come. Call to find another time."),
}

CALL_FOR_SOME_REASON = _("Call this patient today. Say that the clinic calls about the request.")

REOPENED: Mapping[str, LazyString] = {
    "patient_asked": _("The patient got in touch"),
    "by_mistake": _("It was closed by mistake"),
    "other": _("Another reason"),
}

LETTER_TEXTS: Mapping[str, LazyString] = {
    "tried_to_call": _("We tried to call you"),
    "please_call": _("Please call us"),
    "one_more_thing": _("We need one more thing"),
    "directions": _("How to find us and what to bring"),
}

KINDS: Mapping[str, LazyString] = {
    "needling": _("Visit with needling"),
    "no_needles": _("Visit without needles"),
}

CHANNELS: Mapping[str, LazyString] = {"email": _("E-mail"), "phone": _("Phone")}

# How a request reached us that staff wrote for the patient.
SOURCES: Mapping[str, LazyString] = {
    "phone": _("By phone"),
    "paper": _("On paper"),
    "desk": _("In person at the desk"),
}

OUTCOMES: Mapping[str, Word] = {
    "reached": Word(_("Reached"), Tone.READY),
    "voicemail": Word(_("Voicemail"), Tone.WAITING),
    "no_answer": Word(_("No answer"), Tone.WAITING),
    "wrong_number": Word(_("Wrong number"), Tone.REVIEW),
}

ACTORS: Mapping[str, LazyString] = {"patient": _("the patient"), "system": _("by itself")}

ANSWERED_BY: Mapping[str, LazyString] = {
    "patient": _("the patient"),
    "guardian": _("a guardian"),
    "desk": _("the desk, on the phone"),
}

LETTERS: Mapping[str, LazyString] = {
    "request_received": _("Letter: we have your request"),
    "offer": _("Letter: a time for you"),
    "offer_ended": _("Letter: the time is no longer held"),
    "appointment_confirmed": _("Letter: appointment confirmed"),
    "appointment_cancelled": _("Letter: appointment cancelled"),
    "appointment_moved": _("Letter: appointment moved"),
    "appointment_reminder": _("Letter: reminder of the appointment"),
    "request_closed": _("Letter: the request is closed"),
    "request_reopened": _("Letter: the request is open again"),
    "desk_letter": _("Letter from the clinic"),
    "decision_made": _("Letter: there is news"),
    "more_information": _("Letter: we have a question"),
    "confirm_again": _("Letter: please confirm your answers"),
    "enquiry_request": _("Letter: a link to go on"),
    "urgent_escalation": _("Letter to the clinic: nobody has called yet"),
    "code": _("Letter: a code"),
    "resume_link": _("Letter: a link to go on"),
    "urgent_alert": _("Letter to the clinic: call today"),
}

SOME_LETTER = _("Letter")  # of a kind that this table does not know yet

LETTER_STATES: Mapping[str, Word] = {
    "queued": Word(_("waiting to be sent"), Tone.WAITING),
    "sent": Word(_("sent"), Tone.READY),
    "failed": Word(_("could not be sent: call the patient"), Tone.URGENT),
    "dropped": Word(_("not sent, no longer needed"), Tone.NEUTRAL),
    "told_by_phone": Word(_("told by phone instead"), Tone.READY),
    "skipped": Word(_("no e-mail: tell by phone"), Tone.REVIEW),
}

ACTS: Mapping[tuple[str, str], Word] = {
    ("desk", "claim"): Word(_("Claimed"), Tone.NEUTRAL),
    ("desk", "release"): Word(_("Released"), Tone.NEUTRAL),
    ("desk", "wait"): Word(_("Waiting"), Tone.WAITING),
    ("desk", "take attempt back"): Word(_("Call taken back: recorded by mistake"), Tone.NEUTRAL),
    ("desk", "return"): Word(_("Back with the therapist who had it before"), Tone.REVIEW),
    ("desk", "come back"): Word(_("Came back from waiting"), Tone.REVIEW),
    ("desk", "make ready"): Word(_("Ready to offer"), Tone.READY),
    ("desk", "hold back"): Word(_("No longer ready to offer"), Tone.REVIEW),
    ("desk", "offer"): Word(_("A time was offered"), Tone.WAITING),
    ("desk", "take offer back"): Word(_("The offer ended"), Tone.NEUTRAL),
    ("desk", "lose clearance"): Word(_("The offer was revoked"), Tone.REVIEW),
    ("desk", "accept"): Word(_("The offer was accepted"), Tone.READY),
    ("desk", "cancel appointment"): Word(_("The appointment was cancelled"), Tone.REVIEW),
    ("desk", "ask to move"): Word(_("The patient asked for another time"), Tone.REVIEW),
    ("desk", "plan next visit"): Word(_("Another visit is planned"), Tone.READY),
    ("desk", "undo miss"): Word(_("Not missed after all"), Tone.NEUTRAL),
    ("desk", "attend"): Word(_("Attended"), Tone.READY),
    ("desk", "miss"): Word(_("Missed"), Tone.REVIEW),
    ("desk", "close"): Word(_("Closed"), Tone.NEUTRAL),
    ("desk", "reopen"): Word(_("Opened again"), Tone.READY),
    ("clinical", "find nothing to review"): Word(_("No review needed"), Tone.READY),
    ("clinical", "need review"): Word(_("A therapist must review"), Tone.REVIEW),
    ("clinical", "clear"): Word(_("Cleared by a therapist"), Tone.READY),
    ("clinical", "clear with limits"): Word(_("Cleared with limits"), Tone.READY),
    ("clinical", "ask for more"): Word(_("A therapist asked for more"), Tone.WAITING),
    ("clinical", "delay"): Word(_("Delayed by a therapist"), Tone.WAITING),
    ("clinical", "refer"): Word(_("Referred to a doctor"), Tone.REVIEW),
    ("clinical", "offer other care"): Word(_("Other care offered"), Tone.NEUTRAL),
    ("appointment", "confirm"): Word(_("Appointment confirmed"), Tone.READY),
    ("appointment", "free"): Word(_("Held time given back"), Tone.NEUTRAL),
    ("appointment", "arrive"): Word(_("Arrived"), Tone.READY),
    ("appointment", "cancel"): Word(_("Appointment cancelled"), Tone.REVIEW),
    ("appointment", "move"): Word(_("Appointment moved"), Tone.NEUTRAL),
    ("appointment", "miss"): Word(_("Did not come"), Tone.REVIEW),
    ("appointment", "finish"): Word(_("Visit done"), Tone.READY),
    ("appointment", "undo arrive"): Word(_("Not arrived after all"), Tone.NEUTRAL),
    ("appointment", "undo miss"): Word(_("Not missed after all"), Tone.NEUTRAL),
    ("appointment", "correct"): Word(_("The record of the visit was corrected"), Tone.NEUTRAL),
}

# Why a request came back by itself: a day, never a condition.
BACK: Mapping[str, LazyString] = {
    "date passed": _("A date passed"),
    "delay is over": _("The day that was set has come"),
    "no answer": _("No answer came in time"),
}

BECAUSE: Mapping[str, LazyString] = {
    "patient": _("Waiting to hear from the patient."),
    "asked_later": _("The patient asked us to call later."),
    "away": _("The patient is away."),
    "papers": _("Waiting for papers."),
    "next_try": _("To try again then."),
    "therapist_asked": _("A therapist has asked the patient something."),
    "by_mistake": _("It was closed by mistake."),
    "declined": _("The patient declined."),
    "none_fitted": _("None of the times fitted."),
    "by_phone": _("Said on the phone."),
    "patient_asked": _("The patient asked for it."),
    "therapist_away": _("The therapist is away."),
    "clinic_closed": _("The clinic is closed then."),
    "not_today": _("No needling on that day."),
    "other": _("Another reason."),
    "withdrawn": _("The clinic took it back."),
    "expired": _("Nobody answered in time."),
    "revoked": _("The clearance ended."),
}

# Why needles may not be used, in words that name no condition.
NOT_CLEARED: Mapping[str, LazyString] = {
    "urgent_open": _("A therapist must close the urgent flag first."),
    "prohibited_here": _("Needling is not allowed in the state of this location."),
    "not_cleared": _("No therapist's clearance is in force for this request."),
    "before_its_dates": _("The clearance begins later than this day. Choose a later one."),
    "after_its_dates": _("The clearance ends before this day. Choose an earlier one."),
    "other_therapist": _("The clearance names other therapists. Choose one of them."),
    "no_region_left": _("The clearance covers no region. Ask the therapist."),
    "region_not_cleared": _(
        "The clearance of this visit does not cover that region. A therapist must decide first."
    ),
    "history_too_old": _("The history will be too old on that day. It must be confirmed first."),
    "result_differs": _("On that day a therapist must look again before needles are used."),
}

NOT_NOW: Mapping[str, LazyString] = {
    "draft": _("It was not sent yet."),
    "new": _("Not while it is new."),
    "in_contact": _("Not while you are in contact."),
    "waiting": _("Not while it waits. Record a contact first."),
    "ready_to_offer": _("Not while it is ready to offer."),
    "offered": _("Not while a time is offered."),
    "booked": _("Not while a visit is booked."),
    "closed": _("It is closed. Open it again first."),
}

WEEKDAYS: tuple[LazyString, ...] = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)

LAWS: Mapping[str, Word] = {
    "permitted": Word(_("Needling permitted"), Tone.READY),
    "silent": Word(_("Law is silent"), Tone.REVIEW),
    "prohibited": Word(_("Needling prohibited"), Tone.URGENT),
}

# Events that are no act of a track.
TOLD: Mapping[tuple[str, str], Word] = {
    ("intake", ""): Word(_("Answers sent"), Tone.READY),
    ("keyed", "phone"): Word(_("Answers written during a call"), Tone.NEUTRAL),
    ("keyed", "paper"): Word(_("Answers written from paper"), Tone.NEUTRAL),
    ("keyed", "desk"): Word(_("Answers written at the desk"), Tone.NEUTRAL),
    ("screening", ""): Word(_("Answers screened"), Tone.NEUTRAL),
    ("note", ""): Word(_("Note"), Tone.NEUTRAL),
    ("read", "patient"): Word(_("The patient opened the page"), Tone.NEUTRAL),
    ("read", "history"): Word(_("The history was read"), Tone.NEUTRAL),
    ("read", "alert taken up"): Word(_("The urgent alert was taken up"), Tone.REVIEW),
    ("read", "alert escalated"): Word(_("Nobody took the alert up: it escalated"), Tone.URGENT),
    ("read", "newer rules"): Word(_("Screened again by newer rules"), Tone.NEUTRAL),
    ("read", "date passed"): Word(_("Screened again: a date passed"), Tone.NEUTRAL),
    ("read", "alert closed"): Word(_("The urgent alert was closed"), Tone.READY),
}


def phone(stored: str) -> str:
    """Write a stored number as people read it."""
    try:
        number = contact.phone(stored)
    except contact.UnfitPhone:
        return stored
    return f"{number.display} x{number.extension}" if number.extension else number.display


def letter_error(code: str) -> LazyString:
    """Say in words why a letter could not be sent."""
    if code == "unreadable":
        return _("It could not be read any more. Tell the patient by phone.")
    if code == "unfit" or (code.startswith("smtp 5") and not code.startswith("smtp 53")):
        return _("The address was turned down: it is wrong, or its mailbox takes no mail.")
    return _("The mail server did not take it for four hours.")
