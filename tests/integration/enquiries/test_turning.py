"""A question becomes a request in one step, or is joined to the one that there is."""

import re
from uuid import UUID

import pytest
from sqlalchemy import select

from clinic.access import Actor
from clinic.extensions import db
from clinic.models import Draft, Enquiry, Letter, Request, Token
from clinic.queries import drafts, status
from clinic.queries import enquiries as asked
from clinic.services import enquiries, turning
from tests.integration.enquiries.conftest import EMAIL, NAME, PHONE, WORDS, Asks
from tests.support.scene import Scene, all_of, stored


def version(made: UUID) -> int:
    return int(stored(Enquiry, made).version)


def turn(scene: Scene, actor: Actor, made: UUID, *, checked: bool = False) -> Request:
    request_id = turning.make_request(
        actor, scene.now, made, address_checked=checked, key="one key", seen=version(made)
    )
    request: Request = stored(Request, request_id)
    return request


def test_a_draft_is_made_with_what_is_known_and_the_words_where_they_are_screened(
    ask: Asks, scene: Scene, dana: Actor
) -> None:
    made = ask(language="es")

    request = turn(scene, dana, made)

    assert (request.name, request.email, request.phone) == (NAME, EMAIL, PHONE)
    assert (request.language, request.desk_state) == ("es", "draft")
    [draft] = all_of(Draft)
    assert draft.answers == {"free_text.hopes": WORDS}
    enquiry = stored(Enquiry, made)
    assert (enquiry.state, enquiry.request_id) == ("turned", request.id)
    assert asked.of_request(dana, request.id) == (enquiry.reference,)
    assert asked.page(dana, enquiry.reference).request_reference is None  # nobody sees a draft


@pytest.mark.proves("CON-4")
def test_a_double_click_makes_one_request(ask: Asks, scene: Scene, dana: Actor) -> None:
    made = ask()

    first, again = (
        turning.make_request(dana, scene.now, made, address_checked=True, key="one key", seen=1)
        for _ in range(2)
    )

    assert first == again
    assert len(all_of(Request)) == len(all_of(Letter, kind="enquiry_request")) == 1


@pytest.mark.proves("TOK-4")
def test_the_link_of_an_address_that_nobody_checked_opens_nothing_elsewhere(
    ask: Asks, scene: Scene, dana: Actor
) -> None:
    request = turn(scene, dana, ask(browser="her own"))

    [letter] = all_of(Letter, kind="enquiry_request")
    secret = re.search(r"/r/(\S+)", letter.body or "")
    assert secret
    link = status.link(secret[1], scene.now)
    assert (link.request_id, link.proved, link.has_draft) == (request.id, False, True)
    own = drafts.last_grant("her own", "draft")
    assert own is not None
    assert drafts.last_grant("another", "draft") is None
    granted = db.session.scalars(select(Token).where(Token.purpose == "draft_browser")).one()
    assert granted.expires_at <= scene.now  # it asks for a code even there
    assert not any(word in f"{letter.subject}{letter.body}" for word in (NAME, WORDS, PHONE))


def test_an_address_that_was_read_back_is_proved(ask: Asks, scene: Scene, dana: Actor) -> None:
    request = turn(scene, dana, ask(), checked=True)

    assert request.email_proved_at == scene.now


def test_who_has_an_open_request_gets_no_second_one(ask: Asks, scene: Scene, dana: Actor) -> None:
    known = stored(Request, scene.request(email=EMAIL))
    made = ask(email=EMAIL.upper())

    with pytest.raises(turning.HasRequest, match="open request") as told:
        turn(scene, dana, made)
    assert told.value.reference == known.reference
    with pytest.raises(turning.OtherPerson):
        turning.join(dana, scene.now, made, reference="K7MQ-4HXT", seen=version(made))
    turning.join(dana, scene.now, made, reference=known.reference, seen=version(made))

    assert len(all_of(Request)) == 1
    page = asked.page(dana, stored(Enquiry, made).reference)
    assert (page.state, page.request_reference) == ("turned", known.reference)


def test_a_question_that_became_a_request_can_still_be_answered(
    ask: Asks, scene: Scene, dana: Actor
) -> None:
    made = ask()
    turn(scene, dana, made)

    enquiries.answer(dana, scene.now, made, text="Yes.", again=False, seen=version(made), key="k")

    assert stored(Enquiry, made).state == "turned"
    assert len(all_of(Letter, kind="enquiry_answer")) == 1


def test_an_urgent_question_stays_on_top_though_it_became_a_request(
    ask: Asks, scene: Scene, dana: Actor
) -> None:
    made = ask(words="I can't breathe")

    turn(scene, dana, made)

    assert asked.waiting(dana) == asked.Waiting(open=1, urgent=1, untaken=0)
