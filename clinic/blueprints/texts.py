"""The words of the letters that the desk writes: shown, changed, tried out, put back to ours."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from clinic import contact
from clinic.access import NotThere, Permission
from clinic.extensions import site
from clinic.forms import LetterTextForm, SeenForm, typed
from clinic.queries import letter_texts, places
from clinic.services import letter_texts as texts
from clinic.services.letter_texts import TooTelling, UnknownMark
from clinic.services.transaction import ChangedUnderneath
from clinic.web import filters, guards

blueprint = Blueprint("texts", __name__, url_prefix="/staff/settings/letters")
Answer = str | tuple[str, int] | Response
NAMES = {
    "tried_to_call": lazy_gettext("We tried to call you"),
    "please_call": lazy_gettext("Please call us"),
    "one_more_thing": lazy_gettext("We need one more thing"),
    "directions": lazy_gettext("Directions and what to bring"),
}
MARKS = {
    "clinic_name": lazy_gettext("The clinic's name"),
    "clinic_phone": lazy_gettext("The clinic's phone number"),
    "reference": lazy_gettext("The reference of the request"),
    "places": lazy_gettext("Name and address of each place"),
}


@blueprint.get("")
@guards.staff(Permission.MANAGE_SETTINGS)
def listing() -> str:
    """List the letters with their languages."""
    rows = [
        (kind, language, letter_texts.text(kind, language))
        for kind in letter_texts.KINDS
        for language in filters.LANGUAGES
    ]
    return render_template(
        "settings/letters.html", rows=rows, names=NAMES, language_names=filters.LANGUAGES
    )


@blueprint.route("/<kind>/<code>", methods=["GET", "POST"])
@guards.staff(Permission.MANAGE_SETTINGS)
def one(kind: str, code: str) -> Answer:
    """Show one letter as it would go out, and change its words."""
    stored = _stored(kind, code)
    form = LetterTextForm(data={"subject": stored.subject, "body": stored.body})
    if not form.validate_on_submit():
        return _page(kind, code, form), 422 if form.errors else 200
    if request.form.get("look"):  # only a look at what it would be
        return _page(kind, code, form)
    try:
        texts.change(
            guards.actor(),
            guards.now(),
            kind,
            code,
            subject=typed(form.subject).strip(),
            body=typed(form.body).replace("\r\n", "\n").strip(),
            marks=letter_texts.MARKS,
            seen=form.seen_version,
        )
    except UnknownMark as unknown:
        problem = _("Nothing can be filled in for {%(mark)s}", mark=unknown.mark)
        form.refuse("body" if unknown.line else "subject", problem)
    except TooTelling as telling:
        said = ", ".join(telling.words)
        form.refuse("body", _("A letter tells nothing of health. Reword: %(words)s", words=said))
    except ChangedUnderneath:
        return _page(kind, code, form, stale=True), 409
    else:
        flash(_("The words are saved. New letters use them."), "success")
        return redirect(url_for("texts.one", kind=kind, code=code), 303)
    return _page(kind, code, form), 422


@blueprint.post("/<kind>/<code>/reset")
@guards.staff(Permission.MANAGE_SETTINGS)
def reset(kind: str, code: str) -> Answer:
    """Go back to our words."""
    _stored(kind, code)
    form = SeenForm()
    if form.validate_on_submit():
        texts.reset(guards.actor(), guards.now(), kind, code, seen=form.seen_version)
        flash(_("Our words are used again."), "success")
    return redirect(url_for("texts.one", kind=kind, code=code), 303)


def _stored(kind: str, code: str) -> letter_texts.Text:
    try:
        return letter_texts.text(kind, code)
    except KeyError as unknown:
        raise NotThere from unknown


def _page(kind: str, code: str, form: LetterTextForm, *, stale: bool = False) -> str:
    stored = _stored(kind, code)
    example = _example()
    return render_template(
        "settings/letter.html",
        kind=kind,
        code=code,
        title=NAMES[kind],
        language_name=filters.LANGUAGES[code],
        form=form,
        stored=stored,
        seen=letter_texts.seen(kind, code),
        marks=MARKS,
        stale=stale,
        subject=letter_texts.fill(form.subject.data or "", example),
        body=letter_texts.fill(form.body.data or "", example),
    )


def _example() -> dict[str, str]:
    """Fill the marks as the desk's letters do, with a reference that nobody has."""
    settings = site.settings
    found = [place.given for place in places.every(guards.actor()) if place.given.active]
    return {
        "clinic_name": settings.clinic_name,
        "clinic_phone": contact.phone(settings.clinic_phone).display,
        "reference": "NP-0000-0000",
        "places": "\n\n".join(f"{place.name}\n{place.address}" for place in found),
    }
