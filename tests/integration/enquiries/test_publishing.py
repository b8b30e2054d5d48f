"""What everybody reads is there with consent, after an answer, and tells nothing of who asked."""

from uuid import UUID

import pytest

from clinic.access import Actor
from clinic.booking.enquiry import NotPossibleNow
from clinic.models import Enquiry
from clinic.queries import enquiries as asked
from clinic.services import enquiries, publishing
from tests.integration.enquiries.conftest import Asks
from tests.support.scene import Scene, stored

ASKED, TOLD = "What does a first visit cost?", "It costs 80 dollars."
WRITER = ("Ana María del Río", "amrio@example.com", "+15555550177")


def version(made: UUID) -> int:
    return int(stored(Enquiry, made).version)


def answered(ask: Asks, scene: Scene, actor: Actor, **values: object) -> UUID:
    made = ask(**{"may_publish": True, **values})
    enquiries.answer(actor, scene.now, made, text=TOLD, again=False, seen=1, key=made.hex)
    return made


def publish(
    scene: Scene, actor: Actor, made: UUID, question: str = ASKED, told: str = TOLD
) -> None:
    publishing.publish(actor, scene.now, made, question=question, answer=told, seen=version(made))


def test_an_answer_is_published_and_taken_off_again(ask: Asks, scene: Scene, dana: Actor) -> None:
    made = answered(ask, scene, dana)

    publish(scene, dana, made)

    [shown] = asked.published("en")
    assert (shown.question, shown.answer) == (ASKED, TOLD)
    publishing.unpublish(dana, scene.now, made, seen=version(made))
    assert asked.published("en") == ()


def test_nothing_is_published_without_the_writers_yes(ask: Asks, scene: Scene, dana: Actor) -> None:
    made = answered(ask, scene, dana, may_publish=False)

    with pytest.raises(publishing.NoConsent):
        publish(scene, dana, made)

    assert asked.published("en") == ()


def test_nothing_is_published_before_an_answer(ask: Asks, scene: Scene, dana: Actor) -> None:
    made = ask(may_publish=True)

    with pytest.raises(NotPossibleNow):
        publish(scene, dana, made)


def test_words_with_the_writer_in_them_are_refused(ask: Asks, scene: Scene, dana: Actor) -> None:
    made = answered(ask, scene, dana, name=WRITER[0], email=WRITER[1])

    with pytest.raises(publishing.TellsWhoAsked) as refused:
        publish(scene, dana, made, question="Maria asks: what does it cost?")

    assert refused.value.fields == ("question",)
    assert asked.published("en") == ()


@pytest.mark.parametrize(
    "text",
    [
        "Ana asks what it costs",
        "MARIA wants to know",
        "Thanks.Río",
        "Write to AMRIO@example.com",
        "I am amrio everywhere",
        "Call me: (555) 555-0177",
        "555 5550177 please",
    ],
)
def test_a_name_an_address_or_a_number_is_seen(text: str) -> None:
    assert publishing.tells_of(text, *WRITER)


@pytest.mark.parametrize(
    "text", [ASKED, "El precio del primer día", "Mariachi bands", "Call (555) 555-0100"]
)
def test_other_words_pass(text: str) -> None:
    assert not publishing.tells_of(text, *WRITER)


def test_short_and_unspaced_names_are_seen_too() -> None:
    assert publishing.tells_of("So asks Bo Li, of course", "Bo Li", "x@example.com", "")
    assert publishing.tells_of("我是李小龙吗", "李小龙", "x@example.com", "")
    assert not publishing.tells_of("Both lie down", "Bo Li", "x@example.com", "")


def test_the_pages_own_language_comes_first(ask: Asks, scene: Scene, dana: Actor) -> None:
    for language in ("es", "en"):
        made = answered(ask, scene, dana, language=language, email=f"{language}@example.com")
        publish(scene, dana, made)

    assert [row.language for row in asked.published("en")] == ["en", "es"]
    assert [row.language for row in asked.published("es")] == ["es", "en"]
