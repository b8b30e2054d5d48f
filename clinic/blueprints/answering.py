"""The pages on which a request is written, whoever writes: the patient, or staff for the patient.

Each page is drawn and saved here. The blueprints say who writes, and where the pages stand.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import abort, redirect, render_template, url_for
from flask import request as web
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic import contact, forms
from clinic.access import Actor
from clinic.blueprints import answers_said
from clinic.queries import drafts
from clinic.queries.drafts import OpenDraft
from clinic.screening import asking
from clinic.services import consent, drafting, submission
from clinic.services.transaction import ChangedUnderneath
from clinic.web import filters, guards, languages

Answer = str | Response | tuple[str, int]
KEY_BYTES = 24
LATER = "later"  # the button that leaves a page before it is finished
OPEN = "open"  # after a page: the next one that is not finished, and then the check


@dataclass(frozen=True)
class Way:
    """Who writes, and where the pages of this request stand. Pages have one name in each way."""

    blueprint: str
    frame: str
    home: str
    actor: Actor
    again: Callable[[], OpenDraft | None]  # reads the draft as it is stored now
    names: Mapping[str, Any] = field(default_factory=dict)  # that each address of this way holds
    browser: str | None = None
    keyed: str | None = None

    def url(self, endpoint: str, **values: Any) -> str:
        """The address of one of this way's endpoints."""
        return url_for(f"{self.blueprint}.{endpoint}", **self.names, **values)

    def address(self, page: str, **values: Any) -> str:
        """The address of a page of the form, by the page's name."""
        if page.startswith(drafts.HISTORY):
            return self.url("history", section=page.removeprefix(drafts.HISTORY), **values)
        endpoints = {
            drafts.ABOUT: "start",
            drafts.WHERE: "where",
            drafts.CONSENT: "data_use",
        }
        return self.url(endpoints.get(page, "check"), **values)


@dataclass(frozen=True)
class Trail:
    """Where a page stands among the pages of the form."""

    way: Way
    names: tuple[str, ...]
    titles: tuple[str, ...]
    here: int

    @property
    def number(self) -> int:
        """The number of this page, from one."""
        return self.here + 1

    @property
    def total(self) -> int:
        """How many pages there are."""
        return len(self.names)

    @property
    def title(self) -> str:
        """The title of this page."""
        return self.titles[self.here]

    @property
    def back(self) -> str | None:
        """The address of the page before this one."""
        return self.way.address(self.names[self.here - 1]) if self.here else None

    @property
    def onward(self) -> str:
        """The address of the page after this one."""
        return self.way.address(self.names[min(self.here + 1, len(self.names) - 1)])


def trail(way: Way, draft: OpenDraft | None, page: str) -> Trail:
    """Say where a page stands; a page that these answers do not call for is not there."""
    found = [(drafts.ABOUT, _("About you")), (drafts.WHERE, _("Where it hurts"))]
    steps = drafts.steps(draft, filters.language(), as_of=drafts.today(guards.now()))
    found += [(step.name, step.title) for step in steps]
    found += [(drafts.CONSENT, _("Your data")), (drafts.CHECK, _("Check your answers"))]
    names = tuple(name for name, _title in found)
    if page not in names:
        abort(404)
    return Trail(way, names, tuple(title for _name, title in found), names.index(page))


def first_open(draft: OpenDraft) -> str:
    """Name the first page that is not finished, or the check."""
    if draft.stopped_page is not None:
        return drafts.CHECK
    if drafts.WHERE not in draft.steps:
        return drafts.WHERE
    today = drafts.today(guards.now())
    steps = drafts.steps(draft, filters.language(), as_of=today)
    missing = [step.name for step in steps if step.missing]
    return (missing or ([] if draft.agreed else [drafts.CONSENT]) or [drafts.CHECK])[0]


def next_open(way: Way, draft: OpenDraft) -> str:
    """The address of the first page that is not finished, from which it goes to the next one."""
    page = first_open(draft)
    return way.address(page) if page == drafts.CHECK else way.address(page, back=OPEN)


