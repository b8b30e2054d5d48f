"""Answers for everybody to read: with the writer's consent, never with the writer in them."""

from __future__ import annotations

import re
from uuid import UUID

from clinic import contact
from clinic.booking.enquiry import NotPossibleNow
from clinic.services import enquiries
from clinic.services.transaction import ChangedUnderneath, Work, writes

# Parts of names that are words of their own in either language.
PARTICLES = {"del", "los", "las", "von", "van", "der", "den", "bin", "ibn", "san", "the", "and"}
WORD = re.compile(r"[^\W_]+")
DIGITS = re.compile(r"\d")
SHORTEST_PART = 3


class NoConsent(Exception):
    """The writer did not agree to a publication."""


class TellsWhoAsked(Exception):
    """The words for everybody hold the writer's name, e-mail or phone number."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__("the public words tell who asked")
        self.fields = fields


@writes
def publish(
    work: Work,
    enquiry_id: UUID,
    *,
    question: str,
    answer: str,
    seen: int,
    take_over: bool = False,
) -> UUID:
    """Show a question and its answer to everybody, in words that tell nothing of the writer."""
    enquiry = enquiries.open_for(work, enquiry_id, seen=seen, take_over=take_over)
    if not enquiry.may_publish:
        raise NoConsent
    if enquiry.answered_at is None:
        raise NotPossibleNow(enquiry.state, "publish")
    person = (enquiry.name or "", enquiry.email or "", enquiry.phone or "")
    words = {"question": question, "answer": answer}
    telling = tuple(field for field, text in words.items() if tells_of(text, *person))
    if telling:
        raise TellsWhoAsked(telling)
    enquiry.public_question, enquiry.public_answer = question, answer
    enquiry.published_at, enquiry.published_by_id = work.now, work.actor.id
    enquiries.note(work, enquiry, "publish")
    work.audit("enquiry.published", "enquiry", enquiry.id)
    return enquiry.id


@writes
def unpublish(work: Work, enquiry_id: UUID, *, seen: int) -> UUID:
    """Take a question and its answer off the public page; whoever sees a slip may do so."""
    enquiry = enquiries.load(work, enquiry_id)
    if enquiry.version != seen:
        raise ChangedUnderneath
    if enquiry.published_at is not None:
        enquiry.published_at = enquiry.published_by_id = None
        enquiries.note(work, enquiry, "unpublish")
        work.audit("enquiry.unpublished", "enquiry", enquiry.id)
    return enquiry.id


def tells_of(text: str, name: str, email: str, phone: str) -> bool:
    """Tell whether a text holds somebody's name or a part of it, their e-mail or phone number."""
    return _names(text, name) or _addresses(text, email) or _dials(text, phone)


def _names(text: str, name: str) -> bool:
    words, parts = _words(text), _words(name)
    whole = "".join(parts)
    telling = {part for part in parts if len(part) >= SHORTEST_PART and part not in PARTICLES}
    if telling & set(words):
        return True
    length = len(parts)  # two short names one after the other tell as much as a long one
    runs = ("".join(words[at : at + length]) for at in range(len(words)))
    return bool(whole) and (any(run == whole for run in runs) or _unspaced(whole, words))


def _unspaced(whole: str, words: list[str]) -> bool:
    """Look inside words too where a script writes none apart."""
    return not whole.isascii() and any(whole in word for word in words)


def _addresses(text: str, email: str) -> bool:
    mailbox = email.partition("@")[0].casefold()
    folded = text.casefold()
    return email.casefold() in folded or (len(mailbox) > SHORTEST_PART and mailbox in folded)


def _dials(text: str, phone: str) -> bool:
    number = "".join(DIGITS.findall(phone.partition(";")[0]))[-7:]
    return len(number) == 7 and number in "".join(DIGITS.findall(text))


def _words(text: str) -> list[str]:
    return WORD.findall(contact.folded(text.replace(".", " ")))
