"""Draws the page of one request, with its forms as they were typed if one was refused."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_wtf import FlaskForm

from clinic import contact
from clinic.access import Permission
from clinic.booking import calendar
from clinic.booking.lifecycle import UNDO_WITHIN, NoSuchMove, Track
from clinic.forms import WISHES, AttemptForm, CloseForm, NoteForm, ReopenForm, WaitForm
from clinic.queries import enquiries, opening, requests
from clinic.queries.requests import RequestPage, Tried
from clinic.screening import regions
from clinic.services import closing, triage
from clinic.services.triage import UrgentOpen
from clinic.web import desk_words, filters, guards, read_out, timeline, words

SATURDAY = 5
# The forms of a request's page that are there only while their act is allowed.
DRAWN_WHILE = {"attempt": "try contact", "wait": "wait", "close": "close", "reopen": "reopen"}


@dataclass(frozen=True)
class Step:
    """Something that may be done next, or why it may not."""

    label: str
    href: str
    reason: str


def draw(reference: str, **forms: FlaskForm) -> str:
    """Draw the page; a form that was refused is given back as it was typed."""
    actor = guards.actor()
    page = requests.page(actor, reference)
    works = actor.may(Permission.WORK_REQUESTS)
    can = requests.allowed(page)
    for part in forms.keys() & DRAWN_WHILE.keys():
        if DRAWN_WHILE[part] not in can:  # its boxes are not on the page any more
            raise NoSuchMove(Track.DESK, page.desk_state, DRAWN_WHILE[part])
    if "close" in forms and page.urgent:
        raise UrgentOpen
    return render_template(
        "desk/request.html",
        page=page,
        questions=enquiries.of_request(guards.actor(), page.id),
        works=works,
        can=can,
        failed=next(iter(forms.values()), None),
        attempt=forms.get("attempt") or attempt_form(reference, page, blank=True),
        note=forms.get("note") or NoteForm(formdata=None, prefix="note-"),
        wait=forms.get("wait") or wait_form(reference, page, blank=True),
        close=forms.get("close") or close_form(blank=True),
        reopen=forms.get("reopen") or reopen_form(blank=True),
        open_part=next(iter(forms), ""),
        steps=_steps(page) if works else [],
        events=[timeline.shown(event, page.zone) for event in page.events],
        **_patient(page),
        undoable=_undoable(page) if works else None,
        key=secrets.token_urlsafe(18),
        read_out=read_out.script(page) if works and _is_told_by_phone(page) else [],
        **_said(page),
        reads_history=actor.may(Permission.SEE_HISTORY),
        writes_letters=actor.may(Permission.SEND_LETTERS),
    )


def _patient(page: RequestPage) -> dict[str, object]:
    known = page.contact
    return {
        "phone": desk_words.phone(known.phone) if known and known.phone else None,
        "phone_href": _dial(known.phone) if known and known.phone else None,
        "wishes": _wishes(page),
        "language_name": filters.LANGUAGES[page.language],
        "region_labels": region_labels,
    }


def _said(page: RequestPage) -> dict[str, object]:
    """Give the words for what the page knows as codes."""
    return {
        "call_today": _call_today(page),
        "action": desk_words.ACTIONS[page.action],
        "back_words": desk_words.BACK,
        "waits_for": desk_words.BECAUSE.get(page.waits.because, "") if page.waits else "",
        "desk_word": words.DESK[page.desk_state],
        "clinical_word": words.CLINICAL[page.clinical_state],
        "appointment": words.APPOINTMENT,
        "close_reasons": words.CLOSE_REASONS,
        "close_hints": _close_hints(page),
        "kinds": desk_words.KINDS,
        "outcomes": desk_words.OUTCOMES,
        "channels": desk_words.CHANNELS,
        "answered_by": desk_words.ANSWERED_BY,
        "letters": desk_words.LETTERS,
        "some_letter": desk_words.SOME_LETTER,
        "letter_error": desk_words.letter_error,
        "day": timeline.day,
        "now": guards.now(),
        "waited": waited,
    }


def _call_today(page: RequestPage) -> str:
    if page.call_today is None:
        return ""
    return str(desk_words.CALL_TODAY.get(page.call_today, desk_words.CALL_FOR_SOME_REASON))


def _close_hints(page: RequestPage) -> dict[str, str]:
    """Say of each reason whether the patient hears of it."""
    by_letter = page.contact is not None and page.contact.email is not None
    told = _("The patient gets a letter.") if by_letter else _("Tell the patient by phone.")
    return {
        code: str(told if code in closing.TOLD_BY_LETTER else _("No letter."))
        for code in closing.CLOSED_BY_DESK
    }


def _is_told_by_phone(page: RequestPage) -> bool:
    """Whether letters do not reach the patient: there is no address, or it failed."""
    if page.contact is None:
        return False
    return page.contact.email is None or any(not letter.clinics for letter in page.failed)


def _undoable(page: RequestPage) -> Tried | None:
    """Return the last call while it may still be taken back."""
    fresh = page.tried is not None and guards.now() - page.tried.at <= UNDO_WITHIN
    return page.tried if fresh else None


def waited(since: datetime) -> str:
    """Say how long ago something was, in one short unit."""
    minutes = max(0, int((guards.now() - since) / timedelta(minutes=1)))
    if minutes < 60:
        return str(ngettext("%(num)d min", "%(num)d min", minutes))
    if minutes < 48 * 60:
        return str(ngettext("%(num)d h", "%(num)d h", minutes // 60))
    return str(ngettext("%(num)d day", "%(num)d days", minutes // (24 * 60)))


def region_labels(ids: Iterable[str]) -> list[str]:
    """Name regions in the language of the page."""
    body = regions.shipped()
    return [body.label(region, filters.language()) for region in ids if region in body.ids]


def _wishes(page: RequestPage) -> list[tuple[str, str]]:
    """Say when the patient can come: ticked days and parts of the day, and their words on times."""
    wishes = page.contact.wishes if page.contact else {}
    rows = [
        (str(label), ", ".join(str(WISHES[name].get(one, one)) for one in wishes.get(name) or ()))
        for name, label in (("days", _("Days")), ("parts", _("Times of day")))
    ]
    return [*rows, (_("About times"), wishes.get("words") or "")]


# --- Its forms -------------------------------------------------------------------------------


def attempt_form(
    reference: str, page: RequestPage | None = None, *, blank: bool = False
) -> AttemptForm:
    """Make the form of a call: the number known to be wrong is not put in again."""
    page = page or requests.page(guards.actor(), reference)
    known = page.contact
    given = {"formdata": None} if blank else {}
    form = AttemptForm(prefix="attempt-", **given)
    if blank:
        usable = known.phone if known and not known.phone_wrong else None
        form.number.data = desk_words.phone(usable) if usable else ""
    form.outcome.choices = [(key, str(word.label)) for key, word in desk_words.OUTCOMES.items()]
    form.next_try.today = calendar.visit_on(guards.now(), page.zone)
    day = timeline.day(next_open_day(page))
    form.next_open.label.text = _("Try again on %(day)s, the next open day", day=day)
    return form


def next_open_day(page: RequestPage) -> date:
    """Return the next day after today on which the clinic is open; a weekday if no hours say."""
    day = calendar.visit_on(guards.now(), page.zone) + timedelta(days=1)
    begins = datetime.combine(day, time(), tzinfo=ZoneInfo(page.zone))
    found = opening.next_opening(begins)
    if found is not None:
        return calendar.visit_on(found.opens_at or begins, found.zone)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return day


def wait_form(reference: str, page: RequestPage | None = None, *, blank: bool = False) -> WaitForm:
    """Make the form that sets a request aside."""
    page = page or requests.page(guards.actor(), reference)
    form = WaitForm(prefix="wait-", **({"formdata": None} if blank else {}))
    form.until.today = calendar.visit_on(guards.now(), page.zone)
    form.because.choices = [(code, str(desk_words.BECAUSE[code])) for code in triage.WAITS]
    return form


def close_form(*, blank: bool = False) -> CloseForm:
    """Make the form that closes a request."""
    form = CloseForm(prefix="close-", **({"formdata": None} if blank else {}))
    form.reason.choices = [
        (code, str(words.CLOSE_REASONS[code])) for code in closing.CLOSED_BY_DESK
    ]
    return form


def reopen_form(*, blank: bool = False) -> ReopenForm:
    """Make the form that takes up a closed request again."""
    form = ReopenForm(prefix="reopen-", **({"formdata": None} if blank else {}))
    form.because.choices = [
        (code, str(desk_words.REOPENED[code])) for code in closing.REOPENED_BECAUSE
    ]
    return form


# --- What may be done next -------------------------------------------------------------------


def _steps(page: RequestPage) -> list[Step]:
    """Say of each way to a visit whether it is open now, and if not, why."""
    return [
        Step(
            str(label),
            url_for("offers.choose", reference=page.reference, kind=kind),
            _not_offerable(page, kind),
        )
        for kind, label in (
            ("needling", _("Offer a visit with needling")),
            ("no_needles", _("Offer a visit without needles")),
        )
    ]


def _not_offerable(page: RequestPage, kind: str) -> str:
    if "offer" not in requests.allowed(page):
        return str(desk_words.NOT_NOW[page.desk_state])
    if page.urgent:
        return str(desk_words.NOT_CLEARED["urgent_open"])
    if kind == "needling" and page.clearance is None:
        return str(desk_words.NOT_CLEARED["not_cleared"])
    return ""


def _dial(stored: str) -> str:
    try:
        return contact.phone(stored).uri
    except contact.UnfitPhone:
        return f"tel:{stored}"
