"""The timeline of a request in words: each event a title, a tone, a moment and who did it."""

from __future__ import annotations

from datetime import date

from flask_babel import format_date, ngettext
from flask_babel import gettext as _

from clinic.queries.events import Event
from clinic.web import desk_words, filters, words


def shown(event: Event, zone: str) -> dict[str, object]:
    """Say one event as the component that draws the timeline takes it."""
    word = _word(event)
    mistaken = "mistaken" in event.parts
    return {
        "title": str(word.label),
        "tone": str(words.Tone.NEUTRAL if mistaken else word.tone),
        "at_text": filters.spoken(event.at, zone),
        "at_iso": event.at.isoformat(),
        "by": event.by or str(desk_words.ACTORS.get(event.parts.get("actor", ""), "")),
        "detail": _detail(event),
        "past": mistaken,
    }


def day(on: date) -> str:
    """Write a day out in the language of the page."""
    return str(format_date(on, format="long"))


def _word(event: Event) -> words.Word:
    if event.kind == "attempt":
        return desk_words.OUTCOMES[event.code]
    if event.kind == "letter":
        label = desk_words.LETTERS.get(event.parts["letter"], desk_words.SOME_LETTER)
        return words.Word(label, desk_words.LETTER_STATES[event.code].tone)
    told = desk_words.TOLD.get((event.kind, event.code)) or desk_words.TOLD.get((event.kind, ""))
    return told or desk_words.ACTS[event.kind, event.code]


def _detail(event: Event) -> str:
    if event.kind == "note":
        return event.text or ""
    if event.kind == "letter":
        state = str(desk_words.LETTER_STATES[event.code].label)
        return f"{event.text}: {state}" if event.text else state
    if event.kind == "intake":
        return str(_("Answered by %(who)s", who=desk_words.ANSWERED_BY[event.code]))
    return " ".join(_said(name, value) for name, value in event.parts.items() if value).strip()


def _said(name: str, value: str) -> str:
    table = {
        "because": desk_words.BECAUSE,
        "reason": words.CLOSE_REASONS,
        "why": desk_words.BACK,
    }
    if name in table:
        return str(table[name].get(value, ""))
    if name in ("until", "next"):
        on = day(date.fromisoformat(value))
        return str(
            _("Until %(day)s.", day=on) if name == "until" else _("Try again on %(day)s.", day=on)
        )
    if name == "mistaken":
        return str(_("Recorded by mistake; it does not count."))
    if name == "number":
        return desk_words.phone(value)
    if name == "times":
        return str(ngettext("%(num)s time", "%(num)s times", int(value)))
    return value if name == "words" else ""
