"""Letters to one patient: write one and see it as it will go out; see to those that failed."""

from __future__ import annotations

import secrets
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic import contact
from clinic.access import Permission
from clinic.blueprints import conflicts
from clinic.extensions import site
from clinic.forms import LetterForm
from clinic.queries import letter_texts, requests, slots
from clinic.queries.requests import RequestPage
from clinic.services import desk_letters
from clinic.services.desk_letters import Telling
from clinic.web import desk_words, filters, guards

blueprint = Blueprint("letters", __name__, url_prefix="/staff/requests/<reference>/letters")
conflicts.answer_on(blueprint)
Answer = str | tuple[str, int] | Response


@blueprint.get("")
@guards.staff(Permission.SEND_LETTERS)
def write(reference: str) -> str:
    """Show the form of a letter, with the text that was picked."""
    page = requests.page(guards.actor(), reference)
    form = LetterForm(formdata=None)
    picked = request.args.get("text", "")
    if picked in letter_texts.KINDS:
        text = letter_texts.text(picked, page.language)
        values = _values(page)
        form.subject.data = letter_texts.fill(text.subject, values)
        form.body.data = letter_texts.fill(text.body, values)
    else:
        form.subject.data = site.settings.clinic_name
    return _page(page, form, picked=picked)


@blueprint.post("/preview")
@guards.staff(Permission.SEND_LETTERS)
def preview(reference: str) -> Answer:
    """Show a letter exactly as it will go out; nothing is sent."""
    page, form = requests.page(guards.actor(), reference), LetterForm()
    if not _is_fit(form):
        return _page(page, form), 422
    return _page(page, form, shown=True)


@blueprint.post("")
@guards.staff(Permission.SEND_LETTERS)
def send(reference: str) -> Answer:
    """Send a letter."""
    page, form = requests.page(guards.actor(), reference), LetterForm()
    if not _is_fit(form):
        return _page(page, form), 422
    subject, body = form.written
    desk_letters.send(
        guards.actor(),
        guards.now(),
        page.id,
        subject=subject,
        body=body,
        seen=form.seen_version,
        key=form.key,
        take_over=form.takes_over,
    )
    return _back(reference, _("The letter is on its way."))


@blueprint.post("/<uuid:letter_id>/again")
@guards.staff(Permission.SEND_LETTERS)
def send_again(reference: str, letter_id: UUID) -> Answer:
    """Send a failed letter once more."""
    form = LetterForm()
    desk_letters.send_again(
        guards.actor(),
        guards.now(),
        requests.find(guards.actor(), reference),
        letter_id=letter_id,
        seen=form.seen_version,
        take_over=form.takes_over,
    )
    return _back(reference, _("The letter is on its way again."))


@blueprint.post("/<uuid:letter_id>/told")
@guards.staff(Permission.SEND_LETTERS)
def told_by_phone(reference: str, letter_id: UUID) -> Answer:
    """Note that a failed letter was seen to: its patient was told by phone what it said."""
    form = LetterForm()
    page = requests.page(guards.actor(), reference)
    clinics = any(one.id == letter_id and one.clinics for one in page.failed)
    desk_letters.told_by_phone(
        guards.actor(),
        guards.now(),
        page.id,
        letter_id=letter_id,
        seen=form.seen_version,
        take_over=form.takes_over,
    )
    if clinics:
        return _back(reference, _("It is noted that somebody saw to it."))
    return _back(reference, _("It is noted that the patient was told by phone."))


def _back(reference: str, said: str) -> Response:
    flash(said, "success")
    return redirect(url_for("desk.request_page", reference=reference), 303)


def _is_fit(form: LetterForm) -> bool:
    """Check the form, and that the letter gives nothing away; say which words do."""
    if not form.validate():
        return False
    try:
        desk_letters.refuse_telling(*form.written)
    except Telling as telling:
        said = _("Letters name no condition and no medicine. Reword: %(words)s",
                 words=", ".join(telling.words))  # fmt: skip
        form.refuse("body", said)
        return False
    return True


def _page(page: RequestPage, form: LetterForm, *, picked: str = "", shown: bool = False) -> str:
    letter = None
    if shown and page.contact is not None:
        letter = desk_letters.preview(
            *form.written,
            name=page.contact.name,
            language=page.language,
            # The link itself is made when the letter is queued, and shown to nobody here.
            link=f"{site.settings.public_base_url.rstrip('/')}/r/…",
            address_proved=page.contact.email_proved,
        )
    return render_template(
        "desk/letter.html",
        page=page,
        form=form,
        letter=letter,
        picked=picked,
        texts=desk_words.LETTER_TEXTS,
        language_name=filters.LANGUAGES[page.language],
        seen=page.version if form.seen.data is None else form.seen.data,
        key=form.key or secrets.token_urlsafe(18),
    )


def _values(page: RequestPage) -> dict[str, str]:
    places = slots.places(guards.actor())
    wanted = page.booked.place if page.booked else None
    lines = [f"{one.name}\n{one.address}".strip() for one in places if wanted in (None, one.name)]
    return {
        "clinic_name": site.settings.clinic_name,
        "clinic_phone": contact.phone(site.settings.clinic_phone).display,
        "reference": page.reference,
        "places": "\n\n".join(lines),
    }
