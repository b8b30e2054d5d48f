"""The patient's draft: begun once, saved page by page, version by version.

Each save replaces the answers of one page. What an answer no longer calls for is dropped, so
that a follow-up whose question was taken back neither counts nor is asked for. An answer that
is urgent stops the draft in the same transaction (see stopping). The patient writes it, or a
member of staff for the patient (see keying), who is asked no private question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from clinic import contact
from clinic.access import Actor, ActorKind, NotThere, Refused, own
from clinic.extensions import site, vault
from clinic.models import Draft, Request
from clinic.screening import answers as reading
from clinic.screening import asking, pages, placed, questionnaire
from clinic.screening.answers import Answers
from clinic.screening.questionnaire import Questionnaire
from clinic.services import (
    consent,
    idempotency,
    phone_entries,
    screenings,
    stopping,
    tokens,
    tracks,
    triage,
)
from clinic.services.transaction import ChangedUnderneath, Work, writes

ABOUT, WHERE, CONSENT = "about", "where", "consent"
BIRTH_DATE, WANTED = "minor", "wanted_regions"
HISTORY = "history/"


@dataclass(frozen=True)
class About:
    """Who asks for care and how to reach them, already normalised."""

    name: str
    birth_date: date
    phone: str
    email: str | None
    channel: str
    answered_by: str
    language: str  # in which we write and call; the pages may be read in another one
    guardian: str | None = None


@dataclass(frozen=True)
class Given:
    """The answers of one page as typed values, and the boxes that were shown and left empty."""

    answers: Mapping[str, object]
    shown: Sequence[str] = ()


def start(actor: Actor, now: datetime, *, about: About, browser: str, key: str) -> UUID:
    """Begin one request with its draft for this browser, once whatever is clicked."""
    try:
        return _start(actor, now, about=about, browser=browser, key=key)
    except IntegrityError:  # a racer with the same key was first: now its row is there
        return _start(actor, now, about=about, browser=browser, key=key)


@writes
def _start(work: Work, *, about: About, browser: str, key: str) -> UUID:
    if work.actor.kind not in (ActorKind.ANYONE, ActorKind.PATIENT):
        raise NotThere
    body = {**vars(about), "browser": browser}
    made = idempotency.made_before(work, key, "start", body)
    if made is not None:
        return made
    request = begin(work, about)
    tokens.grant(work, request.id, "draft_browser", browser)
    idempotency.remember(work, key, "start", body, request.id)
    return request.id


def begin(work: Work, about: About) -> Request:
    """Make a request with its draft, which holds who asks and nothing else yet."""
    request = Request(
        reference=_reference(work),
        created_at=work.now,
        visit_kind="needling",
    )
    _write_about(request, about)
    tracks.begin(work, request)
    open_blank(work, request)
    return request


def open_blank(work: Work, request: Request) -> Draft:
    """Give a request a draft that holds who asks and nothing else, whatever was answered before."""
    about = _about_of(request)
    questions = questionnaire.shipped(about.language)
    screenings.keep_questionnaire(work, questions)
    draft = Draft(
        request_id=request.id,
        questionnaire_hash=questions.hash,
        answers=_answers_of(about, questions),
        steps=[ABOUT],
        saved_at=work.now,
        expires_at=_expiry(work),
    )
    work.session.add(draft)
    return draft


@writes
def save_about(
    work: Work, request_id: UUID, *, about: About, seen: int, language: str, browser: str | None
) -> bool:
    """Save who asks and how to reach them; tell whether the draft is stopped."""
    request, draft = open_draft(work, request_id)
    if draft.version != seen:
        if _about_of(request) == about:
            return stopping.is_stopped(draft)
        raise ChangedUnderneath
    if about.email != request.email:
        tokens.forget_address(work, request)
    _write_about(request, about)
    questions = questionnaire.shipped(language)
    given = Given(_answers_of(about, questions))
    page = _Page(ABOUT, tuple(given.answers), given)
    return _save(work, request, draft, page, language=language, browser=browser)


@writes
def save_where(
    work: Work,
    request_id: UUID,
    *,
    given: Given,
    wishes: Mapping[str, Any],
    seen: int,
    language: str,
    browser: str | None,
    finished: bool = True,
) -> bool:
    """Save the wanted regions and wishes; tell whether the draft is stopped."""
    request, draft = open_draft(work, request_id)
    own_ids = _request_ids(_questions(work, language))
    if draft.version != seen:
        if request.wishes == wishes and _same(draft, own_ids, given):
            return stopping.is_stopped(draft)
        raise ChangedUnderneath
    wanted = given.answers.get(WANTED)
    if placed.moved(draft.answers.get(WANTED), wanted):
        ask_of_the_place(draft)
    request.regions = [str(region) for region in wanted] if isinstance(wanted, list) else []
    request.wishes = dict(wishes)
    page = _Page(WHERE, own_ids, given, finished)
    return _save(work, request, draft, page, language=language, browser=browser)


@writes
def save_answers(
    work: Work,
    request_id: UUID,
    *,
    page: str,
    given: Given,
    seen: int,
    language: str,
    browser: str | None,
    finished: bool = True,
) -> bool:
    """Save one page of the history; tell whether the draft is stopped by an urgent answer.

    A page that is not finished keeps what was typed and stays to be done; nothing is concluded
    from what it still lacks.
    """
    request, draft = open_draft(work, request_id)
    questions = _questions(work, language)
    own_ids = tuple(question.id for question in pages.own_questions(questions, page))
    if draft.version != seen:
        if _same(draft, own_ids, given):
            return stopping.is_stopped(draft)
        raise ChangedUnderneath
    saved = _Page(HISTORY + page, own_ids, given, finished, pages.topics(questions, page))
    return _save(work, request, draft, saved, language=language, browser=browser)


@writes
def agree(work: Work, request_id: UUID, *, language: str, browser: str | None) -> None:
    """Store the consent to the use of data, in the words that were shown."""
    request, draft = open_draft(work, request_id)
    consent.record(work, request, language=language)
    _step(draft, CONSENT)
    _touch(work, request, draft, browser)


@writes
def chose_by_mistake(work: Work, request_id: UUID, *, browser: str | None) -> str | None:
    """Let the patient go back to the page of an urgent answer; name that page."""
    request, draft = open_draft(work, request_id)
    page = stopping.reopen(work, request, draft)
    _touch(work, request, draft, browser)
    return page


@writes
def speak(work: Work, request_id: UUID, *, language: str) -> None:
    """Write and call in another language from now on, because the patient chose it."""
    own(work.actor, request_id)
    tracks.load(work, request_id).language = language


@writes
def keep_open(work: Work, request_id: UUID, *, browser: str) -> None:
    """Renew the time for which the draft stays open in this browser."""
    open_draft(work, request_id)
    tokens.grant(work, request_id, "draft_browser", browser)


def open_draft(work: Work, request_id: UUID) -> tuple[Request, Draft]:
    """Lock a request and its draft for who may write it, or raise NotThere."""
    phone_entries.require_writer(work, request_id)
    request = tracks.load(work, request_id)
    draft = find(work, request)
    if draft is None:
        raise NotThere
    return request, draft


def find(work: Work, request: Request) -> Draft | None:
    """Return the draft of a request that is already locked, if there is one."""
    query = select(Draft).where(Draft.request_id == request.id, Draft.expires_at > work.now)
    return work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


@dataclass(frozen=True)
class _Page:
    """One page to be saved: its name, every question it can ask, and what was answered.

    A page of the history is done topic by topic, so that a topic may move to another page.
    """

    name: str
    own_ids: Sequence[str]
    given: Given
    finished: bool = True
    topics: Sequence[str] = ()


def _save(
    work: Work, request: Request, draft: Draft, page: _Page, *, language: str, browser: str | None
) -> bool:
    questions = questionnaire.shipped(language)
    _refuse_private(work, page.given, questions)
    asked = _store(work, request, draft, page, questions)
    for step in _steps(work, request, page, asked):
        _step(draft, step, done=page.finished)
    _touch(work, request, draft, browser)
    if not page.finished:
        return stopping.is_stopped(draft)
    return stopping.check(work, request, draft, page=page.name, language=language)


def _store(
    work: Work, request: Request, draft: Draft, page: _Page, questions: Questionnaire
) -> Answers:
    """Replace the page's answers, and drop what the answers no longer call for; give the rest."""
    own_ids, given = page.own_ids, page.given
    before = screenings.readable(draft.answers, questions)
    kept = {key: value for key, value in before.items() if key not in own_ids}
    typed = reading.read({**kept, **given.answers}, questions)
    asked = reading.asked_only(questions, typed, as_of=triage.today(work, request))
    shown = (set(draft.answers.get("_shown", ())) - set(own_ids)) | set(given.shown)
    marks = {key: value for key, value in draft.answers.items() if key.startswith("_")}
    draft.answers = {**marks, **asked.as_json(), "_shown": sorted(shown & set(asked))}
    if draft.questionnaire_hash != questions.hash:
        screenings.keep_questionnaire(work, questions)
        draft.questionnaire_hash = questions.hash
    _forget_confirmed(draft, before, asked)
    _note_confirmed(work, request, draft, own_ids, asked)
    return asked


