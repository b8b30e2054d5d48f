"""Letters that the desk writes to a patient, and what is done about those that were not sent.

What goes out is neutral: a text that names a medicine, a condition or what the therapists do is
refused with the words that tell it. A letter to an address that was corrected meanwhile is never
sent there as it is: its link is dead, so it goes out anew with a fresh one.
"""

from __future__ import annotations

import re
from uuid import UUID, uuid4

from sqlalchemy import select

from clinic import contact
from clinic.access import NotThere, Permission
from clinic.booking import mail
from clinic.extensions import site
from clinic.models import Letter, Request
from clinic.screening import neutral
from clinic.services import idempotency, letters, outbox, tokens, triage
from clinic.services.tokens import NoAddress
from clinic.services.transaction import Work, writes

KIND = "desk_letter"


class Telling(Exception):
    """The text gives something away; ``words`` are those that do."""

    def __init__(self, words: tuple[str, ...]) -> None:
        super().__init__("the letter names what a letter must not name")
        self.words = words


class NotFailed(Exception):
    """The letter is not a failed one any more: somebody saw to it, or it went out."""


def refuse_telling(*texts: str) -> None:
    """Raise Telling if any of the texts gives something away that mail must not."""
    found = neutral.telling("\n".join(texts), apart_from=site.settings.clinic_name)
    if found:
        raise Telling(found)


def preview(
    subject: str, body: str, *, name: str, language: str, link: str, address_proved: bool
) -> tuple[str, str]:
    """Return subject and body as they will go out, with words in place of the link."""
    context = {
        "first_name": contact.first_name(name),
        "link": link,
        "address_proved": address_proved,
    }
    return letters.render(KIND, language, {"subject": subject, "body": body, **context})


@writes
def send(
    work: Work,
    request_id: UUID,
    *,
    subject: str,
    body: str,
    seen: int,
    key: str,
    take_over: bool = False,
) -> UUID:
    """Queue a letter of the desk's own words to the patient; raise Telling or NoAddress."""
    work.actor.require(Permission.SEND_LETTERS)
    request = triage.sent(work, request_id)
    content = {"request": request_id, "subject": subject, "body": body}
    made = idempotency.made_before(work, key, "desk letter", content)
    if made is not None:
        return made
    triage.hold(work, request, seen=seen, take_over=take_over)
    if not request.email:
        raise NoAddress
    refuse_telling(subject, body)
    dedupe_key = f"{request.id.hex}:{KIND}:{uuid4().hex}"
    outbox.enqueue(
        work,
        KIND,
        to=request.email,
        language=request.language,
        dedupe_key=dedupe_key,
        request_id=request.id,
        subject=subject,
        body=body,
        first_name=contact.first_name(request.name or ""),
        link=tokens.issue_link(work, request),
    )
    work.session.flush()
    letter_id = work.session.scalars(select(Letter.id).where(Letter.dedupe_key == dedupe_key)).one()
    idempotency.remember(work, key, "desk letter", content, letter_id)
    return letter_id


# --- Letters that could not be sent ----------------------------------------------------------


@writes
def send_again(
    work: Work, request_id: UUID, *, letter_id: UUID, seen: int, take_over: bool = False
) -> UUID:
    """Queue a failed letter once more; with a new link where the address is another by now."""
    work.actor.require(Permission.SEND_LETTERS)
    request, letter = _failed(work, request_id, letter_id, seen=seen, take_over=take_over)
    over = letter.useless_after is not None and letter.useless_after <= work.now
    if over or letter.kind in mail.SHORT_LIVED or letter.last_error == mail.UNREADABLE:
        raise NotFailed
    if letter.kind not in mail.TO_CLINIC and letter.recipient != request.email:
        return _anew(work, request, letter)
    letter.state, letter.last_error, letter.tries = "queued", None, 0
    letter.queued_at = letter.due_at = work.now
    work.audit("letter.queued_again", "letter", letter.id)
    return letter.id


@writes
def told_by_phone(
    work: Work, request_id: UUID, *, letter_id: UUID, seen: int, take_over: bool = False
) -> UUID:
    """Note that a failed letter was seen to: the patient was told on the phone what it said."""
    work.actor.require(Permission.SEND_LETTERS)
    _request, letter = _failed(work, request_id, letter_id, seen=seen, take_over=take_over)
    to_patient = letter.kind not in mail.TO_CLINIC
    letter.state, letter.last_error = "dropped", mail.TOLD_BY_PHONE if to_patient else None
    work.audit(f"letter.{letter.last_error or letter.state}", "letter", letter.id)
    return letter.id


def _failed(
    work: Work, request_id: UUID, letter_id: UUID, *, seen: int, take_over: bool
) -> tuple[Request, Letter]:
    request = triage.sent(work, request_id)
    letter = work.session.get(Letter, letter_id, with_for_update=True, populate_existing=True)
    if letter is None or letter.request_id != request.id:
        raise NotThere
    triage.hold(work, request, seen=seen, take_over=take_over)
    if letter.state != "failed":
        raise NotFailed
    return request, letter


def _anew(work: Work, request: Request, letter: Letter) -> UUID:
    """Write the letter to the address of now: same words, a link that works."""
    if not request.email:
        raise NoAddress
    new_id = uuid4()
    host = site.settings.hosts[0] if site.settings.hosts else "localhost"
    work.session.add(
        Letter(
            id=new_id,
            dedupe_key=f"{request.id.hex}:again:{letter.id.hex}",
            message_id=f"<{new_id.hex}@{host}>",
            request_id=request.id,
            kind=letter.kind,
            language=letter.language,
            recipient=request.email,
            subject=letter.subject,
            body=_with_new_link(work, request, letter.body or ""),
            calendar=letter.calendar,
            queued_at=work.now,
            due_at=work.now,
            useless_after=letter.useless_after,
        )
    )
    letter.state = "dropped"
    work.audit("letter.dropped", "letter", letter.id)
    work.audit("letter.queued", "letter", new_id, kind=letter.kind)
    return new_id


def _with_new_link(work: Work, request: Request, body: str) -> str:
    old = re.compile(re.escape(f"{site.settings.public_base_url.rstrip('/')}/r/") + r"[\w-]+")
    if old.search(body) is None:
        return body
    link = tokens.issue_link(work, request)
    return old.sub(lambda _old: link, body)
