"""Made-up questions for the demo: one to answer, one answered and published in each language."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from clinic.access import ANYONE, Actor
from clinic.queries import enquiries as asked
from clinic.services import enquiries, publishing
from clinic.services.enquiries import Question

PUBLISHED = (
    ("en", "Do I need a letter from my doctor?", "Please call us. It depends on your insurance."),
    ("es", "¿Puedo comer antes de la visita?", "Sí. Coma algo ligero y tome agua."),
)
WAITING = "Is there parking next to the clinic?"


def load(now: datetime, desk: Actor) -> None:
    """Send the questions and have the front desk answer all but one."""
    for number, (language, words, told) in enumerate(PUBLISHED):
        email = f"asks.{number}@example.com"
        made = _ask(now, email, words, language=language)
        seen = _version(desk, email)
        enquiries.answer(desk, now, made, text=told, again=False, seen=seen, key=email)
        seen = _version(desk, email)
        publishing.publish(desk, now, made, question=words, answer=told, seen=seen)
    _ask(now, "asks@example.com", WAITING, language="en")


def _ask(now: datetime, email: str, words: str, *, language: str) -> UUID:
    question = Question("Sam Example", email, None, words, language, may_publish=True)
    return enquiries.send(ANYONE, now, question=question, browser=email, key=email)


def _version(desk: Actor, email: str) -> int:
    return asked.listed(desk, folder=asked.OPEN, search=email).rows[0].version