def ask_of_the_place(draft: Draft) -> None:
    """Take out what was said of the place to be treated, once another one is wanted."""
    questions = questionnaire.shipped()
    asked = placed.ids(questions)
    take_out(draft, [key for key in asked if key in draft.answers], apart=asked)


def take_out(draft: Draft, out: Sequence[str], *, apart: Sequence[str]) -> None:
    """Leave out answers that are to be given anew; their topics are not done then.

    What is named ``apart`` stands apart from boxes that stay filled in.
    """
    questions = questionnaire.shipped()
    kept = {key: value for key, value in draft.answers.items() if key not in out}
    undone = {HISTORY + pages.topic_of(questions, questions.questions[key]) for key in out}
    if undone:
        before = draft.answers.get(asking.APART, ())
        draft.answers = {**kept, asking.APART: sorted({*before, *apart})}
        draft.steps = [step for step in draft.steps or () if step not in undone]


def _forget_confirmed(draft: Draft, before: Mapping[str, Any], asked: Answers) -> None:
    """Take the mark off each answer that was confirmed and is changed after all."""
    days = draft.answers.get(asking.CONFIRMED)
    if days:
        plain = asked.as_json()
        kept = {key: day for key, day in days.items() if plain.get(key) == before.get(key)}
        draft.answers = {**draft.answers, asking.CONFIRMED: kept}


