"""Questions as staff work them: the list, one question, and what may be done with it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic import contact
from clinic.access import Permission
from clinic.blueprints import enquiry_conflicts
from clinic.extensions import site
from clinic.forms import (
    EnquiryAnswerForm,
    EnquiryCallForm,
    EnquiryCloseForm,
    EnquiryPublishForm,
    EnquiryRequestForm,
    EnquirySearchForm,
    EnquiryUrgentForm,
    Envelope,
)
from clinic.queries import enquiries, opening
from clinic.queries.enquiries import EnquiryPage
from clinic.screening import neutral
from clinic.services import enquiries as service
from clinic.services import letters, publishing, turning
from clinic.web import desk_words, enquiry_words, filters, guards

blueprint = Blueprint("enquiry_desk", __name__, url_prefix="/staff/enquiries")
enquiry_conflicts.answer_on(blueprint)
Answer = str | tuple[str, int] | Response
MAY = Permission.ANSWER_ENQUIRIES
KEY_BYTES = 18


@dataclass(frozen=True)
class Pill:
    """One folder with its count."""

    label: str
    count: int
    href: str
    current: bool
    tone: str


@dataclass(frozen=True)
class Shown:
    """One event of the timeline, in words."""

    title: str
    tone: str
    at_text: str
    at_iso: str
    by: str | None
    detail: str


# --- The list --------------------------------------------------------------------------------


@blueprint.get("/")
@guards.staff(MAY)
def overview() -> str:
    """Show one folder of questions."""
    folder = request.args.get("folder", "")
    folder = folder if folder in enquiries.FOLDERS else enquiries.OPEN
    search = "".join(mark for mark in request.args.get("q", "") if mark.isprintable()).strip()
    page = enquiries.listed(
        guards.actor(), folder=folder, search=search, cursor=request.args.get("cursor", "")
    )
    counts = enquiries.counts(guards.actor())
    return render_template(
        "enquiries/list.html",
        rows=page.rows,
        folders=_pills(counts, folder),
        folder=folder,
        folder_word=enquiry_words.FOLDERS[folder],
        total=counts[folder],
        form=EnquirySearchForm(data={"q": search[: enquiries.LONGEST_SEARCH]}),
        searched=bool(search),
        next_href=_list_url(folder, search, page.next),
        previous_href=_list_url(folder, search, page.previous),
        zone=opening.zone(),
        states=enquiry_words.STATES,
        names=filters.LANGUAGES,
    )


def _pills(counts: dict[str, int], folder: str) -> list[Pill]:
    return [
        Pill(str(word.label), counts[name], _list_url(name) or "", name == folder, str(word.tone))
        for name, word in enquiry_words.FOLDERS.items()
    ]


def _list_url(folder: str, search: str = "", cursor: str | None = "") -> str | None:
    if cursor is None:
        return None
    given = {"folder": "" if folder == enquiries.OPEN else folder, "q": search, "cursor": cursor}
    shown = urlencode({name: value for name, value in given.items() if value})
    return url_for("enquiry_desk.overview") + (f"?{shown}" if shown else "")


# --- One question ----------------------------------------------------------------------------


@blueprint.get("/<reference>")
@guards.staff(MAY)
def page(reference: str) -> Answer:
    """Show one question and what may be done with it."""
    return _draw(enquiries.page(guards.actor(), reference))


@blueprint.post("/<reference>/claim")
@guards.staff(MAY)
def claim(reference: str) -> Answer:
    """Take a question to work on."""
    return _act(reference, service.claim, _("This question is yours."))


@blueprint.post("/<reference>/release")
@guards.staff(MAY)
def release(reference: str) -> Answer:
    """Give a question back."""
    return _act(reference, service.release, _("The question is free for others."))


@blueprint.post("/<reference>/answer")
@guards.staff(MAY)
def preview(reference: str) -> Answer:
    """Show the letter just as it would go out; nothing is sent yet."""
    shown, form = enquiries.page(guards.actor(), reference), EnquiryAnswerForm()
    if not form.validate():
        return _draw(shown, answer=form), 422
    return _letter(shown, form)


@blueprint.post("/<reference>/answer/change")
@guards.staff(MAY)
def change(reference: str) -> Answer:
    """Go back from the letter to its words."""
    return _draw(enquiries.page(guards.actor(), reference), answer=EnquiryAnswerForm())


@blueprint.post("/<reference>/answer/send")
@guards.staff(MAY)
def answer(reference: str) -> Answer:
    """Send the letter."""
    form = EnquiryAnswerForm()
    if not form.validate() or not form.key:
        return _draw(enquiries.page(guards.actor(), reference), answer=form), 422
    if _telling(form) and not form.read_again.data:
        form.refuse("read_again", _("Read these words again, then tick the box"))
        return _letter(enquiries.page(guards.actor(), reference), form), 422
    return _act(
        reference,
        service.answer,
        _("The answer is on its way."),
        text=form.text.data,
        again=form.is_another,
        key=form.key,
    )


@blueprint.post("/<reference>/call")
@guards.staff(MAY)
def call(reference: str) -> Answer:
    """Record a call to the writer."""
    shown, form = enquiries.page(guards.actor(), reference), _call_form()
    if not form.validate() or not form.key:
        return _draw(shown, call=form), 422
    return _act(
        reference,
        service.call,
        _("The call is recorded."),
        outcome=form.outcome.data,
        number=shown.phone or "",
        key=form.key,
    )


@blueprint.post("/<reference>/urgent")
@guards.staff(MAY, Permission.DECIDE)
def close_urgent(reference: str) -> Answer:
    """Take an urgent question off the top."""
    form = EnquiryUrgentForm()
    if form.validate():
        try:
            return _act(
                reference,
                service.close_urgent,
                _("The urgent flag is closed."),
                why=form.why.data or "",
            )
        except service.CallOrNoteMissing:
            form.refuse("why", _("Record a call that reached the writer, or write why not"))
    return _draw(enquiries.page(guards.actor(), reference), urgent=form), 422


@blueprint.post("/<reference>/close")
@guards.staff(MAY)
def close(reference: str) -> Answer:
    """Close a question with a reason."""
    form = _close_form()
    if not form.validate():
        return _draw(enquiries.page(guards.actor(), reference), close=form), 422
    return _act(reference, service.close, _("The question is closed."), reason=form.reason.data)


@blueprint.post("/<reference>/reopen")
@guards.staff(MAY)
def reopen(reference: str) -> Answer:
    """Take up a closed question again."""
    return _act(reference, service.reopen, _("The question is open again."))


@blueprint.post("/<reference>/publish")
@guards.staff(MAY)
def publish(reference: str) -> Answer:
    """Show a question and its answer to everybody."""
    form = EnquiryPublishForm()
    if form.validate():
        try:
            return _act(
                reference,
                publishing.publish,
                _("It is on the website now."),
                question=form.question.data,
                answer=form.answer.data,
            )
        except publishing.TellsWhoAsked as telling:
            for field in telling.fields:
                form.refuse(field, str(enquiry_words.TELLS[field]))
    return _draw(enquiries.page(guards.actor(), reference), publish=form), 422


@blueprint.post("/<reference>/unpublish")
@guards.staff(MAY)
def unpublish(reference: str) -> Answer:
    """Take a question and its answer off the website."""
    publishing.unpublish(
        guards.actor(),
        guards.now(),
        enquiries.find(guards.actor(), reference),
        seen=Envelope().seen_version,
    )
    return _back(reference, _("It is off the website now."))


@blueprint.post("/<reference>/request")
@guards.staff(MAY)
def make_request(reference: str) -> Answer:
    """Begin a request for the writer and mail the link to go on."""
    form = EnquiryRequestForm()
    if not form.validate() or not form.key:
        return _draw(enquiries.page(guards.actor(), reference), request=form), 422
    return _act(
        reference,
        turning.make_request,
        _("A request is begun, and the link to go on with it is on its way."),
        address_checked=bool(form.address_checked.data),
        key=form.key,
    )


@blueprint.post("/<reference>/join")
@guards.staff(MAY)
def join(reference: str) -> Answer:
    """Join a question to the open request of the same person."""
    form = EnquiryRequestForm()
    return _act(
        reference,
        turning.join,
        _("The question is joined to the request."),
        reference=form.request_reference.data or "",
    )


def _letter(shown: EnquiryPage, form: EnquiryAnswerForm) -> str:
    """Draw the letter just as it would go out, with the words that should be read again."""
    text = form.text.data or ""
    subject, body = letters.render(
        "enquiry_answer", shown.language, {"text": text, "reference": shown.reference}
    )
    return render_template(
        "enquiries/preview.html",
        page=shown,
        form=form,
        subject=subject,
        body=body,
        telling=_telling(form),
        key=form.key or secrets.token_urlsafe(KEY_BYTES),
        zone=opening.zone(),
    )


def _telling(form: EnquiryAnswerForm) -> tuple[str, ...]:
    """Name the words of an answer that may tell something about somebody's health."""
    return neutral.telling(form.text.data or "", apart_from=site.settings.clinic_name)


