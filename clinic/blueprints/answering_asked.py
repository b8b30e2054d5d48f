"""The form of the questions that a therapist asks again, whoever fills it in."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from flask import request as web

from clinic import forms
from clinic.queries import drafts
from clinic.queries.asking import Open
from clinic.screening import asking
from clinic.screening.answers import Answers
from clinic.services.drafting import Given
from clinic.services.transaction import ChangedUnderneath

KEY_BYTES = 24
REVIEW, KEY = "review", "idempotency_key"


def form(found: Open) -> forms.HistoryForm:
    """Make the form, filled in with the answers of before where they may be shown again."""
    form_class = forms.history_form(
        found.questions, asking.ASKED, _elsewhere(found), as_of=found.as_of
    )
    data = forms.history_data(form_class, _before(found), (), finished=False)
    made: forms.HistoryForm = form_class(data=data)
    return made


def key(filled: forms.HistoryForm) -> str:
    """The key that makes a repeat harmless: the one that was sent, or a new one."""
    return filled.key or secrets.token_urlsafe(KEY_BYTES)


def review_id() -> UUID:
    """The question that the page showed; raises ChangedUnderneath where that is unreadable."""
    try:
        return UUID(web.form.get(REVIEW, ""))
    except ValueError:
        raise ChangedUnderneath from None


def given(filled: forms.HistoryForm) -> Given:
    """The answers to what was asked."""
    answers, shown = filled.given()
    return Given(answers, shown)


def must_stop(found: Open, filled: forms.HistoryForm) -> bool:
    """Tell whether an answer to what was asked is urgent, though another one may be missing."""
    answers, _shown = filled.given()
    together = {**_elsewhere(found).as_json(), **answers}
    before = found.answers.as_json()
    stops = drafts.must_stop(together, as_of=found.as_of)
    return bool(answers) and stops and not drafts.must_stop(before, as_of=found.as_of)


def _elsewhere(found: Open) -> Answers:
    return found.answers.without(asking.own_ids(found.questions, found.asked))


def _before(found: Open) -> dict[str, Any]:
    """The earlier answers that may be shown again: none to what may change in a day."""
    every, stored = found.questions.questions, found.answers.as_json()
    own = asking.own_ids(found.questions, found.asked)
    return {
        one: stored[one]
        for one in own
        if one in stored and not asking.asked_anew(every[one], found.every)
    }
