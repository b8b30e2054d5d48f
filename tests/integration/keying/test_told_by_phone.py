"""Who has no e-mail is told by phone; who was told by phone keeps a link that works."""

from datetime import timedelta
from uuid import UUID

import pytest

from clinic.access import SYSTEM, Actor, Role
from clinic.models import AuditEntry, Letter, Offer, Request, Token
from clinic.queries import requests
from clinic.services import offering, tokens, tracks
from clinic.services.transaction import Work, writes
from tests.support.scene import Scene, all_of, person, stored, version_of


def offered(scene: Scene, dana: Actor, request_id: UUID) -> UUID:
    """Offer a time with Theo, two days ahead."""
    theo = next(one for one in scene.users.values() if Role.THERAPIST in one.roles)
    place = scene.place("Side Street")
    scene.hours(theo, place)
    return offering.offer(
        dana,
        scene.now,
        request_id,
        therapist_id=person(theo),
        location_id=place,
        starts_at=scene.now + timedelta(days=2),
        visit_kind="needling",
        seen=version_of(request_id),
        key="the one offer",
    )


@writes
def _issue(work: Work, request_id: UUID) -> str:
    return tokens.issue_link(work, tracks.load(work, request_id))


def live_links(request_id: UUID) -> list[Token]:
    """The links of a request that still open something."""
    links = all_of(Token, request_id=request_id, purpose="link")
    return [link for link in links if link.revoked_at is None]


@pytest.mark.proves("TOK-2")
def test_an_offer_declined_on_the_phone_leaves_the_link_that_was_mailed_before(
    scene: Scene, dana: Actor
) -> None:
    request_id = scene.request(cleared=True)
    _issue(SYSTEM, scene.now, request_id)
    [mailed] = live_links(request_id)
    offer_id = offered(scene, dana, request_id)

    offering.decline(dana, scene.now, offer_id, seen=stored(Offer, offer_id).version)

    assert [letter.state for letter in all_of(Letter, kind="offer")] == ["dropped"]
    assert mailed.id in [link.id for link in live_links(request_id)]


def test_a_lasting_link_ends_that_of_an_offer(scene: Scene, dana: Actor) -> None:
    request_id = scene.request(cleared=True)
    offer_id = offered(scene, dana, request_id)
    [first] = live_links(request_id)
    assert first.offer_id == offer_id
    offering.decline(dana, scene.now, offer_id, seen=stored(Offer, offer_id).version)

    _issue(SYSTEM, scene.now, request_id)

    [lasting] = live_links(request_id)
    assert lasting.offer_id is None


def test_a_letter_to_nobody_is_noted_for_the_phone_and_never_an_error(
    scene: Scene, dana: Actor
) -> None:
    request_id = scene.request(cleared=True, email=None, channel="phone")

    offer_id = offered(scene, dana, request_id)
    offering.withdraw(dana, scene.now, offer_id, seen=stored(Offer, offer_id).version)

    assert all_of(Letter, request_id=request_id) == []
    skipped = [one for one in all_of(AuditEntry) if one.act == "letter.skipped"]
    assert [one.detail for one in skipped] == ['{"kind": "offer"}', '{"kind": "offer_ended"}']
    page = requests.page(dana, stored(Request, request_id).reference)
    told = [one for one in page.events if (one.kind, one.code) == ("letter", "skipped")]
    assert [one.parts["letter"] for one in told] == ["offer_ended", "offer"]