def _note_confirmed(
    work: Work, request: Request, draft: Draft, own_ids: Sequence[str], asked: Answers
) -> None:
    """Mark the answers of a page that were shown from an earlier time and left as they were."""
    last = draft.answers.get(asking.LAST)
    if last is None or last.get("of") != person_of(request) or phone_entries.by_staff(work):
        return
    plain, day = asked.as_json(), triage.today(work, request).isoformat()
    before = placed.still_said(
        questionnaire.shipped(),
        last["answers"],
        before=last.get("wanted"),
        wanted=plain.get(WANTED),
    )
    days = dict(draft.answers.get(asking.CONFIRMED, {}))
    kept = {key: one for key, one in days.items() if key not in own_ids and key in plain}
    same = [key for key in own_ids if key in before and plain.get(key) == before[key]]
    draft.answers = {**draft.answers, asking.CONFIRMED: {**kept, **dict.fromkeys(same, day)}}


def person_of(request: Request) -> str:
    """Name the person and the proved address of a request, so that a change of either is seen."""
    proved = request.email_proved_at is not None
    parts = [request.email_digest if proved else None, request.person_digest]
    return ".".join(part.hex() if part else "" for part in parts)


def _steps(work: Work, request: Request, page: _Page, asked: Answers) -> Sequence[str]:
    """Name what is done when a page is: each topic on it that the answers call for."""
    if not page.topics:
        return (page.name,)
    found = pages.sections(questionnaire.shipped(), asked, as_of=triage.today(work, request))
    return tuple(HISTORY + one.id for one in found if one.id in page.topics)


