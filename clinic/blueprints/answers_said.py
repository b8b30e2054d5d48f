"""What a request says so far, in words: for the check, and for two versions side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import format_date
from flask_babel import gettext as _

from clinic import contact, forms
from clinic.queries import drafts
from clinic.queries.drafts import OpenDraft, Row
from clinic.web import filters

Said = dict[str, Any]


def rows(found: Iterable[Row], href: str | None = None) -> list[Said]:
    """Say answers beside their questions."""
    return [_not_ticked(row) if row.unticked else _row(row, href) for row in found]


def _row(row: Row, href: str | None) -> Said:
    answer = _("None") if row.answer == [] else row.answer
    return {"question": row.question, "answer": answer, "href": href}


def _not_ticked(row: Row) -> Said:
    """Say in one line what was not ticked; the line unfolds."""
    said = _("Not ticked") if row.beside_a_tick else _("None of these")
    return {"question": row.question, "answer": said, "unticked": row.unticked}


def about(draft: OpenDraft, href: str) -> list[Said]:
    """Say who asks and how to reach them."""
    person = draft.contact
    reached = _("By email") if person.channel == "email" else _("By phone call")
    found = [
        (_("Name"), person.name),
        (_("Date of birth"), format_date(person.birth_date, "long") if person.birth_date else ""),
        (_("Phone number"), contact.phone(person.phone).display if person.phone else ""),
        (_("Email"), person.email or _("None. We call you")),
        (_("How we reach you"), reached),
        (_("Language"), filters.LANGUAGES[person.language]),
    ]
    if person.guardian:
        found.append((_("Parent or guardian"), person.guardian))
    return [{"question": name, "answer": said, "href": href} for name, said in found]


def places(draft: OpenDraft, href: str) -> list[Said]:
    """Say where it hurts, what is hoped for, and when the patient can come."""
    language, wishes = filters.language(), draft.wishes
    questions = draft.questions(language)
    wanted = questions.questions["wanted_regions"]
    found = [
        {
            "question": _("Where it hurts"),
            "answer": drafts.said(wanted, draft.answers, questions),
            "href": href,
        },
        *rows(drafts.words_given(draft, language), href),
    ]
    for name, title in (("days", _("Days")), ("parts", _("Times of day"))):
        found.append(
            {
                "question": title,
                "answer": [str(forms.WISHES[name][one]) for one in wishes.get(name, ())]
                or _("Any"),
                "href": href,
            }
        )
    if wishes.get("words"):
        found.append({"question": _("About times"), "answer": wishes["words"], "href": href})
    return found


def differences(typed: forms.PatientForm, saved: forms.PatientForm) -> list[Said]:
    """List the fields in which the page that was sent differs from what is stored."""
    return [
        {"question": _about(field, typed), "saved": mine, "typed": theirs}
        for field in typed
        if field.name not in ("csrf_token", "seen", "idempotency_key")
        for mine, theirs in [(forms.shown_text(saved[field.name]), forms.shown_text(field))]
        if mine != theirs
    ]


def _about(field: Any, form: forms.PatientForm) -> str:
    """What a field is about; the way out beside a question says first which one it is."""
    label, question = str(field.label.text), field.name.removesuffix("-unsure")
    if question == field.name or question not in form:
        return label
    return f"{form[question].label.text} {label}"
