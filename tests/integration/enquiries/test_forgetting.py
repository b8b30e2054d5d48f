"""Questions go when their time is over; what was published stays, without anybody in it."""

from datetime import timedelta
from uuid import UUID

from clinic.access import SYSTEM, Actor
from clinic.extensions import site
from clinic.models import Enquiry, Letter
from clinic.queries import enquiries as asked
from clinic.services import enquiries, publishing, retention, turning
from clinic.services.outbox import lease, mark_sent
from tests.integration.enquiries.conftest import Asks
from tests.support.scene import Scene, all_of, stored


def version(made: UUID) -> int:
    return int(stored(Enquiry, made).version)


def over(scene: Scene) -> timedelta:
    return timedelta(days=site.settings.enquiry_days)


def test_only_what_was_settled_long_enough_ago_goes(ask: Asks, scene: Scene, dana: Actor) -> None:
    waits, urgent, done, gone = (
        ask(words=words, email=f"n{n}@example.com")
        for n, words in enumerate(("When?", "I can't breathe", "Where?", "Buy this"))
    )
    for made in (urgent, done):
        enquiries.answer(dana, scene.now, made, text="Yes.", again=False, seen=1, key=made.hex)
    enquiries.close(dana, scene.now, gone, reason="spam", seen=1)
    while (letter := lease(SYSTEM, scene.now)) is not None:
        mark_sent(SYSTEM, scene.now, letter)
    almost = scene.now + over(scene) - timedelta(seconds=1)
    assert retention.run(SYSTEM, almost)["enquiries"] == 0

    due = retention.dry_run(SYSTEM, scene.now + over(scene))["enquiries"]
    erased = retention.run(SYSTEM, scene.now + over(scene))["enquiries"]

    assert due == erased == 2
    assert {one.id for one in all_of(Enquiry)} == {waits, urgent}
    left = [one for one in all_of(Letter) if one.enquiry_id in (done, gone)]
    assert left
    assert all(one.recipient is None and one.body is None for one in left)


def test_published_words_stay_without_the_person_and_can_be_taken_off(
    ask: Asks, scene: Scene, dana: Actor
) -> None:
    made = ask(may_publish=True)
    enquiries.answer(dana, scene.now, made, text="80 dollars.", again=False, seen=1, key="k")
    publishing.publish(
        dana, scene.now, made, question="Cost?", answer="80 dollars.", seen=version(made)
    )
    turning.make_request(
        dana, scene.now, made, address_checked=False, key="one key", seen=version(made)
    )

    retention.run(SYSTEM, scene.now + over(scene))

    row = stored(Enquiry, made)
    kept = (row.name, row.email, row.phone, row.question, row.events, row.email_digest)
    assert kept == (None,) * 6
    assert (row.browser, row.request_id, row.claimed_by_id) == (None, None, None)
    assert [one.answer for one in asked.published("en")] == ["80 dollars."]
    assert asked.page(dana, row.reference).erased
    publishing.unpublish(dana, scene.now, made, seen=version(made))
    assert asked.published("en") == ()
