"""The therapist's pages: read a history, decide and sign, note, close an urgent flag."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.access import Permission
from clinic.forms import ClinicalNoteForm, DecisionForm, SeenForm, UrgentForm
from clinic.queries import histories
from clinic.queries.histories import AnswerRow, FindingRow, History
from clinic.services import reading, review
from clinic.services.review import CannotDecide, Decision
from clinic.web import guards, words

blueprint = Blueprint("therapist", __name__, url_prefix="/staff/review")
Answer = str | tuple[str, int] | Response


@blueprint.get("/<reference>")
@guards.staff(Permission.SEE_HISTORY)
def history(reference: str) -> Answer:
    """Show the newest history; the trail says so before the page does."""
    return _page(reference)


@blueprint.post("/<reference>")
@guards.staff(Permission.DECIDE)
def decide(reference: str) -> Answer:
    """Sign a decision."""
    form = _decision_form()
    if not form.validate():
        return _page(reference, form=form), 422
    signed = Decision(**form.values())
    return _act(
        reference,
        lambda request_id: review.decide(
            guards.actor(), guards.now(), request_id, signed=signed, seen=form.seen_version
        ),
        _("Your decision is signed."),
        form=form,
    )


@blueprint.post("/<reference>/withdraw")
@guards.staff(Permission.DECIDE)
def withdraw(reference: str) -> Answer:
    """Withdraw the live clearance."""
    seen = SeenForm().seen_version
    return _act(
        reference,
        lambda request_id: review.withdraw(guards.actor(), guards.now(), request_id, seen=seen),
        _("The clearance is withdrawn."),
    )


@blueprint.post("/<reference>/urgent")
@guards.staff(Permission.DECIDE)
def close_urgent(reference: str) -> Answer:
    """Close the urgent flag."""
    form = UrgentForm(prefix="urgent")
    if not form.validate():
        return _page(reference, urgent_form=form), 422
    return _act(
        reference,
        lambda request_id: review.close_urgent(
            guards.actor(),
            guards.now(),
            request_id,
            note=form.note.data or "",
            seen=SeenForm().seen_version,
        ),
        _("The urgent flag is closed."),
        urgent_form=form,
    )


@blueprint.post("/<reference>/notes")
@guards.staff(Permission.SEE_HISTORY)
def add_note(reference: str) -> Answer:
    """Add a clinical note."""
    form = ClinicalNoteForm(prefix="clinical")
    if not form.validate():
        return _page(reference, note_form=form), 422
    return _act(
        reference,
        lambda request_id: review.add_note(
            guards.actor(), guards.now(), request_id, body_text=form.body.data or ""
        ),
        _("The note is added."),
        note_form=form,
    )


def _act(reference: str, act: Callable[[UUID], object], said: str, **forms: Any) -> Answer:
    """Do one thing to the request; a refusal comes back on the page with what was typed."""
    try:
        act(histories.request_id_of(guards.actor(), reference))
    except CannotDecide as refusal:
        problem = str(words.CANNOT_DECIDE[refusal.problem])
        for form in forms.values():
            form.refuse(refusal.field_name, problem)
        if not forms:
            flash(problem, "error")
        return _page(reference, **forms), 422
    flash(said, "success")
    return redirect(url_for("therapist.history", reference=reference), 303)


def _page(
    reference: str,
    *,
    form: DecisionForm | None = None,
    urgent_form: UrgentForm | None = None,
    note_form: ClinicalNoteForm | None = None,
) -> str:
    actor = guards.actor()
    reading.open_history(actor, guards.now(), histories.request_id_of(actor, reference))
    opened = histories.newest(actor, reference, now=guards.now())
    return render_template(
        "therapist/history.html",
        history=opened,
        form=form or _decision_form(opened),
        urgent_form=urgent_form or UrgentForm(formdata=None, prefix="urgent"),
        note_form=note_form or ClinicalNoteForm(formdata=None, prefix="clinical"),
        findings=list(_findings(opened.findings)),
        sections=list(_sections(opened)),
        summary_rows=_summary(opened),
        clinical_word=words.CLINICAL[opened.clinical_state],
        level_word=words.LEVELS[opened.level],
        verdicts=words.VERDICTS,
        decisions=words.DECISIONS,
        override_codes=words.OVERRIDE_CODES,
        limits=words.LIMITS,
        now=guards.now(),
    )


def _decision_form(opened: History | None = None) -> DecisionForm:
    given: dict[str, Any] = {}
    if opened is not None:
        free = [region.id for region in opened.regions if region.verdict != "avoid"]
        given = {
            "formdata": None,
            "data": {
                "intake_id": str(opened.intake_id),
                "seen": opened.version,
                "regions": free,
            },
        }
    form = DecisionForm(**given)
    form.decision.choices = list(words.DECISIONS.items())
    form.reason_code.choices = [("", _("Choose a reason")), *words.OVERRIDE_CODES.items()]
    form.technique.choices = [(code, words.LIMITS[code]) for code in review.TECHNIQUES]
    form.positions.choices = [(code, words.LIMITS[code]) for code in review.POSITIONS]
    return form


def _summary(opened: History) -> list[tuple[str, str]]:
    age = ngettext("%(num)s year", "%(num)s years", opened.age) if opened.age is not None else ""
    counts = {
        level: sum(finding.level == level for finding in opened.findings) for level in words.LEVELS
    }
    found = [f"{words.LEVELS[level].label}: {count}" for level, count in counts.items() if count]
    answered = {
        "patient": _("The patient"),
        "guardian": _("A parent or guardian"),
        "desk": _("The front desk, by phone"),
    }
    rows = [
        (_("Age"), age or _("Not known: counts as not sure")),
        (_("Level"), str(words.LEVELS[opened.level].label)),
        (_("Findings"), ", ".join(found) or _("None")),
        (_("Answered by"), " ".join((answered[opened.answered_by], opened.guardian)).strip()),
        (_("Language of the answers"), opened.language),
        (_("Rules"), opened.ruleset),
    ]
    return rows + [(str(words.WISHES.get(name, name)), text) for name, text in opened.wishes]


def _findings(rows: Iterable[FindingRow]) -> Iterator[dict[str, object]]:
    for row in rows:
        word = words.LEVELS[row.level]
        lapses = (
            _("On %(date)s; the answers are screened again then", date=format_date(row.lapses_on))
            if row.lapses_on
            else ""
        )
        yield asdict(row) | {
            "title": row.item,
            "level_label": word.label,
            "tone": word.tone,
            "lapses": lapses,
            "action": " ".join((row.action, *row.notes)),
            "sources": [(f"{key}: {text}" if text else key, None) for key, text in row.sources],
        }


def _sections(opened: History) -> Iterator[dict[str, object]]:
    for section in opened.sections:
        yield {"title": section.title, "rows": [_answer(row) for row in section.rows]}


def _answer(row: AnswerRow) -> dict[str, object]:
    fixed = {"nothing": _("None"), "blank": _("Left blank: counts as not sure, never as no")}
    flags = []
    if row.shown_not_ticked:
        flags.append(_("Shown, not ticked"))
    if row.private:
        flags.append(_("Private: therapists only"))
    return {
        "question": row.question,
        "answer": fixed.get(row.state, row.answer),
        "flag": "; ".join(flags),
    }
