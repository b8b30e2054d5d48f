"""What staff read about questions: folders, states, acts, reasons and letters."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from clinic.web.words import Tone, Word

FOLDERS: Mapping[str, Word] = {
    "open": Word(_("To answer"), Tone.READY),
    "mine": Word(_("Mine"), Tone.NEUTRAL),
    "answered": Word(_("Answered"), Tone.NEUTRAL),
    "published": Word(_("Published"), Tone.NEUTRAL),
    "closed": Word(_("Closed"), Tone.NEUTRAL),
}

STATES: Mapping[str, Word] = {
    "new": Word(_("To answer"), Tone.READY),
    "answered": Word(_("Answered"), Tone.NEUTRAL),
    "turned": Word(_("Became a request"), Tone.NEUTRAL),
    "closed": Word(_("Closed"), Tone.NEUTRAL),
}

CLOSE_REASONS: Mapping[str, LazyString] = {
    "answered_by_phone": _("Answered by phone"),
    "no_answer_needed": _("No answer needed"),
    "duplicate": _("Duplicate"),
    "spam": _("Spam"),
}

ACTS: Mapping[str, Word] = {
    "answer": Word(_("Answered by letter"), Tone.READY),
    "call": Word(_("Called"), Tone.NEUTRAL),
    "close urgent": Word(_("Urgent flag closed by a clinician"), Tone.REVIEW),
    "turn": Word(_("Became a request"), Tone.READY),
    "close": Word(_("Closed"), Tone.NEUTRAL),
    "reopen": Word(_("Opened again"), Tone.READY),
    "publish": Word(_("Published"), Tone.READY),
    "unpublish": Word(_("Taken off the website"), Tone.NEUTRAL),
}

LETTERS: Mapping[str, LazyString] = {
    "enquiry_received": _("Letter: we have your question"),
    "enquiry_answer": _("Letter: our answer"),
    "enquiry_request": _("Letter: a link to go on"),
}

TELLS: Mapping[str, LazyString] = {
    "question": _("Take out the name, e-mail address or phone number of who asked"),
    "answer": _("Take out the name, e-mail address or phone number of who asked"),
}