# --- Who asks ----------------------------------------------------------------------------------


def about(way: Way, draft: OpenDraft) -> Answer:
    """Ask who needs care and how to reach them."""
    return _unless_barred(
        way, draft, drafts.ABOUT, lambda: draw_about(way, about_form(draft), draft)
    )


def save_about(way: Way, draft: OpenDraft) -> Answer:
    """Change who asks."""
    form = about_form(draft)
    if code := languages.wished():
        return switched(way, code, draft, lambda: draw_about(way, about_form(draft), draft))
    if not form.validate():
        return draw_about(way, form, draft), 422
    return _saved(
        way,
        drafts.ABOUT,
        lambda: drafting.save_about(
            way.actor,
            guards.now(),
            draft.request_id,
            about=drafting.About(**form.values()),
            seen=form.seen_version,
            language=filters.language(),
            browser=way.browser,
        ),
        lambda: answers_said.differences(form, _saved_about(draft)),
    )


def about_form(draft: OpenDraft | None) -> forms.AboutForm:
    """Make the form of who asks, filled in with what is saved."""
    today = drafts.today(guards.now())
    if draft is None:
        return forms.AboutForm(data=new_data(), today=today)
    data = {**vars(draft.contact), "seen": draft.version, "phone": _phone(draft)}
    return forms.AboutForm(data=data, today=today)


def new_data() -> dict[str, Any]:
    """What the first form of a request holds before anything is typed."""
    return {"idempotency_key": secrets.token_urlsafe(KEY_BYTES), "language": filters.language()}


def draw_about(way: Way, form: forms.AboutForm, draft: OpenDraft | None) -> str:
    """Draw the page of who asks, for a request that is begun or not."""
    return render_template(
        "request/about.html", way=way, form=form, draft=draft, trail=trail(way, draft, drafts.ABOUT)
    )


def begun_before(way: Way, form: forms.AboutForm) -> Answer:
    """Answer the first form that came again with other content: both, side by side."""
    draft = way.again()
    rows = answers_said.differences(form, _saved_about(draft)) if draft else []
    return _stale(way, draft, rows, way.address(drafts.ABOUT))


def _saved_about(draft: OpenDraft) -> forms.AboutForm:
    data = {**vars(draft.contact), "phone": _phone(draft)}
    return forms.AboutForm(None, data=data, today=drafts.today(guards.now()))


def _phone(draft: OpenDraft) -> str:
    """Write the number as people read it; a draft that was begun from a question may lack one."""
    return contact.phone(draft.contact.phone).display if draft.contact.phone else ""


# --- Where it hurts ----------------------------------------------------------------------------


def where(way: Way, draft: OpenDraft) -> Answer:
    """Ask where it hurts, what is hoped for and when."""
    return _unless_barred(
        way, draft, drafts.WHERE, lambda: _draw_where(way, _where_form(draft), draft)
    )


def save_where(way: Way, draft: OpenDraft) -> Answer:
    """Save where it hurts; who leaves for later keeps what is there already."""
    form = _where_form(draft)
    if code := languages.wished():
        return switched(way, code, draft, lambda: _draw_where(way, _where_form(draft), draft))
    finished = form.validate()
    if not finished and not (_leaves() and form.readable):
        return _draw_where(way, form, draft), 422
    return _saved(
        way,
        drafts.WHERE,
        lambda: drafting.save_where(
            way.actor,
            guards.now(),
            draft.request_id,
            given=drafting.Given(form.answers()),
            wishes=form.wishes(),
            seen=form.seen_version,
            language=filters.language(),
            browser=way.browser,
            finished=finished,
        ),
        lambda: answers_said.differences(form, _where_form(draft, saved=True)),
    )


