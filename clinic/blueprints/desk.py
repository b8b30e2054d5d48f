"""The front desk's pages: the queue, one request, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.access import Permission
from clinic.blueprints import conflicts, drawing
from clinic.forms import AttemptForm, ContactForm, Envelope, NoteForm, QueueForm
from clinic.queries import enquiries, requests, targets
from clinic.queries import queue as waiting
from clinic.queries.queue import Wish
from clinic.queries.requests import RequestPage
from clinic.services import closing, contacting, offering, triage
from clinic.web import desk_words, filters, guards, sessions, words

blueprint = Blueprint("desk", __name__, url_prefix="/staff")
conflicts.answer_on(blueprint)
Answer = str | tuple[str, int] | Response
FILTERS = ("folder", "q", "action", "language", "location")


@dataclass(frozen=True)
class Pill:
    """One folder of the queue with its count."""

    label: str
    count: int
    href: str
    current: bool
    tone: str


# --- The queue -------------------------------------------------------------------------------


@blueprint.get("/")
@guards.staff(Permission.SEE_QUEUE)
def queue() -> str:
    """Show one folder of the queue."""
    actor, wish = guards.actor(), _wish()
    counts = waiting.counts(actor)
    page = waiting.page(actor, wish)
    searched = bool(wish.search or wish.action or wish.language or wish.location)
    return render_template(
        "desk/queue.html",
        rows=page.rows,
        late=targets.late(actor, page.rows, guards.now()),
        folders=[*_pills(counts.folders, wish), *_question_pill()],
        urgent_questions=enquiries.waiting(actor).urgent,
        may_key=actor.may(Permission.WORK_REQUESTS),
        folder=wish.folder,
        folder_word=desk_words.FOLDERS[wish.folder],
        total=counts.folders[wish.folder],
        version=_version(counts),
        form=_queue_form(wish),
        searched=searched,
        searching=searched or "find" in request.args,  # a phone shows the form only when asked
        search_href=_queue_url({**_shown_filters(wish), "find": "1"}) + "#find",
        narrowed=bool(wish.action or wish.language or wish.location),
        too_long=len(wish.search) > waiting.LONGEST_SEARCH,
        next_href=_href(wish, page.next),
        previous_href=_href(wish, page.previous),
        back=urlencode(_shown_filters(wish)),
        waited=drawing.waited,
        region_labels=drawing.region_labels,
        actions=desk_words.ACTIONS,
        back_words=desk_words.BACK,
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
    answer: Response = jsonify(version=_version(counts), folders=counts.folders)
    return answer


def _version(counts: waiting.Counts) -> str:
    """Mark what the page shows: it changes with any request, and with what questions wait."""
    questions = enquiries.waiting(guards.actor())
    return f"{counts.version}-{questions.open}-{questions.urgent}"


def _question_pill() -> list[Pill]:
    """Lead to the questions, for who answers them."""
    actor = guards.actor()
    if not actor.may(Permission.ANSWER_ENQUIRIES):
        return []
    waits = enquiries.waiting(actor)
    tone = "urgent" if waits.urgent else "ready"
    there = url_for("enquiry_desk.overview")
    return [Pill(_("Questions"), waits.open, there, current=False, tone=tone)]


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


# --- One request -----------------------------------------------------------------------------


@blueprint.get("/requests/<reference>")
@guards.staff(Permission.SEE_QUEUE)
def request_page(reference: str) -> str:
    """Show one request."""
    return drawing.draw(reference)


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
    form = drawing.attempt_form(reference)
    if not form.validate():
        return drawing.draw(reference, attempt=form), 422
    return _act(
        reference,
        triage.attempt,
        _("The call is recorded."),
        outcome=form.outcome.data,
        number=form.number.data,
        next_try_on=form.next_try.data or _next_open(reference, form),
        key=Envelope().key,
    )


def _next_open(reference: str, form: AttemptForm) -> date | None:
    """Return the next open day if it was ticked; who was reached is not tried again."""
    if not form.next_open.data or form.outcome.data == "reached":
        return None
    return drawing.next_open_day(requests.page(guards.actor(), reference))


@blueprint.post("/requests/<reference>/attempts/<uuid:attempt_id>/undo")
@guards.staff(Permission.WORK_REQUESTS)
def undo_attempt(reference: str, attempt_id: UUID) -> Answer:
    """Take a call back that was recorded by mistake."""
    said = _("The call is taken back. It stays in the timeline and does not count.")
    return _act(reference, contacting.undo, said, attempt_id=attempt_id)


@blueprint.post("/requests/<reference>/notes")
@guards.staff(Permission.WRITE_DESK_NOTES)
def add_note(reference: str) -> Answer:
    """Keep a note."""
    form = NoteForm(prefix="note-")
    if not form.validate():
        return drawing.draw(reference, note=form), 422
    return _act(
        reference, triage.note, _("The note is kept."), body=form.body.data, key=Envelope().key
    )


@blueprint.post("/requests/<reference>/wait")
@guards.staff(Permission.WORK_REQUESTS)
def wait(reference: str) -> Answer:
    """Set a request aside until a day."""
    form = drawing.wait_form(reference)
    if not form.validate():
        return drawing.draw(reference, wait=form), 422
    return _act(
        reference,
        triage.wait,
        _("It will come back by itself on that day."),
        until=form.until.data,
        because=form.because.data,
        words=form.words.data or "",
    )


@blueprint.post("/requests/<reference>/take-up")
@guards.staff(Permission.WORK_REQUESTS)
def take_up(reference: str) -> Answer:
    """Bring a request back before its day."""
    return _act(reference, triage.take_up, _("The request is back."))


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
    form = drawing.close_form()
    if not form.validate():
        return drawing.draw(reference, close=form), 422
    return _act(reference, closing.close, _("The request is closed."), reason=form.reason.data)


@blueprint.post("/requests/<reference>/reopen")
@guards.staff(Permission.WORK_REQUESTS)
def reopen(reference: str) -> Answer:
    """Take up a closed request again."""
    form = drawing.reopen_form()
    if not form.validate():
        return drawing.draw(reference, reopen=form), 422
    return _act(
        reference,
        closing.reopen,
        _("The request is open again."),
        because=form.because.data,
        words=form.words.data or "",
    )


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
