"""What the therapist's page says: the words for a history's parts, and a form's choices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from flask_babel import format_date, ngettext
from flask_babel import gettext as _

from clinic import contact
from clinic.forms import DecisionForm
from clinic.queries.answers import MedicineRead, MedicineRow
from clinic.queries.histories import VERDICTS, Cause, FindingRow, History, MarkRow
from clinic.screening import questionnaire, regions
from clinic.services import review
from clinic.web import filters, words

Shown = dict[str, object]


def of(opened: History) -> Shown:
    """Return what the page's template needs beside the history itself."""
    return {
        "age": _age(opened),
        "language_name": filters.LANGUAGES[opened.language],
        "phone": phone(opened.phone) if opened.phone else None,
        "found": [_finding(row, opened.today) for row in opened.findings],
        "by_verdict": _by_verdict(opened),
        "blocked": places(opened.blocked),
        "marked": [_marked(row, opened.marks) for row in opened.marks],
        "drawn": {part: _drawn(row) for row in opened.marks for part in row.parts},
        "medicines": [_medicine(row, opened.screened_on) for row in opened.medicines],
        "day": day,
        "words": words,
    }


def offer_choices(form: DecisionForm, opened: History | None = None) -> None:
    """Offer the words of each choice; regions that are wanted stand apart from the others."""
    form.decision.choices = list(words.DECISIONS.items())
    form.grounds.choices = [("", _("Choose a reason")), *words.OVERRIDE_CODES.items()]
    titles = {row.id: _titled(row) for row in opened.findings} if opened else {}
    for entry in form.overrides:
        entry.form.code.choices = form.grounds.choices
        title = titles.get(entry.form.finding.data or "", str(_("A finding of before")))
        entry.form.code.label.text = _("Ground: %(finding)s", finding=title)
        entry.form.reason.label.text = _("In one sentence: %(finding)s", finding=title)
    topics = questionnaire.shipped().sections
    form.sections.choices = [(topic.id, topic.title) for topic in topics if topic.id != "request"]
    form.technique.choices = [(code, words.LIMITS[code]) for code in review.TECHNIQUES]
    form.positions.choices = [(code, words.LIMITS[code]) for code in review.POSITIONS]
    body = regions.shipped()
    every = [(region, body.label(region)) for region in body.ids]
    form.regions.choices = form.other_regions.choices = every
    if opened is not None and opened.regions_named:
        wanted = {row.id for row in opened.regions}
        form.regions.choices = [(row.id, row.label) for row in opened.regions]
        form.other_regions.choices = [one for one in every if one[0] not in wanted]
    elif opened is not None:
        form.other_regions.choices = []


def day(on: date) -> str:
    """Say a day with its month in words."""
    return str(format_date(on, format="long"))


def phone(stored: str) -> tuple[str, str]:
    """Return a stored number as people read it, and the link that dials it."""
    try:
        number = contact.phone(stored)
    except contact.UnfitPhone:
        return stored, f"tel:{stored}"
    return number.display, number.uri


def _age(opened: History) -> str:
    if opened.age is None:
        return str(_("Not known: counts as not sure"))
    return str(ngettext("%(num)s year", "%(num)s years", opened.age))


def _by_verdict(opened: History) -> list[tuple[words.Word, Sequence[str]]]:
    found = [
        (words.VERDICTS[verdict], [row.label for row in opened.regions if row.verdict == verdict])
        for verdict in VERDICTS
    ]
    every = len(opened.regions)
    return [
        (word, labels if len(labels) < every else [str(_("Every region"))])
        for word, labels in found
        if labels
    ]


def places(labels: Sequence[str]) -> Sequence[str]:
    """Name places; all of them in one word."""
    body = regions.shipped()
    every = len(body.normalise(body.parts))
    return labels if len(labels) < every else [str(_("Every region"))]


def _marked(row: MarkRow, every: Sequence[MarkRow]) -> Shown:
    wanted = frozenset().union(*(one.parts for one in every if one.wanted))
    all_others = row.parts == regions.shipped().parts - wanted
    return {
        "drawn": _drawn(row),
        "heading": words.MARKS[row.wanted, row.verdict],
        "regions": [_("Every other region")] if wanted and all_others else places(row.labels),
        "why": row.why,
    }


def _drawn(row: MarkRow) -> str:
    """Name what the figure shows: a region that is wanted and blocked is seen as both."""
    parts = (["wanted"] if row.wanted else []) + ([] if row.verdict == "allowed" else [row.verdict])
    return "-".join(parts)


def _finding(row: FindingRow, today: date) -> Shown:
    word = words.LEVELS[row.level]
    return {
        "title": _titled(row),
        "level_label": word.label,
        "tone": word.tone,
        "flags": list(_flags(row)),
        "reason": row.reason,
        "because": [(one.question or _("A question of an earlier version"), _cause(one))
                    for one in row.because],
        "action": row.action,
        "notes": row.notes,
        "regions": places(row.blocked),
        "about": row.about if set(row.about) - set(row.blocked) else (),
        "lapses": _lapse(row.lapses_on, today) if row.lapses_on else "",
        "sources": [(f"{key}: {text}" if text else key, None) for key, text in row.sources],
        "disagreement": row.disagreement,
    }  # fmt: skip


def _titled(row: FindingRow) -> str:
    changed = _("%(item)s: the answer was changed", item=row.item)
    return str(changed) if row.changed else row.item


def _flags(row: FindingRow) -> Iterator[tuple[object, object]]:
    if row.urgency is not None:
        urgency = words.URGENCIES[row.urgency]
        yield urgency.label, urgency.tone
    if row.mismatch:
        yield _("Answers do not match"), words.Tone.REVIEW
    if row.unanswered:
        yield _("Not answered"), words.Tone.WAITING
    if row.binding:
        yield _("Cannot be overridden"), words.Tone.URGENT
    if row.private:
        yield _("Therapists only"), words.Tone.NEUTRAL


def _cause(cause: Cause) -> str:
    answer = cause.answer or _("Left blank")
    if cause.when == "now":
        return str(_("now: %(answer)s", answer=answer))
    if cause.when == "earlier":
        return str(_("before: %(answer)s", answer=answer))
    return str(answer)


def _lapse(lapses_on: date, today: date) -> str:
    if lapses_on > today:
        return str(
            _(
                "On %(date)s; a visit from then on is screened as of its own day",
                date=day(lapses_on),
            )
        )
    return str(_("Lapsed on %(date)s; a visit is screened as of its own day", date=day(lapses_on)))


def _medicine(row: MedicineRow, as_of: date) -> Shown:
    return {
        "typed": row.typed,
        "read": [_read(one, as_of) for one in row.read],
        "unknown": ", ".join(row.unknown),
    }


def _read(one: MedicineRead, as_of: date) -> str:
    parts = [one.group, str(words.MEDICINE_STATES[one.status])]
    if one.days_since is not None:
        last = as_of - timedelta(days=one.days_since)
        parts.append(str(_("last dose on %(day)s or before", day=day(last))))
    if one.either:
        parts.append(str(_("one of: %(names)s", names=", ".join(one.either))))
    elif not one.spelled_so:
        parts.append(str(_("spelled differently")))
    return f"{one.agent} ({'; '.join(parts)})"