# --- What other pages draw -------------------------------------------------------------------


@blueprint.app_template_global()
def untaken_questions() -> int:
    """Count the questions that may not wait and that nobody has taken."""
    return enquiries.waiting(guards.actor()).untaken


# --- Parts -----------------------------------------------------------------------------------


def _act(enquiry: str, act: Callable[..., object], said: str, **given: object) -> Response:
    envelope = Envelope()
    act(
        guards.actor(),
        guards.now(),
        enquiries.find(guards.actor(), enquiry),
        seen=envelope.seen_version,
        take_over=envelope.takes_over,
        **given,
    )
    return _back(enquiry, said)


def _back(reference: str, said: str) -> Response:
    flash(said, "success")
    return redirect(url_for("enquiry_desk.page", reference=reference), 303)


def _call_form() -> EnquiryCallForm:
    form = EnquiryCallForm()
    form.outcome.choices = [(key, str(word.label)) for key, word in desk_words.OUTCOMES.items()]
    return form


def _close_form() -> EnquiryCloseForm:
    form = EnquiryCloseForm()
    form.reason.choices = [(key, str(said)) for key, said in enquiry_words.CLOSE_REASONS.items()]
    return form


def _draw(shown: EnquiryPage, **sent: Any) -> str:
    """Draw the page; a form that was refused comes back as it was sent."""
    zone = opening.zone()
    public = {
        "question": shown.public_question or shown.question,
        "answer": shown.public_answer or shown.newest_answer,
    }
    forms = {
        "answer": EnquiryAnswerForm(None),
        "call": _call_form(),
        "urgent": EnquiryUrgentForm(None),
        "close": _close_form(),
        "publish": EnquiryPublishForm(None, data=public),
        "request": EnquiryRequestForm(None),
    }
    number = contact.phone(shown.phone) if shown.phone else None
    return render_template(
        "enquiries/page.html",
        page=shown,
        forms={**forms, **sent},
        failed=[field for form in sent.values() for field in form if field.errors],
        key=secrets.token_urlsafe(KEY_BYTES),
        zone=zone,
        phone=desk_words.phone(shown.phone) if shown.phone else None,
        phone_href=number.uri if number else None,
        state=enquiry_words.STATES[shown.state],
        reasons=enquiry_words.CLOSE_REASONS,
        outcomes=desk_words.OUTCOMES,
        names=filters.LANGUAGES,
        events=[_shown(event, zone) for event in shown.events],
        letters=[
            (enquiry_words.LETTERS.get(one.kind, one.kind), desk_words.LETTER_STATES[one.state],
             filters.spoken(one.at, zone))
            for one in shown.letters
        ],
    )  # fmt: skip


def _shown(event: enquiries.Event, zone: str) -> Shown:
    word = enquiry_words.ACTS[event.act]
    parts = [_coded(event.code), desk_words.phone(event.number) if event.number else "", event.text]
    return Shown(
        title=str(word.label),
        tone=str(word.tone),
        at_text=filters.spoken(event.at, zone),
        at_iso=event.at.isoformat(),
        by=event.by,
        detail="\n".join(part for part in parts if part),
    )


def _coded(code: str) -> str:
    if code in desk_words.OUTCOMES:
        return str(desk_words.OUTCOMES[code].label)
    return str(enquiry_words.CLOSE_REASONS.get(code, ""))
