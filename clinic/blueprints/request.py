"""The patient's request: who asks, where it hurts, the history by topic, consent, check, sent."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, url_for
from flask import request as web
from flask_babel import format_date
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic import contact, forms
from clinic.access import Actor
from clinic.extensions import site
from clinic.queries import drafts, status
from clinic.queries.drafts import OpenDraft, Row
from clinic.screening import questionnaire
from clinic.services import consent, drafting, submission, tokens
from clinic.services.idempotency import OtherBody
from clinic.services.transaction import ChangedUnderneath
from clinic.web import codes, filters, guards, languages, limits, links

blueprint = Blueprint("request", __name__, url_prefix="/request")
Answer = str | Response | tuple[str, int]
KEY_BYTES = 24
ADULT = 18


@dataclass(frozen=True)
class Trail:
    """Where a page stands among the pages of the form."""

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
        return _address(self.names[self.here - 1]) if self.here else None

    @property
    def onward(self) -> str:
        """The address of the page after this one."""
        return _address(self.names[min(self.here + 1, len(self.names) - 1)])


# --- Who asks ----------------------------------------------------------------------------------


@blueprint.get("/")
@guards.public
def start() -> Answer:
    """Ask who needs care and how to reach them."""
    links.browser_id(make=True)
    draft = _open_draft()
    if draft is not None and _is_barred(draft, drafts.ABOUT):
        return redirect(url_for("request.stop"), 303)
    return _draw_about(_about_form(draft), draft)


@blueprint.post("/")
@guards.public
def begin() -> Answer:
    """Begin a request in this browser, or change who asks."""
    draft = _open_draft()
    form = _about_form(draft)
    if code := languages.wished():
        return _switched(code, draft, lambda: _draw_about(_about_form(draft), draft))
    if not form.validate():
        return _draw_about(form, draft), 422
    if draft is None and web.form.get("seen"):
        raise guards.NeedsCode(guards.DRAFT)
    if draft is None and not form.key:
        abort(400)
    about = drafting.About(**form.values())
    browser = links.browser_id(make=True) or ""
    if draft is None or not web.form.get("seen"):  # the first form, perhaps sent again
        _brake(limits.INTAKE_CLIENT, site.settings.starts_per_hour)
        try:
            drafting.start(guards.actor(), guards.now(), about=about, browser=browser, key=form.key)
        except OtherBody:
            return _stale(_open_draft(), _about_rows(form, _open_draft()), url_for("request.start"))
        return redirect(url_for("request.where"), 303)
    return _saved(
        lambda: drafting.save_about(
            _patient(),
            guards.now(),
            draft.request_id,
            about=about,
            seen=form.seen_version,
            language=filters.language(),
            browser=browser,
        ),
        drafts.ABOUT,
        lambda: _about_rows(form, draft),
    )


@blueprint.post("/leave")
@guards.public
def leave() -> Answer:
    """Close what is open in this browser, on a device that others use too."""
    browser = links.browser_id()
    if browser is not None:
        tokens.leave(guards.actor(), guards.now(), browser=browser)
    return redirect(url_for("public.landing"), 303)


# --- Where it hurts ----------------------------------------------------------------------------


@blueprint.get("/where")
@guards.draft
def where() -> Answer:
    """Ask where it hurts, what is hoped for and when."""
    draft = _draft_or_sent()
    if isinstance(draft, Response):
        return draft
    if _is_barred(draft, drafts.WHERE):
        return redirect(url_for("request.stop"), 303)
    return _draw_where(_where_form(draft), draft)


@blueprint.post("/where")
@guards.draft
def save_where() -> Answer:
    """Save where it hurts."""
    draft = _draft_or_sent()
    if isinstance(draft, Response):
        return draft
    form = _where_form(draft)
    if code := languages.wished():
        return _switched(code, draft, lambda: _draw_where(_where_form(draft), draft))
    if not form.validate():
        return _draw_where(form, draft), 422
    return _saved(
        lambda: drafting.save_where(
            guards.actor(),
            guards.now(),
            draft.request_id,
            given=drafting.Given(form.answers()),
            wishes=form.wishes(),
            seen=form.seen_version,
            language=filters.language(),
            browser=_browser(),
        ),
        drafts.WHERE,
        lambda: _typed_rows(form, _where_form(draft, saved=True)),
    )


# --- The history -------------------------------------------------------------------------------


@blueprint.get("/history/<section>")
@guards.draft
def history(section: str) -> Answer:
    """Ask the questions of one topic."""
    draft = _draft_or_sent()
    if isinstance(draft, Response):
        return draft
    if _is_barred(draft, drafts.HISTORY + section):
        return redirect(url_for("request.stop"), 303)
    return _draw_history(_history_form(draft, section), draft, section)


@blueprint.post("/history/<section>")
@guards.draft
def save_history(section: str) -> Answer:
    """Save one topic; an urgent answer is saved even where another one is missing."""
    draft = _draft_or_sent()
    if isinstance(draft, Response):
        return draft
    form = _history_form(draft, section)
    if code := languages.wished():
        return _switched(
            code, draft, lambda: _draw_history(_history_form(draft, section), draft, section)
        )
    valid = form.validate()
    answers, shown = form.given()
    if not valid and not _must_stop(draft, answers):
        return _draw_history(form, draft, section), 422
    return _saved(
        lambda: drafting.save_answers(
            guards.actor(),
            guards.now(),
            draft.request_id,
            section=section,
            given=drafting.Given(answers, shown),
            seen=form.seen_version,
            language=filters.language(),
            browser=_browser(),
        ),
        drafts.HISTORY + section,
        lambda: _typed_rows(form, _history_form(draft, section, saved=True)),
    )


# --- An urgent answer --------------------------------------------------------------------------


@blueprint.get("/stop")
@guards.draft
def stop() -> Answer:
    """Say what to do now, and the phone number."""
    draft = _draft_or_sent()
    if isinstance(draft, Response):
        return draft
    if draft.stopped_page is None:
        return redirect(url_for("request.check"), 303)
    today = drafts.today(guards.now())
    advice = drafts.advice(draft, filters.language(), as_of=today)
    return render_template("request/stop.html", advice=advice, draft=draft)


@blueprint.post("/stop")
@guards.draft
def mistake() -> Answer:
    """Go back to the page of an answer that was chosen by mistake."""
    draft = _draft_or_sent()
    if isinstance(draft, Response):
        return draft
    page = drafting.chose_by_mistake(
        guards.actor(), guards.now(), draft.request_id, browser=_browser()
    )
    return redirect(_address(page) if page else url_for("request.check"), 303)


# --- Consent, check, send ----------------------------------------------------------------------


@blueprint.get("/consent")
@guards.draft
def data_use() -> Answer:
    """Say what is done with the data, and ask for a yes."""
    draft = _draft_or_sent()
    if isinstance(draft, Response):
        return draft
    if _is_barred(draft, drafts.CONSENT):
        return redirect(url_for("request.stop"), 303)
    return _draw_consent(forms.ConsentForm(agree=draft.agreed), draft)


@blueprint.post("/consent")
@guards.draft
def agree() -> Answer:
    """Store the yes, in the words that were shown."""
    draft = _draft_or_sent()
    if isinstance(draft, Response):
        return draft
    form = forms.ConsentForm()
    if code := languages.wished():
        return _switched(code, draft, lambda: _draw_consent(forms.ConsentForm(), draft))
    if not form.validate():
        return _draw_consent(form, draft), 422
    if form.text_hash.data != consent.text(filters.language()).hash:
        form.refuse("agree", _("The text has changed. Read it again, then tick the box"))
        return _draw_consent(form, draft), 422
    drafting.agree(
        guards.actor(),
        guards.now(),
        draft.request_id,
        language=filters.language(),
        browser=_browser(),
    )
    return redirect(url_for("request.check"), 303)


@blueprint.get("/check")
@guards.draft
def check() -> Answer:
    """Show all answers as worded, each with a way to change it."""
    draft = _draft_or_sent()
    if isinstance(draft, Response):
        return draft
    if _is_barred(draft, drafts.CHECK):
        return redirect(url_for("request.stop"), 303)
    return _draw_check(draft)


@blueprint.post("/send")
@guards.draft
def send() -> Answer:
    """Send the request, once whatever is clicked."""
    form = forms.PatientForm()
    acting = guards.actor()
    if acting.request_id is None:
        abort(404)
    if not form.key:
        abort(400)
    try:
        submission.send(
            acting,
            guards.now(),
            acting.request_id,
            seen=form.seen_version,
            key=form.key,
            language=filters.language(),
            browser=_browser(),
        )
    except (submission.NotComplete, submission.Stopped):
        return redirect(url_for("request.check"), 303)
    except ChangedUnderneath:
        draft = _draft_or_sent()
        return draft if isinstance(draft, Response) else (_draw_check(draft, changed=True), 409)
    return redirect(url_for("request.sent"), 303)


@blueprint.get("/sent")
@guards.draft
def sent() -> Answer:
    """Say that the request was sent, with its reference and what happens next."""
    if drafts.find(guards.actor(), guards.now()) is not None:
        return redirect(url_for("request.check"), 303)
    return _draw_sent(forms.MailedCodeForm())


# --- Codes: prove the address, finish later, go on ---------------------------------------------


@blueprint.post("/sent/code")
@guards.draft
def mail_proof() -> Answer:
    """Mail a code that proves the address."""
    codes.mail(*_via())
    return redirect(url_for("request.sent", coded=1, _anchor="prove"), 303)


@blueprint.post("/sent")
@guards.draft
def prove() -> Answer:
    """Take the code that proves the address."""
    form = forms.MailedCodeForm()
    if not codes.take(*_via(), form):
        return _draw_sent(form), 422
    return redirect(url_for("status.overview"), 303)


@blueprint.get("/later")
@guards.draft
def later() -> Answer:
    """Offer to finish later, by a mailed link."""
    draft = _draft_or_sent()
    if isinstance(draft, Response):
        return draft
    return _draw_later(forms.MailedCodeForm(), draft)


@blueprint.post("/later/code")
@guards.draft
def mail_later_code() -> Answer:
    """Mail the code that proves the address before a link is mailed to it."""
    codes.mail(*_via())
    return redirect(url_for("request.later", coded=1), 303)


@blueprint.post("/later")
@guards.draft
def mail_link() -> Answer:
    """Take the code and mail the link to go on."""
    draft = _draft_or_sent()
    if isinstance(draft, Response):
        return draft
    form = forms.MailedCodeForm()
    if not codes.take(*_via(), form, mail_link=True):
        return _draw_later(form, draft), 422
    return render_template(
        "request/kept.html", email=contact.masked_email(draft.contact.email or ""), draft=draft
    )


@blueprint.get("/closed")
@guards.public
def closed() -> Answer:
    """Say that the form is closed in this browser, and how to go on."""
    return _draw_closed(forms.MailedCodeForm(), coded="coded" in web.args)


@blueprint.post("/closed/code")
@guards.public
def mail_closed_code() -> Answer:
    """Mail a code with which the form opens again in this browser."""
    codes.mail(*_via())
    return redirect(url_for("request.closed", coded=1), 303)


@blueprint.post("/closed")
@guards.public
def reopen() -> Answer:
    """Take the code and open the form again."""
    form = forms.MailedCodeForm()
    if not codes.take(*_via(), form):
        return _draw_closed(form, coded=True), 422
    return redirect(url_for("request.check"), 303)


@blueprint.post("/hold")
@guards.public
def hold() -> Answer:
    """Keep what was typed into a form that has closed meanwhile."""
    return _draw_held(forms.MailedCodeForm(), coded=False)


@blueprint.post("/hold/code")
@guards.public
def mail_held_code() -> Answer:
    """Mail a code with which the form opens again; what was typed stays on the page."""
    codes.mail(*_via())
    return _draw_held(forms.MailedCodeForm(), coded=True)


@blueprint.post("/hold/open")
@guards.public
def reopen_held() -> Answer:
    """Take the code, and offer to save what was typed."""
    form = forms.MailedCodeForm()
    if not codes.take(*_via(), form):
        return _draw_held(form, coded=True), 422
    return render_template("request/typed.html", kept=_held(), typed_at=_typed_at())


# --- Parts -------------------------------------------------------------------------------------


def _patient() -> Actor:
    found = links.patient_actor("draft", guards.now())
    return replace(found, trace=guards.trace()) if found else guards.actor()


def _open_draft() -> OpenDraft | None:
    """Return the draft that is open in this browser, on a page that anyone may call."""
    acting = links.patient_actor("draft", guards.now())
    return drafts.find(acting, guards.now()) if acting else None


def _draft_or_sent() -> OpenDraft | Response:
    draft = drafts.find(guards.actor(), guards.now())
    return draft or redirect(url_for("request.sent"), 303)


def _browser() -> str:
    return links.browser_id(make=True) or ""


def _brake(brake: limits.Brake, per_hour: int) -> None:
    limits.take(replace(brake, rates=f"{per_hour}/hour"), limits.client())


def _address(page: str) -> str:
    if page.startswith(drafts.HISTORY):
        return url_for("request.history", section=page.removeprefix(drafts.HISTORY))
    endpoints = {
        drafts.ABOUT: "request.start",
        drafts.WHERE: "request.where",
        drafts.CONSENT: "request.data_use",
    }
    return url_for(endpoints.get(page, "request.check"))


def _trail(draft: OpenDraft | None, page: str) -> Trail:
    found = [(drafts.ABOUT, _("About you")), (drafts.WHERE, _("Where it hurts"))]
    today = drafts.today(guards.now())
    steps = drafts.sections(draft, filters.language(), as_of=today)
    found += [(step.name, step.title) for step in steps]
    found += [(drafts.CONSENT, _("Your data")), (drafts.CHECK, _("Check your answers"))]
    names = tuple(name for name, _title in found)
    if page not in names:
        abort(404)
    return Trail(names, tuple(title for _name, title in found), names.index(page))


def _is_barred(draft: OpenDraft, page: str) -> bool:
    """Tell whether an urgent answer keeps the patient from this page."""
    if draft.stopped_page is None:
        return False
    return not (draft.mistaken and page == draft.stopped_page)


def _must_stop(draft: OpenDraft, answers: dict[str, object]) -> bool:
    together = {**draft.answers.as_json(), **answers}
    return drafts.must_stop(together, as_of=drafts.today(guards.now()))


def _switched(code: str, draft: OpenDraft | None, draw: Callable[[], str]) -> Response:
    """Draw the page in the other language with all that was typed; write in it from now on."""
    if draft is not None:
        drafting.speak(_patient(), guards.now(), draft.request_id, language=code)
    return languages.redrawn(code, draw)


def _saved(save: Callable[[], bool], page: str, rows: Callable[[], list[dict[str, Any]]]) -> Answer:
    """Save, then go on: to what to do now, back to the check, or to the next page."""
    try:
        stopped = save()
    except ChangedUnderneath:
        return _stale(_open_draft(), rows(), _address(page))
    if stopped:
        return redirect(url_for("request.stop"), 303)
    if web.args.get("back") == drafts.CHECK:
        return redirect(url_for("request.check"), 303)
    return redirect(_trail(_open_draft(), page).onward, 303)


def _stale(draft: OpenDraft | None, rows: list[dict[str, Any]], address: str) -> Answer:
    """Show what is stored beside what was just typed; the patient chooses, nothing is lost."""
    kept = [
        (name, value)
        for name, value in web.form.items(multi=True)
        if name not in ("csrf_token", "seen", "idempotency_key")
    ]
    text = render_template(
        "request/stale.html",
        rows=rows,
        kept=kept,
        seen=draft.version if draft else None,
        address=address,
    )
    return text, 409


# --- Drawing -----------------------------------------------------------------------------------


def _about_form(draft: OpenDraft | None) -> forms.AboutForm:
    today = drafts.today(guards.now())
    if draft is None:
        data: dict[str, Any] = {
            "idempotency_key": secrets.token_urlsafe(KEY_BYTES),
            "language": filters.language(),
        }
    else:
        data = {**vars(draft.contact), "seen": draft.version}
        data["phone"] = contact.phone(draft.contact.phone).display
    return forms.AboutForm(data=data, today=today)


def _draw_about(form: forms.AboutForm, draft: OpenDraft | None) -> str:
    return render_template(
        "request/about.html", form=form, draft=draft, trail=_trail(draft, drafts.ABOUT)
    )


def _where_form(draft: OpenDraft, *, saved: bool = False) -> forms.PlacesForm:
    questions = questionnaire.shipped(filters.language())
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


def _draw_where(form: forms.PlacesForm, draft: OpenDraft) -> str:
    return render_template(
        "request/where.html", form=form, draft=draft, trail=_trail(draft, drafts.WHERE)
    )


def _history_form(draft: OpenDraft, section: str, *, saved: bool = False) -> forms.HistoryForm:
    _trail(draft, drafts.HISTORY + section)
    questions = questionnaire.shipped(filters.language())
    today = drafts.today(guards.now())
    form_class = forms.history_form(questions, section, draft.answers, as_of=today)
    data = forms.history_data(form_class, draft.answers.as_json(), draft.shown)
    data["seen"] = draft.version
    if "minor.guardian-name" not in draft.answers and draft.contact.guardian:
        data["minor.guardian-name"] = draft.contact.guardian
    form: forms.HistoryForm = form_class(None, data=data) if saved else form_class(data=data)
    return form


def _draw_history(form: forms.HistoryForm, draft: OpenDraft, section: str) -> str:
    return render_template(
        "request/history.html",
        form=form,
        nodes=form.layout(),
        section=form.questions.section(section),
        draft=draft,
        trail=_trail(draft, drafts.HISTORY + section),
    )


def _draw_consent(form: forms.ConsentForm, draft: OpenDraft) -> str:
    return render_template(
        "request/consent.html",
        form=form,
        text=consent.text(filters.language()),
        draft=draft,
        trail=_trail(draft, drafts.CONSENT),
    )


def _draw_check(draft: OpenDraft, *, changed: bool = False) -> str:
    language, today = filters.language(), drafts.today(guards.now())
    steps = drafts.sections(draft, language, as_of=today)
    topics = [
        (
            step.title,
            _rows(
                drafts.answered(
                    draft, step.name.removeprefix(drafts.HISTORY), language, as_of=today
                )
            ),
            url_for(
                "request.history", section=step.name.removeprefix(drafts.HISTORY), back="check"
            ),
        )
        for step in steps
    ]
    again = [
        (asked, f"{_address(page)}?back=check")
        for asked, page in drafts.ask_again(draft, language, as_of=today)
    ]
    missing = [(step.title, _address(step.name)) for step in steps if step.missing]
    if drafts.WHERE not in draft.steps:
        missing.insert(0, (_("Where it hurts"), url_for("request.where")))
    if not draft.agreed:
        missing.append((_("Your data"), url_for("request.data_use")))
    return render_template(
        "request/check.html",
        draft=draft,
        about=_about_summary(draft),
        places=_where_summary(draft),
        topics=topics,
        missing=missing,
        again=again,
        changed=changed,
        key=secrets.token_urlsafe(KEY_BYTES),
        trail=_trail(draft, drafts.CHECK),
    )


def _draw_sent(form: forms.MailedCodeForm) -> str:
    found = status.just_sent(guards.actor(), guards.now())
    email = contact.masked_email(found.email) if found.email else None
    coded = "coded" in web.args or web.method == "POST"
    return render_template("request/sent.html", form=form, sent=found, email=email, coded=coded)


def _draw_later(form: forms.MailedCodeForm, draft: OpenDraft) -> str:
    email = draft.contact.email
    return render_template(
        "request/later.html",
        form=form,
        draft=draft,
        email=contact.masked_email(email) if email else None,
        until=format_date(drafts.today(draft.expires_at), "long"),
        coded="coded" in web.args or web.method == "POST",
    )


def _draw_closed(form: forms.MailedCodeForm, *, coded: bool) -> str:
    browser = links.browser_id()
    via = drafts.last_grant(browser, "draft") if browser else None
    email = status.address_of(via, guards.now()) if via else None
    return render_template(
        "request/closed.html",
        form=form,
        coded=coded,
        known=via is not None,
        email=contact.masked_email(email) if email else None,
    )


def _draw_held(form: forms.MailedCodeForm, *, coded: bool) -> str:
    browser = links.browser_id()
    via = drafts.last_grant(browser, "draft") if browser else None
    email = status.address_of(via, guards.now()) if via else None
    return render_template(
        "request/held.html",
        form=form,
        coded=coded,
        email=contact.masked_email(email) if email else None,
        kept=_held(),
        typed_at=_typed_at(),
    )


def _held() -> list[tuple[str, str]]:
    """List what was typed, in order, without our own fields."""
    ours = ("csrf_token", "code", "typed_at")
    return [pair for pair in web.form.items(multi=True) if pair[0] not in ours]


def _typed_at() -> str:
    """Return the page of this form on which it was typed; nothing else is an address here."""
    path = web.form.get("typed_at") or web.args.get("typed_at", "")
    fits = re.fullmatch(r"/request/[a-z/-]*(\?back=check)?", path, re.ASCII)
    return path if fits else url_for("request.check")


# --- Answers in words --------------------------------------------------------------------------


def _rows(rows: Iterable[Row], href: str | None = None) -> list[dict[str, Any]]:
    return [
        {
            "question": row.question,
            "answer": _("None") if row.answer == [] else row.answer,
            "href": href,
        }
        for row in rows
    ]


def _about_summary(draft: OpenDraft) -> list[dict[str, Any]]:
    person, href = draft.contact, url_for("request.start", back="check")
    reached = _("By email") if person.channel == "email" else _("By phone call")
    found = [
        (_("Name"), person.name),
        (_("Date of birth"), format_date(person.birth_date, "long")),
        (_("Phone number"), contact.phone(person.phone).display),
        (_("Email"), person.email or _("None. We call you")),
        (_("How we reach you"), reached),
        (_("Language"), filters.LANGUAGES[person.language]),
    ]
    if person.guardian:
        found.append((_("Parent or guardian"), person.guardian))
    return [{"question": name, "answer": said, "href": href} for name, said in found]


def _where_summary(draft: OpenDraft) -> list[dict[str, Any]]:
    href = url_for("request.where", back="check")
    language, wishes = filters.language(), draft.wishes
    questions = questionnaire.shipped(language)
    wanted = questions.questions["wanted_regions"]
    rows = [
        {
            "question": _("Where it hurts"),
            "answer": drafts.said(wanted, draft.answers, questions),
            "href": href,
        },
        *_rows(drafts.words_given(draft, language), href),
    ]
    for name, title in (("days", _("Days")), ("parts", _("Times of day"))):
        rows.append(
            {
                "question": title,
                "answer": [str(forms.WISHES[name][one]) for one in wishes.get(name, ())]
                or _("Any"),
                "href": href,
            }
        )
    if wishes.get("words"):
        rows.append({"question": _("About times"), "answer": wishes["words"], "href": href})
    return rows


def _about_rows(form: forms.AboutForm, draft: OpenDraft | None) -> list[dict[str, Any]]:
    return _typed_rows(form, _saved_about(draft)) if draft else []


def _saved_about(draft: OpenDraft) -> forms.AboutForm:
    data = {**vars(draft.contact), "phone": contact.phone(draft.contact.phone).display}
    return forms.AboutForm(None, data=data, today=drafts.today(guards.now()))


def _typed_rows(typed: forms.PatientForm, saved: forms.PatientForm) -> list[dict[str, Any]]:
    """List the fields in which the page that was sent differs from what is stored."""
    return [
        {"question": field.label.text, "saved": mine, "typed": theirs}
        for field in typed
        if field.name not in ("csrf_token", "seen", "idempotency_key")
        for mine, theirs in [(forms.shown_text(saved[field.name]), forms.shown_text(field))]
        if mine != theirs
    ]


# --- Codes -------------------------------------------------------------------------------------


def _via() -> tuple[UUID, str]:
    """Return this browser's own grant, lapsed or not, and the browser's id."""
    browser = links.browser_id()
    via = drafts.last_grant(browser, "draft") if browser else None
    if browser is None or via is None:
        abort(404)
    return via, browser
