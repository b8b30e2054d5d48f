"""What staff read when an act on a question cannot be: why, how it stands, and what they typed."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _

from clinic.blueprints import conflicts
from clinic.blueprints.conflicts import Again, Answer
from clinic.booking.enquiry import NotPossibleNow
from clinic.queries import enquiries, opening
from clinic.queries.enquiries import EnquiryPage
from clinic.services.enquiries import AnsweredBefore, UrgentQuestion
from clinic.services.idempotency import OtherBody
from clinic.services.publishing import NoConsent
from clinic.services.transaction import ChangedUnderneath
from clinic.services.triage import ClaimedByOther
from clinic.services.turning import HasRequest, OtherPerson
from clinic.web import enquiry_words, filters, guards

ANSWERING = "enquiry_desk.answer"


def answer_on(blueprint: Blueprint) -> None:
    """Answer the refusals of this blueprint's acts with a page that says what to do."""
    blueprint.register_error_handler(ClaimedByOther, _claimed)
    blueprint.register_error_handler(ChangedUnderneath, _changed)
    blueprint.register_error_handler(AnsweredBefore, _answered)
    blueprint.register_error_handler(NotPossibleNow, _not_possible)
    blueprint.register_error_handler(UrgentQuestion, _urgent)
    blueprint.register_error_handler(NoConsent, _no_consent)
    blueprint.register_error_handler(HasRequest, _has_request)
    blueprint.register_error_handler(OtherPerson, _other_person)
    blueprint.register_error_handler(OtherBody, _other_body)


def _claimed(error: ClaimedByOther) -> Answer:
    since = filters.spoken(error.since, opening.zone()) if error.since else ""
    return _page(
        _("Somebody else works on this question"),
        _("%(name)s has it since %(when)s. Talk to them first, or take it over.", name=error.by,
          when=since),
        Again(_("Take over and go on"), take_over=True),
    )  # fmt: skip


def _changed(_error: ChangedUnderneath) -> Answer:
    return _page(
        _("This changed while you were at it"),
        _("Somebody changed it since you opened the page. Compare before you go on."),
        Again(_("Send mine all the same")),
    )


def _answered(_error: AnsweredBefore) -> Answer:
    return _page(
        _("This was answered while you were at it"),
        _("A letter is on its way already. Yours would be a second one."),
        Again(_("Look at my letter again")),
    )


def _not_possible(_error: NotPossibleNow) -> Answer:
    return _page(_("This cannot be done now"), _("See below how the question stands."))


def _urgent(_error: UrgentQuestion) -> Answer:
    return _page(
        _("This question cannot be closed yet"),
        _("A therapist must close the urgent flag first."),
    )


def _no_consent(_error: NoConsent) -> Answer:
    return _page(_("This cannot be published"), _("The writer did not say yes to a publication."))


def _has_request(error: HasRequest) -> Answer:
    said = _(
        "There is an open request with this e-mail address: %(reference)s. "
        "Join the question to it instead.",
        reference=error.reference,
    )
    return _page(_("There is a request already"), said)


def _other_person(_error: OtherPerson) -> Answer:
    return _page(
        _("These do not belong together"),
        _("The request is closed by now, or it has another e-mail address."),
    )


def _other_body(_error: OtherBody) -> Answer:
    return _page(
        _("This was sent before"),
        _("This form was sent before with other content. What was sent first is kept."),
    )


def _page(title: str, said: str, again: Again | None = None) -> Answer:
    reference = str((request.view_args or {})["reference"])
    shown = enquiries.page(guards.actor(), reference)
    again = replace(again, seen=shown.version) if again else None
    text = render_template(
        "desk/conflict.html",
        title=title,
        said=said,
        again=again,
        action=_way_on(reference),
        kept=conflicts.kept(again),
        typed=conflicts.typed(),
        stored=_stored(shown),
        answered=shown.newest_answer,
        back=url_for("enquiry_desk.page", reference=shown.reference),
        back_text=_("Back to the question"),
    )
    return text, 409


def _way_on(reference: str) -> str:
    """A letter is looked at once more before it goes; all else is sent again as it was."""
    if request.endpoint == ANSWERING:
        return url_for("enquiry_desk.preview", reference=reference)
    return request.path


def _stored(shown: EnquiryPage) -> list[tuple[str, str]]:
    zone = opening.zone()
    rows = [
        (_("State"), enquiry_words.STATES[shown.state].label),
        (_("With"), shown.claimed_by or _("nobody")),
        (_("Answered by"), shown.answered_by),
        (_("Answered"), filters.spoken(shown.answered_at, zone) if shown.answered_at else None),
        (_("Question, for everybody"), shown.public_question),
        (_("Answer, for everybody"), shown.public_answer),
    ]
    return [(str(term), str(text)) for term, text in rows if text]