def _where_form(draft: OpenDraft, *, saved: bool = False) -> forms.PlacesForm:
    questions = draft.questions(filters.language())
    form_class = forms.places_form(questions)
    data = {
        **{box: draft.answers.plain(box) for box in form_class.boxes},
        **{name: draft.wishes.get(name) for name in ("days", "parts")},
        "times": draft.wishes.get("words"),
        "wanted_regions": forms.places_shown(draft.answers.plain("wanted_regions")),
        "seen": draft.version,
    }
    form: forms.PlacesForm = form_class(None, data=data) if saved else form_class(data=data)
    form.wanted_regions.choices = forms.region_choices(questions)
    return form


def _draw_where(way: Way, form: forms.PlacesForm, draft: OpenDraft) -> str:
    return render_template(
        "request/where.html", way=way, form=form, draft=draft, trail=trail(way, draft, drafts.WHERE)
    )


# --- The history -------------------------------------------------------------------------------


def history(way: Way, draft: OpenDraft, topic: str) -> Answer:
    """Ask the questions of one page; a topic that shares one is found there."""
    page = _page_of(draft, topic)
    if page != topic:
        place = {**web.args.to_dict(), "_anchor": f"topic-{topic}"}
        return redirect(way.address(drafts.HISTORY + page, **place), 303)
    return _unless_barred(
        way,
        draft,
        drafts.HISTORY + page,
        lambda: _draw_history(way, _history_form(way, draft, page), draft, page),
    )


def save_history(way: Way, draft: OpenDraft, topic: str) -> Answer:
    """Save one page; an urgent answer is saved even where another one is missing.

    Who leaves for later keeps what is there already, and no box that was not reached is a no.
    """
    page = _page_of(draft, topic)
    form = _history_form(way, draft, page)
    if code := languages.wished():
        return switched(
            way,
            code,
            draft,
            lambda: _draw_history(way, _history_form(way, draft, page), draft, page),
        )
    valid = form.validate()
    answers, shown = form.given()
    stops = _must_stop(draft, answers)
    left = _leaves() and form.readable and not stops and not _may_stop(draft, answers)
    if not valid and not stops and not left:
        return _draw_history(way, form, draft, page), 422
    finished = not left or (valid and not shown)
    given = drafting.Given(answers, shown) if finished else drafting.Given(_ticked(answers, shown))
    return _saved(
        way,
        drafts.HISTORY + page,
        lambda: drafting.save_answers(
            way.actor,
            guards.now(),
            draft.request_id,
            page=page,
            given=given,
            seen=form.seen_version,
            language=filters.language(),
            browser=way.browser,
            finished=finished,
        ),
        lambda: answers_said.differences(form, _history_form(way, draft, page, saved=True)),
    )


def _page_of(draft: OpenDraft, topic: str) -> str:
    """Name the page on which a topic stands, or answer that there is no such topic."""
    page = drafts.page_of(draft, topic)
    if page is None:
        abort(404)
    return page


def _ticked(answers: Mapping[str, object], shown: tuple[str, ...]) -> dict[str, object]:
    """Leave out the boxes that stand empty on a page that is not finished: they say nothing."""
    return {key: value for key, value in answers.items() if key not in shown}


def _must_stop(draft: OpenDraft, answers: dict[str, object]) -> bool:
    together = {**draft.answers.as_json(), **answers}
    return drafts.must_stop(together, as_of=drafts.today(guards.now()))


def _may_stop(draft: OpenDraft, answers: dict[str, object]) -> bool:
    """Tell whether what is still open on the page decides about an emergency: it is asked first."""
    together = {**draft.answers.as_json(), **answers}
    return drafts.may_stop(together, as_of=drafts.today(guards.now()))


def _history_form(
    way: Way, draft: OpenDraft, page: str, *, saved: bool = False
) -> forms.HistoryForm:
    trail(way, draft, drafts.HISTORY + page)
    language, today = filters.language(), drafts.today(guards.now())
    questions = asking.standing_apart(
        draft.questions(language), page, draft.anew, draft.answers, as_of=today
    )
    form_class = forms.history_form(questions, page, draft.answers, as_of=today)
    finished = drafts.is_saved(draft, page, language, as_of=today)
    earlier = {} if finished else drafts.filled_in(draft, page, language)
    answers = {**earlier, **draft.answers.as_json()}
    data = forms.history_data(form_class, answers, draft.shown, finished=finished)
    data["seen"] = draft.version
    if "minor.guardian-name" not in draft.answers and draft.contact.guardian:
        data["minor.guardian-name"] = draft.contact.guardian
    form: forms.HistoryForm = form_class(None, data=data) if saved else form_class(data=data)
    return form


