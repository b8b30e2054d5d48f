"""The front desk's pages: the queue, one request, and what may be done with it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from clinic import contact
from clinic.access import Permission
from clinic.blueprints import conflicts
from clinic.booking import calendar
from clinic.booking.lifecycle import NoSuchMove, Track
from clinic.forms import (
    WISHES,
    AttemptForm,
    CloseForm,
    ContactForm,
    Envelope,
    NoteForm,
    QueueForm,
    WaitForm,
)
from clinic.queries import queue as waiting
from clinic.queries import requests
from clinic.queries.queue import Wish
from clinic.queries.requests import Event, RequestPage
from clinic.screening import regions
from clinic.services import closing, offering, triage
from clinic.web import desk_words, filters, guards, sessions, words

blueprint = Blueprint("desk", __name__, url_prefix="/staff")
conflicts.answer_on(blueprint)
Answer = str | tuple[str, int] | Response
FILTERS = ("folder", "q", "action", "language", "location")
# The forms of a request's page that are there only while their act is allowed.
DRAWN_WHILE = {"attempt": "try contact", "wait": "wait", "close": "close"}


@dataclass(frozen=True)
class Pill:
    """One folder of the queue with its count."""

    label: str
    count: int
    href: str
    current: bool
    tone: str


@dataclass(frozen=True)
class Step:
    """Something that may be done next, or why it may not."""

    label: str
    href: str
    reason: str


# --- The queue -------------------------------------------------------------------------------


@blueprint.get("/")
@guards.staff(Permission.SEE_QUEUE)
def queue() -> str:
    """Show one folder of the queue."""
    actor, wish = guards.actor(), _wish()
    counts = waiting.counts(actor)
    page = waiting.page(actor, wish)
    return render_template(
        "desk/queue.html",
        rows=page.rows,
        folders=_pills(counts.folders, wish),
        may_key=actor.may(Permission.WORK_REQUESTS),
        folder=wish.folder,
        folder_word=desk_words.FOLDERS[wish.folder],
        total=counts.folders[wish.folder],
        version=counts.version,
        form=_queue_form(wish),
        searched=bool(wish.search or wish.action or wish.language or wish.location),
        too_long=len(wish.search) > waiting.LONGEST_SEARCH,
        next_href=_href(wish, page.next),
        previous_href=_href(wish, page.previous),
        back=urlencode(_shown_filters(wish)),
        waited=_waited,
        region_labels=_region_labels,
        actions=desk_words.ACTIONS,
        desk=words.DESK,
        clinical=words.CLINICAL,
        appointment=words.APPOINTMENT,
        names=filters.LANGUAGES,
    )


@blueprint.get("/queue.json")
@guards.staff(Permission.SEE_QUEUE)
@sessions.quiet
def queue_counts() -> Response:
    """Say how many requests each folder holds, and whether anything changed."""
    counts = waiting.counts(guards.actor())
    answer: Response = jsonify(version=counts.version, folders=counts.folders)
    return answer


def _wish() -> Wish:
    given = {name: request.args.get(name, "") for name in (*FILTERS, "cursor")}
    return Wish(
        folder=given["folder"] if given["folder"] in waiting.FOLDERS else waiting.ALL,
        language=given["language"] if given["language"] in filters.LANGUAGES else "",
        action=given["action"] if given["action"] in waiting.ACTIONS else "",
        location=_uuid(given["location"]),
        search="".join(mark for mark in given["q"] if mark.isprintable()).strip(),
        cursor=given["cursor"],
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _shown_filters(wish: Wish) -> dict[str, str]:
    shown = {
        "folder": "" if wish.folder == waiting.ALL else wish.folder,
        "q": wish.search[: waiting.LONGEST_SEARCH],
        "action": wish.action,
        "language": wish.language,
        "location": str(wish.location or ""),
    }
    return {name: value for name, value in shown.items() if value}


def _queue_url(shown: dict[str, str]) -> str:
    return url_for("desk.queue") + (f"?{urlencode(shown)}" if shown else "")


def _href(wish: Wish, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    return _queue_url({**_shown_filters(wish), "cursor": cursor})


def _pills(counts: dict[str, int], wish: Wish) -> list[Pill]:
    others = {name: value for name, value in _shown_filters(wish).items() if name != "folder"}
    return [
        Pill(
            str(word.label),
            counts[name],
            _queue_url(others | ({"folder": name} if name != waiting.ALL else {})),
            name == wish.folder,
            str(word.tone),
        )
        for name, word in desk_words.FOLDERS.items()
    ]


def _queue_form(wish: Wish) -> QueueForm:
    form = QueueForm(
        data={
            "q": wish.search[: waiting.LONGEST_SEARCH],
            "action": wish.action,
            "language": wish.language,
            "location": str(wish.location or ""),
        }
    )
    every = [("", _("Any"))]
    form.action.choices = every + [
        (code, str(word.label)) for code, word in desk_words.ACTIONS.items()
    ]
    form.language.choices = every + list(filters.LANGUAGES.items())
    form.location.choices = every + [
        (str(key), name) for key, name in waiting.places(guards.actor())
    ]
    return form


def _waited(since: datetime) -> str:
    """Say how long ago something was, in one short unit."""
    minutes = max(0, int((guards.now() - since) / timedelta(minutes=1)))
    if minutes < 60:
        return str(ngettext("%(num)d min", "%(num)d min", minutes))
    if minutes < 48 * 60:
        return str(ngettext("%(num)d h", "%(num)d h", minutes // 60))
    return str(ngettext("%(num)d day", "%(num)d days", minutes // (24 * 60)))


def _region_labels(ids: Iterable[str]) -> list[str]:
    body = regions.shipped()
    return [body.label(region, filters.language()) for region in ids if region in body.ids]


# --- One request -----------------------------------------------------------------------------


@blueprint.get("/requests/<reference>")
@guards.staff(Permission.SEE_QUEUE)
def request_page(reference: str) -> str:
    """Show one request."""
    return _page(reference)


@blueprint.post("/requests/<reference>/claim")
@guards.staff(Permission.WORK_REQUESTS)
def claim(reference: str) -> Answer:
    """Take a request."""
    return _act(reference, triage.claim, _("This request is yours."))


@blueprint.post("/requests/<reference>/release")
@guards.staff(Permission.WORK_REQUESTS)
def release(reference: str) -> Answer:
    """Give a request back."""
    return _act(reference, triage.release, _("The request is back in the queue."))


@blueprint.post("/requests/<reference>/attempts")
@guards.staff(Permission.WORK_REQUESTS)
def add_attempt(reference: str) -> Answer:
    """Record one try to contact the patient."""
    form = _attempt_form(reference)
    if not form.validate():
        return _page(reference, attempt=form), 422
    return _act(
        reference,
        triage.attempt,
        _("The call is recorded."),
        outcome=form.outcome.data,
        number=form.number.data,
        next_try_on=form.next_try.data,
        key=Envelope().key,
    )


@blueprint.post("/requests/<reference>/notes")
@guards.staff(Permission.WRITE_DESK_NOTES)
def add_note(reference: str) -> Answer:
    """Keep a note."""
    form = NoteForm(prefix="note-")
    if not form.validate():
        return _page(reference, note=form), 422
    return _act(
        reference, triage.note, _("The note is kept."), body=form.body.data, key=Envelope().key
    )


@blueprint.post("/requests/<reference>/wait")
@guards.staff(Permission.WORK_REQUESTS)
def wait(reference: str) -> Answer:
    """Set a request aside until a day."""
    form = _wait_form(reference)
    if not form.validate():
        return _page(reference, wait=form), 422
    return _act(
        reference, triage.wait, _("It will come back by itself on that day."), until=form.until.data
    )


@blueprint.post("/requests/<reference>/ready/<visit_kind>")
@guards.staff(Permission.OFFER)
def make_ready(reference: str, visit_kind: str) -> Answer:
    """Put a request among those that a time may be offered to."""
    chosen = visit_kind if visit_kind in desk_words.KINDS else "no_needles"
    return _act(reference, offering.make_ready, _("It is ready to offer."), visit_kind=chosen)


@blueprint.post("/requests/<reference>/close")
@guards.staff(Permission.WORK_REQUESTS)
def close(reference: str) -> Answer:
    """Close a request."""
    form = _close_form()
    if not form.validate():
        return _page(reference, close=form), 422
    return _act(reference, closing.close, _("The request is closed."), reason=form.reason.data)


@blueprint.post("/requests/<reference>/reopen")
@guards.staff(Permission.WORK_REQUESTS)
def reopen(reference: str) -> Answer:
    """Take up a closed request again."""
    return _act(reference, closing.reopen, _("The request is open again."))


@blueprint.post("/requests/<reference>/address")
@guards.staff(Permission.WORK_REQUESTS)
def confirm_address(reference: str) -> Answer:
    """Note that the e-mail address was read back on the phone."""
    return _act(reference, triage.confirm_address, _("The address is confirmed."))


@blueprint.get("/requests/<reference>/contact")
@guards.staff(Permission.SEE_CONTACT, Permission.WORK_REQUESTS)
def contact_page(reference: str) -> str:
    """Show the form that corrects how to reach the patient."""
    page = requests.page(guards.actor(), reference)
    known = page.contact
    form = _contact_form(formdata=None)
    if known is not None:
        form.phone.data = desk_words.phone(known.phone) if known.phone else ""
        form.email.data = known.email or ""
        form.channel.data, form.language.data = known.channel, page.language
    return _contact_page(page, form)


@blueprint.post("/requests/<reference>/contact")
@guards.staff(Permission.SEE_CONTACT, Permission.WORK_REQUESTS)
def correct_contact(reference: str) -> Answer:
    """Correct how to reach the patient."""
    form = _contact_form()
    if not form.validate():
        return _contact_page(requests.page(guards.actor(), reference), form), 422
    return _act(
        reference,
        triage.correct_contact,
        _("The contact details are corrected."),
        phone=form.phone.data,
        email=form.email.data,
        channel=form.channel.data,
        language=form.language.data,
    )


def _contact_page(page: RequestPage, form: ContactForm) -> str:
    return render_template("desk/contact.html", page=page, form=form)


def _contact_form(**given: object) -> ContactForm:
    form = ContactForm(**given)
    form.channel.choices = [(key, str(label)) for key, label in desk_words.CHANNELS.items()]
    form.language.choices = list(filters.LANGUAGES.items())
    return form


def _act(reference: str, act: Callable[..., object], said: str, **given: object) -> Response:
    """Do one act on the request as the page showed it, then show it again."""
    actor, envelope = guards.actor(), Envelope()
    request_id = requests.find(actor, reference)
    if act is not closing.reopen:
        given["take_over"] = envelope.takes_over
    act(actor, guards.now(), request_id, seen=envelope.seen_version, **given)
    flash(said, "success")
    return redirect(_after(reference), 303)


def _after(reference: str) -> str:
    """Return to the queue as it was filtered where the act came from there."""
    back = request.form.get("back")
    if back is None:
        return url_for("desk.request_page", reference=reference)
    known = {name: value for name, value in parse_qsl(back) if name in FILTERS}
    return f"{_queue_url(known)}#{reference}"


# --- What the page of a request shows --------------------------------------------------------


def _page(reference: str, **forms: FlaskForm) -> str:
    actor = guards.actor()
    page = requests.page(actor, reference)
    works = actor.may(Permission.WORK_REQUESTS)
    can = requests.allowed(page)
    for part in forms.keys() & DRAWN_WHILE.keys():
        if DRAWN_WHILE[part] not in can:  # its boxes are not on the page any more
            raise NoSuchMove(Track.DESK, page.desk_state, DRAWN_WHILE[part])
    return render_template(
        "desk/request.html",
        page=page,
        works=works,
        can=can,
        failed=next(iter(forms.values()), None),
        attempt=forms.get("attempt") or _attempt_form(reference, page, blank=True),
        note=forms.get("note") or NoteForm(formdata=None, prefix="note-"),
        wait=forms.get("wait") or _wait_form(reference, page, blank=True),
        close=forms.get("close") or _close_form(blank=True),
        open_part=next(iter(forms), ""),
        steps=_steps(page) if works else [],
        events=[_shown(event, page.zone) for event in page.events],
        phone=desk_words.phone(page.contact.phone) if page.contact and page.contact.phone else None,
        phone_href=_dial(page.contact.phone) if page.contact and page.contact.phone else None,
        wishes=_wishes(page),
        key=secrets.token_urlsafe(18),
        call_today=desk_words.CALL_TODAY.get(page.call_today or "", ""),
        action=desk_words.ACTIONS[page.action],
        desk_word=words.DESK[page.desk_state],
        clinical_word=words.CLINICAL[page.clinical_state],
        appointment=words.APPOINTMENT,
        close_reasons=words.CLOSE_REASONS,
        kinds=desk_words.KINDS,
        outcomes=desk_words.OUTCOMES,
        channels=desk_words.CHANNELS,
        answered_by=desk_words.ANSWERED_BY,
        language_name=filters.LANGUAGES[page.language],
        region_labels=_region_labels,
        day=_day,
        waited=_waited,
        reads_history=actor.may(Permission.SEE_HISTORY),
    )


def _day(day: date) -> str:
    return str(format_date(day, format="long"))


def _wishes(page: RequestPage) -> list[tuple[str, str]]:
    """Say when the patient can come: ticked days and parts of the day, and their words on times."""
    wishes = page.contact.wishes if page.contact else {}
    rows = [
        (str(label), ", ".join(str(WISHES[name].get(one, one)) for one in wishes.get(name) or ()))
        for name, label in (("days", _("Days")), ("parts", _("Times of day")))
    ]
    return [*rows, (_("About times"), wishes.get("words") or "")]


def _attempt_form(
    reference: str, page: RequestPage | None = None, *, blank: bool = False
) -> AttemptForm:
    page = page or requests.page(guards.actor(), reference)
    known = page.contact.phone if page.contact else None
    given = {"formdata": None} if blank else {}
    form = AttemptForm(prefix="attempt-", **given)
    if blank:
        form.number.data = desk_words.phone(known) if known else ""
    form.outcome.choices = [(key, str(word.label)) for key, word in desk_words.OUTCOMES.items()]
    form.next_try.today = calendar.visit_on(guards.now(), page.zone)
    return form


def _wait_form(reference: str, page: RequestPage | None = None, *, blank: bool = False) -> WaitForm:
    page = page or requests.page(guards.actor(), reference)
    form = WaitForm(prefix="wait-", **({"formdata": None} if blank else {}))
    form.until.today = calendar.visit_on(guards.now(), page.zone)
    return form


def _close_form(*, blank: bool = False) -> CloseForm:
    form = CloseForm(prefix="close-", **({"formdata": None} if blank else {}))
    form.reason.choices = [
        (code, str(words.CLOSE_REASONS[code])) for code in closing.CLOSED_BY_DESK
    ]
    return form


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


# --- The timeline ----------------------------------------------------------------------------


def _shown(event: Event, zone: str) -> dict[str, str]:
    word = _word(event)
    return {
        "title": str(word.label),
        "tone": str(word.tone),
        "at_text": filters.spoken(event.at, zone),
        "at_iso": event.at.isoformat(),
        "by": event.by or str(desk_words.ACTORS.get(event.parts.get("actor", ""), "")),
        "detail": _detail(event),
    }


def _word(event: Event) -> words.Word:
    if event.kind == "attempt":
        return desk_words.OUTCOMES[event.code]
    if event.kind == "letter":
        label = desk_words.LETTERS[event.parts["letter"]]
        return words.Word(label, desk_words.LETTER_STATES[event.code].tone)
    told = desk_words.TOLD.get((event.kind, event.code)) or desk_words.TOLD.get((event.kind, ""))
    return told or desk_words.ACTS[event.kind, event.code]


def _detail(event: Event) -> str:
    if event.kind == "note":
        return event.text or ""
    if event.kind == "letter":
        return str(desk_words.LETTER_STATES[event.code].label)
    if event.kind == "intake":
        return str(_("Answered by %(who)s", who=desk_words.ANSWERED_BY[event.code]))
    return " ".join(_said(name, value) for name, value in event.parts.items() if value).strip()


def _said(name: str, value: str) -> str:
    if name == "number":
        return desk_words.phone(value)
    if name == "until":
        return str(_("Until %(day)s.", day=_day(date.fromisoformat(value))))
    if name == "next":
        return str(_("Try again on %(day)s.", day=_day(date.fromisoformat(value))))
    if name == "because":
        return str(desk_words.BECAUSE.get(value, ""))
    if name == "reason":
        return str(words.CLOSE_REASONS.get(value, ""))
    return ""
