"""The patient's answers after they were sent: confirm them, change them, reply to a question."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.access import NotThere
from clinic.blueprints import answering, answers_said
from clinic.forms import ConfirmForm, ReplyForm
from clinic.queries import confirming as answers
from clinic.queries import drafts
from clinic.queries.confirming import Standing
from clinic.services import confirming
from clinic.services.confirming import TooLong
from clinic.services.transaction import ChangedUnderneath
from clinic.web import filters, guards, links

blueprint = Blueprint("confirming", __name__, url_prefix="/status/answers")
Answer = str | Response | tuple[str, int]


@blueprint.get("/")
@guards.status
def overview() -> Answer:
    """Show the answers as they were sent, and ask whether they still hold."""
    return _draw(_standing())


@blueprint.post("/same")
@guards.status
def same() -> Answer:
    """Take a yes: nothing has changed. What may change in a day is asked next."""
    form = ConfirmForm()
    if not form.validate():
        return redirect(url_for("confirming.overview"), 303)
    try:
        confirming.nothing_changed(
            guards.actor(),
            guards.now(),
            _own_id(),
            intake_id=form.intake_id,
            language=filters.language(),
            browser=links.browser_id(make=True) or "",
        )
    except ChangedUnderneath:
        return _draw(_standing(), changed=True), 409
    draft = drafts.find(guards.actor(), guards.now())
    page = answering.first_open(draft) if draft is not None else drafts.CHECK
    return redirect(_address(page, back=answering.OPEN), 303)


@blueprint.post("/changed")
@guards.status
def changed() -> Answer:
    """Open the history again, with the answers filled in."""
    return _open_again()


@blueprint.get("/question")
@guards.status
def question() -> Answer:
    """Show what a therapist has asked."""
    asked = _standing().question
    if asked is None:
        return redirect(url_for("status.overview"), 303)
    form = ReplyForm(formdata=None, data={"review": asked.review_id.hex})
    return render_template("confirming/question.html", form=form, asked=asked, newer=False)


@blueprint.post("/question")
@guards.status
def reply() -> Answer:
    """Take the reply, and go on to what is to be answered again."""
    asked = _standing().question
    if asked is None:
        return redirect(url_for("status.overview"), 303)
    form = ReplyForm()
    if not form.validate():
        return render_template("confirming/question.html", form=form, asked=asked, newer=False), 422
    try:
        page = confirming.reply(
            guards.actor(),
            guards.now(),
            _own_id(),
            review_id=form.review_id,
            words=form.words,
            language=filters.language(),
            browser=links.browser_id(make=True) or "",
        )
    except TooLong:
        form.refuse("reply", _("Shorten this, please, or call us"))
        return render_template("confirming/question.html", form=form, asked=asked, newer=False), 422
    except ChangedUnderneath:
        form.review.data = asked.review_id.hex
        return render_template("confirming/question.html", form=form, asked=asked, newer=True), 409
    return redirect(_address(page, back=drafts.CHECK), 303)


@blueprint.app_template_global()
def answers_standing() -> Standing | None:
    """Return what the patient may do with the answers, for the status page."""
    return answers.standing(guards.actor(), guards.now(), filters.language())


def _draw(standing: Standing, *, changed: bool = False) -> str:
    return render_template(
        "confirming/answers.html",
        standing=standing,
        given_on=format_date(standing.given_on, "long"),
        topics=_topics(),
        changed=changed,
    )


def _topics() -> list[tuple[str, list[answers_said.Said]]]:
    found = answers.topics(guards.actor(), guards.now(), filters.language())
    return [(topic.title, answers_said.rows(topic.rows)) for topic in found]


def _standing() -> Standing:
    found = answers.standing(guards.actor(), guards.now(), filters.language())
    if found is None:
        raise NotThere
    return found


def _own_id() -> UUID:
    request_id = guards.actor().request_id
    if request_id is None:
        raise NotThere
    return request_id


def _open_again() -> Response:
    confirming.something_changed(
        guards.actor(),
        guards.now(),
        _own_id(),
        language=filters.language(),
        browser=links.browser_id(make=True) or "",
    )
    return redirect(url_for("request.check"), 303)


def _address(page: str, *, back: str) -> str:
    if page.startswith(drafts.HISTORY):
        section = page.removeprefix(drafts.HISTORY)
        return url_for("request.history", section=section, back=back)
    return url_for("request.stop" if page == "stop" else "request.check")