def _draw_history(way: Way, form: forms.HistoryForm, draft: OpenDraft, page: str) -> str:
    return render_template(
        "request/history.html",
        way=way,
        form=form,
        topics=form.layout(),
        draft=draft,
        since=draft.last_on if drafts.filled_in(draft, page, filters.language()) else None,
        trail=trail(way, draft, drafts.HISTORY + page),
    )


# --- An urgent answer --------------------------------------------------------------------------


def stop(way: Way, draft: OpenDraft) -> Answer:
    """Say what to do now, and the phone number."""
    if draft.stopped_page is None:
        return redirect(way.address(drafts.CHECK), 303)
    advice = drafts.advice(draft, filters.language(), as_of=drafts.today(guards.now()))
    page = "keying/stop.html" if way.keyed else "request/stop.html"
    phone = contact.phone(draft.contact.phone).display
    return render_template(page, way=way, advice=advice, draft=draft, phone=phone)


def mistake(way: Way, draft: OpenDraft) -> Answer:
    """Go back to the page of an answer that was chosen by mistake."""
    page = drafting.chose_by_mistake(way.actor, guards.now(), draft.request_id, browser=way.browser)
    return redirect(way.address(page or drafts.CHECK), 303)


# --- Consent, check, send ----------------------------------------------------------------------


def data_use(way: Way, draft: OpenDraft) -> Answer:
    """Say what is done with the data, and ask for a yes."""
    form = _consent_form(way, agree=draft.agreed)
    return _unless_barred(way, draft, drafts.CONSENT, lambda: _draw_consent(way, form, draft))


def agree(way: Way, draft: OpenDraft) -> Answer:
    """Store the yes, in the words that were shown."""
    form = _consent_form(way)
    if code := languages.wished():
        return switched(way, code, draft, lambda: _draw_consent(way, _consent_form(way), draft))
    if not form.validate():
        return _draw_consent(way, form, draft), 422
    if form.text_hash.data != consent.text(filters.language()).hash:
        form.refuse("agree", _("The text has changed. Read it again, then tick the box"))
        return _draw_consent(way, form, draft), 422
    drafting.agree(
        way.actor,
        guards.now(),
        draft.request_id,
        language=filters.language(),
        browser=way.browser,
    )
    return redirect(way.address(drafts.CHECK), 303)


def _consent_form(way: Way, **data: Any) -> forms.ConsentForm:
    return forms.HeardConsentForm(**data) if way.keyed else forms.ConsentForm(**data)


def _draw_consent(way: Way, form: forms.ConsentForm, draft: OpenDraft) -> str:
    return render_template(
        "request/consent.html",
        way=way,
        form=form,
        text=consent.text(filters.language()),
        draft=draft,
        trail=trail(way, draft, drafts.CONSENT),
    )


def check(way: Way, draft: OpenDraft) -> Answer:
    """Show all answers as worded, each with a way to change it."""
    return _unless_barred(way, draft, drafts.CHECK, lambda: _draw_check(way, draft))


def send(way: Way, request_id: UUID) -> Answer:
    """Send the request, once whatever is clicked."""
    form = forms.PatientForm()
    if not form.key:
        abort(400)
    try:
        submission.send(
            way.actor,
            guards.now(),
            request_id,
            seen=form.seen_version,
            key=form.key,
            language=filters.language(),
            browser=way.browser,
        )
    except (submission.NotComplete, submission.Stopped):
        return redirect(way.address(drafts.CHECK), 303)
    except ChangedUnderneath:
        draft = way.again()
        if draft is not None:
            return _draw_check(way, draft, changed=True), 409
    return redirect(way.url("sent"), 303)