def _touch(work: Work, request: Request, draft: Draft, browser: str | None) -> None:
    draft.saved_at, draft.expires_at = work.now, _expiry(work)
    if not phone_entries.by_staff(work):
        phone_entries.end(work, request.id)
        if browser is not None:
            tokens.grant(work, request.id, "draft_browser", browser)
    work.session.flush()


def _step(draft: Draft, page: str, *, done: bool = True) -> None:
    before = [one for one in draft.steps or () if one != page or done]
    draft.steps = list(dict.fromkeys([*before, page] if done else before))


def _questions(work: Work, language: str) -> Questionnaire:
    """The questions that this writer is asked: staff who write for a patient get no private one."""
    questions = questionnaire.shipped(language)
    return questionnaire.without_private(questions) if phone_entries.by_staff(work) else questions


def _refuse_private(work: Work, given: Given, questions: Questionnaire) -> None:
    if phone_entries.by_staff(work) and any(
        questions.questions[key].private for key in given.answers if key in questions.questions
    ):
        raise Refused("private questions are the therapist's to ask")


def _same(draft: Draft, own_ids: Sequence[str], given: Given) -> bool:
    """Tell whether the page was saved just so before: a double click is no conflict."""
    stored = {key: draft.answers[key] for key in own_ids if key in draft.answers}
    return stored == reading.read(given.answers, questionnaire.shipped()).as_json()


def _request_ids(questions: Questionnaire) -> tuple[str, ...]:
    return tuple(
        question.id
        for question in questions.questions.values()
        if question.asked == "request" and question.condition is None
        if question.id != BIRTH_DATE
    )


def _answers_of(about: About, questions: Questionnaire) -> dict[str, object]:
    return {BIRTH_DATE: about.birth_date.isoformat()} if BIRTH_DATE in questions.questions else {}


def _write_about(request: Request, about: About) -> None:
    request.name, request.phone, request.email = about.name, about.phone, about.email
    request.birth_date = about.birth_date.isoformat()
    request.guardian = {"name": about.guardian} if about.guardian else None
    request.answered_by, request.channel = about.answered_by, about.channel
    request.language = about.language
    ring, person = vault.ring, contact.person_key(about.name, about.birth_date)
    request.person_digest = ring.digest("person", person)
    request.phone_digest = ring.digest("phone", contact.phone_key(about.phone))
    request.email_digest = (
        ring.digest("email", contact.email_key(about.email)) if about.email else None
    )


def _about_of(request: Request) -> About:
    return About(
        name=request.name or "",
        birth_date=date.fromisoformat(request.birth_date or "0001-01-01"),
        phone=request.phone or "",
        email=request.email,
        channel=request.channel,
        answered_by=request.answered_by,
        language=request.language,
        guardian=(request.guardian or {}).get("name"),
    )


def _reference(work: Work) -> str:
    while True:
        drawn = contact.reference(work.random(contact.REFERENCE_RANDOM_BYTES))
        taken = select(Request.id).where(Request.reference == drawn)
        if work.session.scalars(taken).first() is None:
            return drawn


def _expiry(work: Work) -> datetime:
    if phone_entries.by_staff(work):
        return work.now + timedelta(hours=site.settings.keying_hours)
    return work.now + timedelta(days=site.settings.draft_days)
