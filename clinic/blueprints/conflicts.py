"""What staff read when an act on a request cannot be: why, who was first, and what they typed.

Nothing typed is lost: the page carries it, and where it makes sense a button sends it again.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _

from clinic.booking.lifecycle import NoSuchMove
from clinic.queries import requests
from clinic.services.contacting import CannotUndo
from clinic.services.desk_letters import NotFailed
from clinic.services.holding import SlotTaken
from clinic.services.idempotency import OtherBody
from clinic.services.needling import NotCleared
from clinic.services.offering import OfferEnded
from clinic.services.tokens import NoAddress
from clinic.services.transaction import ChangedUnderneath
from clinic.services.triage import ClaimedByOther, UrgentOpen
from clinic.web import desk_words, filters, guards, words

Answer = tuple[str, int]
UNSEEN = (
    "csrf_token",
    "idempotency_key",
    "seen",
    "take_over",
    "back",
    "again",
    "request_reference",
)


@dataclass(frozen=True)
class Again:
    """A way to send the same form again: its button, and what is different this time."""

    label: str
    seen: int | None = None
    take_over: bool = False
    new_key: bool = False


def answer_on(blueprint: Blueprint) -> None:
    """Answer the refusals of this blueprint's acts with a page that says what to do."""
    blueprint.register_error_handler(ClaimedByOther, _claimed)
    blueprint.register_error_handler(ChangedUnderneath, _changed)
    blueprint.register_error_handler(NotCleared, _not_cleared)
    blueprint.register_error_handler(UrgentOpen, _urgent_open)
    blueprint.register_error_handler(SlotTaken, _slot_taken)
    blueprint.register_error_handler(OfferEnded, _offer_ended)
    blueprint.register_error_handler(NoSuchMove, _no_such_move)
    blueprint.register_error_handler(OtherBody, _other_body)
    blueprint.register_error_handler(CannotUndo, _cannot_undo)
    blueprint.register_error_handler(NotFailed, _not_failed)
    blueprint.register_error_handler(NoAddress, _no_address)


def _claimed(error: ClaimedByOther) -> Answer:
    page = _now()
    since = filters.spoken(error.since, page.zone) if error.since else ""
    return _page(
        page,
        _("Somebody else works on this request"),
        _("%(name)s has it since %(when)s. Talk to them first, or take it over.", name=error.by,
          when=since),
        Again(_("Take over and go on"), take_over=True),
    )  # fmt: skip


def _changed(_error: ChangedUnderneath) -> Answer:
    page = _now()
    change = requests.last_change(guards.actor(), page.reference)
    who = change.by or _("The patient or the clinic's own clockwork")
    when = filters.spoken(change.at, page.zone)
    on_request = "offer_id" not in _args() and "appointment_id" not in _args()
    return _page(
        page,
        _("This changed while you were at it"),
        _("%(name)s changed it, %(when)s. Compare before you go on.", name=who, when=when),
        Again(_("Send mine all the same"), seen=page.version) if on_request else None,
    )


def _not_cleared(error: NotCleared) -> Answer:
    said = str(desk_words.NOT_CLEARED[error.reason])
    return _page(_now(), _("This visit cannot be held"), said)


def _urgent_open(_error: UrgentOpen) -> Answer:
    said = str(desk_words.NOT_CLEARED["urgent_open"])
    return _page(_now(), _("This request cannot be closed yet"), said)


def _slot_taken(_error: SlotTaken) -> Answer:
    said = _("Somebody else took that time, or a part of it. Choose another one.")
    return _page(_now(), _("That time is taken"), said)


def _offer_ended(_error: OfferEnded) -> Answer:
    said = _("The offer is not open any more. See below how things stand, and offer another time.")
    return _page(_now(), _("That offer has ended"), said)


def _no_such_move(_error: NoSuchMove) -> Answer:
    page = _now()
    said = str(desk_words.NOT_NOW[page.desk_state])
    return _page(page, _("This cannot be done now"), said)


def _other_body(_error: OtherBody) -> Answer:
    said = _("This form was sent before with other content. What was sent first is kept.")
    return _page(
        _now(), _("This was sent before"), said, Again(_("Send it as a new one"), new_key=True)
    )


def _cannot_undo(error: CannotUndo) -> Answer:
    said = {
        "too_late": _("A call can be taken back for ten minutes. Write a note instead."),
        "moved_on": _("More was done on this request since. Write a note instead."),
    }
    return _page(_now(), _("That call stays"), said[error.reason])


def _not_failed(_error: NotFailed) -> Answer:
    said = _("Somebody saw to that letter already, or it cannot be sent a second time.")
    return _page(_now(), _("That letter needs nothing more"), said)


def _no_address(_error: NoAddress) -> Answer:
    said = _("There is no e-mail address to write to. Call the patient instead.")
    return _page(_now(), _("This letter has nowhere to go"), said)


def _now() -> requests.RequestPage:
    return requests.page(guards.actor(), str(_args()["reference"]))


def _args() -> dict[str, object]:
    return dict(request.view_args or {})


def _page(page: requests.RequestPage, title: str, said: str, again: Again | None = None) -> Answer:
    text = render_template(
        "desk/conflict.html",
        title=title,
        said=said,
        again=again,
        action=request.path,
        kept=kept(again),
        typed=typed(),
        stored=_stored(page),
        answered=None,
        key=guards.trace(),
        back=url_for("desk.request_page", reference=page.reference),
        back_text=_("Back to the request"),
    )
    return text, 409


def _stored(page: requests.RequestPage) -> list[tuple[str, str]]:
    """Say how the request stands, its contact details included where they are shown at all."""
    known = page.contact
    rows = [
        (_("Desk"), words.DESK[page.desk_state].label),
        (_("Clinical"), words.CLINICAL[page.clinical_state].label),
        (_("With"), page.claimed_by or _("nobody")),
        (_("Phone"), desk_words.phone(known.phone) if known and known.phone else None),
        (_("Email"), known.email if known else None),
    ]
    return [(str(term), str(text)) for term, text in rows if text]


def kept(again: Again | None) -> list[tuple[str, str]]:
    """List what the form is sent with once more, but for what is different this time."""
    changed = {"csrf_token", "take_over", "again"}
    if again and again.seen is not None:
        changed.add("seen")
    if again and again.new_key:
        changed.add("idempotency_key")
    return [pair for pair in request.form.items(multi=True) if pair[0] not in changed]


def typed() -> list[str]:
    """List what the person typed or chose, without the form's own wiring."""
    sent = request.form.items(multi=True)
    return [value for name, value in sent if name not in UNSEEN and value.strip()]