def _draw_check(way: Way, draft: OpenDraft, *, changed: bool = False) -> str:
    language, today = filters.language(), drafts.today(guards.now())
    steps = drafts.steps(draft, language, as_of=today)
    pages = [
        (step.title, _said(draft, step), way.address(step.name, back=drafts.CHECK))
        for step in steps
    ]
    again = [
        (asked, way.address(page, back=drafts.CHECK))
        for asked, page in drafts.ask_again(draft, language, as_of=today)
    ]
    missing = [(step.title, way.address(step.name, back=OPEN)) for step in steps if step.missing]
    if drafts.WHERE not in draft.steps:
        missing.insert(0, (_("Where it hurts"), way.address(drafts.WHERE, back=OPEN)))
    if not draft.agreed:
        missing.append((_("Your data"), way.address(drafts.CONSENT)))
    return render_template(
        "request/check.html",
        way=way,
        draft=draft,
        about=answers_said.about(draft, way.address(drafts.ABOUT, back=drafts.CHECK)),
        places=answers_said.places(draft, way.address(drafts.WHERE, back=drafts.CHECK)),
        pages=pages,
        missing=missing,
        again=again,
        changed=changed,
        key=secrets.token_urlsafe(KEY_BYTES),
        trail=trail(way, draft, drafts.CHECK),
    )


def _said(draft: OpenDraft, step: drafts.Step) -> list[tuple[str, list[answers_said.Said]]]:
    """Say what was answered on one page, by topic; the only topic of a page needs no title."""
    language, today = filters.language(), drafts.today(guards.now())
    return [
        (
            topic.title if len(step.topics) > 1 else "",
            answers_said.rows(drafts.answered(draft, topic.id, language, as_of=today)),
        )
        for topic in step.topics
    ]


# --- Saving ------------------------------------------------------------------------------------


def switched(way: Way, code: str, draft: OpenDraft | None, draw: Callable[[], str]) -> Response:
    """Draw the page in the other language with all that was typed; write in it from now on."""
    if draft is not None and not way.keyed:
        drafting.speak(way.actor, guards.now(), draft.request_id, language=code)
    return languages.redrawn(code, draw)


def _leaves() -> bool:
    return LATER in web.form


def _unless_barred(way: Way, draft: OpenDraft, page: str, draw: Callable[[], str]) -> Answer:
    """Draw a page, unless an urgent answer keeps everybody from it."""
    mistaken = draft.mistaken and page == draft.stopped_page
    if draft.stopped_page is not None and not mistaken:
        return redirect(way.url("stop"), 303)
    return draw()


def _saved(
    way: Way, page: str, save: Callable[[], bool], rows: Callable[[], list[answers_said.Said]]
) -> Answer:
    """Save, then go on: to what to do now, out for later, to the check, or to the next page."""
    try:
        stopped = save()
    except ChangedUnderneath:
        return _stale(way, way.again(), rows(), way.address(page))
    if stopped:
        return redirect(way.url("stop"), 303)
    if _leaves():
        return redirect(way.url("later", saved=1), 303)
    if web.args.get("back") == drafts.CHECK:
        return redirect(way.address(drafts.CHECK), 303)
    draft = way.again()
    if draft is not None and web.args.get("back") == OPEN:
        return redirect(next_open(way, draft), 303)
    return redirect(trail(way, draft, page).onward, 303)


def _stale(
    way: Way, draft: OpenDraft | None, rows: list[answers_said.Said], address: str
) -> Answer:
    """Show what is stored beside what was just typed; the writer chooses, nothing is lost."""
    kept = [
        (name, value)
        for name, value in web.form.items(multi=True)
        if name not in ("csrf_token", "seen", "idempotency_key")
    ]
    text = render_template(
        "request/stale.html",
        way=way,
        rows=rows,
        kept=kept,
        seen=draft.version if draft else None,
        address=address,
    )
    return text, 409
