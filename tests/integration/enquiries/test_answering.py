"""Answers go out by letter, one at a time and known to everybody; closing is nobody's accident."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from clinic.access import SYSTEM, Actor, Refused, Role
from clinic.booking.enquiry import CLOSE_REASONS, MOVES, NotPossibleNow, acts
from clinic.models import Enquiry, Letter
from clinic.queries import enquiries as asked
from clinic.services import enquiries, outbox
from clinic.services.transaction import ChangedUnderneath
from clinic.services.triage import ClaimedByOther
from tests.integration.desk.test_races import race
from tests.integration.enquiries.conftest import EMAIL, Asks, asks
from tests.support.scene import Scene, all_of, stored

ANSWER = "A first visit costs 80 dollars."


def version(made: UUID) -> int:
    return int(stored(Enquiry, made).version)


def answers(made: UUID) -> list[str]:
    return [one["text"] for one in stored(Enquiry, made).events or () if one["act"] == "answer"]


def test_an_answer_goes_out_as_one_letter_to_who_asked(
    ask: Asks, scene: Scene, dana: Actor
) -> None:
    made = ask(language="es")

    enquiries.answer(dana, scene.now, made, text=ANSWER, again=False, seen=1, key="k")
    enquiries.answer(dana, scene.now, made, text=ANSWER, again=False, seen=1, key="k")

    enquiry = stored(Enquiry, made)
    assert (enquiry.state, enquiry.answered_by_id) == ("answered", dana.id)
    [letter] = all_of(Letter, kind="enquiry_answer")
    assert (letter.recipient, letter.language, letter.enquiry_id) == (EMAIL, "es", made)
    assert ANSWER in (letter.body or "")


def test_a_second_answer_is_never_sent_unknowingly(ask: Asks, scene: Scene, dana: Actor) -> None:
    made = ask()
    enquiries.answer(dana, scene.now, made, text=ANSWER, again=False, seen=1, key="k")

    with pytest.raises(enquiries.AnsweredBefore):
        enquiries.answer(
            dana, scene.now, made, text="More.", again=False, seen=version(made), key="k2"
        )
    enquiries.answer(dana, scene.now, made, text="More.", again=True, seen=version(made), key="k2")

    assert answers(made) == [ANSWER, "More."]
    assert len(all_of(Letter, kind="enquiry_answer")) == 2


def test_two_who_answer_at_once_send_one_letter_and_the_other_is_told(in_app: Flask) -> None:
    assert in_app.testing
    scene = Scene()
    people = [scene.staff(name, Role.FRONT_DESK) for name in ("Dana Desk", "Drew Desk")]
    made = asks(scene)

    def send(actor: Actor) -> None:
        enquiries.answer(
            actor, scene.now, made, text=actor.name, again=False, seen=1, key=actor.name
        )

    ended = race(in_app, *((lambda one=one: send(one)) for one in people))

    assert sorted(ended) in (["ChangedUnderneath", "won"], ["ClaimedByOther", "won"])
    assert len(answers(made)) == len(all_of(Letter, kind="enquiry_answer")) == 1


def test_who_holds_a_question_is_asked_first(
    ask: Asks, scene: Scene, dana: Actor, drew: Actor
) -> None:
    made = ask()
    enquiries.claim(dana, scene.now, made, seen=1)

    with pytest.raises(ClaimedByOther, match="somebody else"):
        enquiries.close(drew, scene.now, made, reason="spam", seen=version(made))
    with pytest.raises(ChangedUnderneath):
        enquiries.close(dana, scene.now, made, reason="spam", seen=1)
    enquiries.claim(drew, scene.now, made, seen=version(made), take_over=True)

    assert stored(Enquiry, made).claimed_by_id == drew.id
    enquiries.release(drew, scene.now, made, seen=version(made))
    assert stored(Enquiry, made).claimed_by_id is None


def test_a_question_is_closed_with_a_reason_and_opened_again(
    ask: Asks, scene: Scene, dana: Actor
) -> None:
    for reason in CLOSE_REASONS:
        closed = ask(email=f"{reason}@example.com")
        enquiries.close(dana, scene.now, closed, reason=reason, seen=1)
        assert stored(Enquiry, closed).closed_reason == reason
    made = ask()
    enquiries.close(dana, scene.now, made, reason="spam", seen=1)

    with pytest.raises(NotPossibleNow):
        enquiries.answer(dana, scene.now, made, text="x", again=False, seen=version(made), key="k")
    enquiries.reopen(dana, scene.now, made, seen=version(made))

    assert (stored(Enquiry, made).state, stored(Enquiry, made).closed_reason) == ("new", None)


def test_what_the_table_does_not_name_is_refused(ask: Asks, scene: Scene, dana: Actor) -> None:
    made = ask()

    with pytest.raises(NotPossibleNow):
        enquiries.reopen(dana, scene.now, made, seen=1)
    with pytest.raises(NotPossibleNow):
        enquiries.close(dana, scene.now, made, reason="no such reason", seen=1)
    with pytest.raises(NotPossibleNow):
        enquiries.call(dana, scene.now, made, outcome="shouted", key="shouted", number="", seen=1)

    assert stored(Enquiry, made).version == 1
    assert {act for _, act in MOVES} - {"send"} == set().union(*map(acts, MOVES.values()))


@pytest.mark.proves("MAIL-4")
def test_a_letter_that_failed_brings_the_question_back_until_something_is_done(
    ask: Asks, scene: Scene, dana: Actor
) -> None:
    made = ask(phone=None)
    enquiries.answer(dana, scene.now, made, text=ANSWER, again=False, seen=1, key="k")
    assert asked.waiting(dana).open == 0

    while (letter := outbox.lease(SYSTEM, scene.now)) is not None:
        outbox.mark_refused(SYSTEM, scene.now, letter, code="550")

    reference = stored(Enquiry, made).reference
    assert asked.waiting(dana).open == 1
    assert asked.page(dana, reference).letter_failed
    later = scene.now + timedelta(minutes=1)
    enquiries.close(dana, later, made, reason="answered_by_phone", seen=version(made))
    assert asked.waiting(dana).open == 0
    assert not asked.page(dana, reference).letter_failed


# --- What may not wait -----------------------------------------------------------------------


def test_an_urgent_question_is_closed_by_a_clinician_after_a_call(
    ask: Asks, scene: Scene, dana: Actor, theo: Actor
) -> None:
    made = ask(words="I can't breathe")
    enquiries.answer(dana, scene.now, made, text="We call you.", again=False, seen=1, key="k")

    with pytest.raises(enquiries.UrgentQuestion):
        enquiries.close(dana, scene.now, made, reason="spam", seen=version(made))
    with pytest.raises(Refused):
        enquiries.close_urgent(dana, scene.now, made, why="fine", seen=version(made))
    enquiries.call(
        dana,
        scene.now,
        made,
        outcome="voicemail",
        key="voicemail",
        number="+15555550177",
        seen=version(made),
    )
    with pytest.raises(enquiries.CallOrNoteMissing):
        enquiries.close_urgent(theo, scene.now, made, why=" ", seen=version(made), take_over=True)
    assert asked.waiting(dana).urgent == 1

    enquiries.call(
        dana,
        scene.now,
        made,
        outcome="reached",
        key="reached",
        number="+15555550177",
        seen=version(made),
    )
    enquiries.close_urgent(theo, scene.now, made, why="", seen=version(made), take_over=True)

    assert asked.waiting(dana) == asked.Waiting(0, 0, 0)
    assert stored(Enquiry, made).urgent


def test_a_clinicians_note_is_for_clinicians(
    ask: Asks, scene: Scene, dana: Actor, theo: Actor
) -> None:
    made = ask(words="I can't breathe", phone=None)
    enquiries.close_urgent(theo, scene.now, made, why="zitherquill", seen=1)
    reference = stored(Enquiry, made).reference

    assert "zitherquill" in repr(asked.page(theo, reference).events)
    assert "zitherquill" not in repr(asked.page(dana, reference))


# --- The list --------------------------------------------------------------------------------


def test_the_list_turns_its_pages_without_a_gap(ask: Asks, scene: Scene, dana: Actor) -> None:
    made = [
        ask(words="I can't breathe" if n % 10 == 0 else "When?", email=f"n{n}@example.com")
        for n in range(asked.PAGE * 2 + 3)
    ]
    references = {stored(Enquiry, one).reference for one in made}

    forwards = turned(dana, lambda page: page.next)
    backwards = turned(dana, lambda page: page.previous, begin=forwards[-1].previous or "")

    seen = [row.reference for page in forwards for row in page.rows]
    assert len(seen) == len(set(seen)) == len(references)
    urgent = [row for row in seen if stored(Enquiry, asked.find(dana, row)).urgent]
    assert seen[: len(urgent)] == urgent
    assert [page.rows for page in backwards] == [page.rows for page in forwards[-2::-1]]
    assert asked.listed(dana, folder="open", cursor="made-up").rows == forwards[0].rows


def turned(
    actor: Actor, onward: Callable[[asked.Listed], str | None], begin: str = ""
) -> list[asked.Listed]:
    """Turn the pages of the open questions one way until there is none."""
    pages = [asked.listed(actor, folder="open", cursor=begin)]
    while (cursor := onward(pages[-1])) is not None:
        pages.append(asked.listed(actor, folder="open", cursor=cursor))
    return pages


def test_folders_and_search_find_what_they_say(ask: Asks, scene: Scene, dana: Actor) -> None:
    waits, done, gone = (ask(email=f"{name}@example.com") for name in ("waits", "done", "gone"))
    enquiries.answer(dana, scene.now, done, text=ANSWER, again=False, seen=1, key="k")
    enquiries.close(dana, scene.now, gone, reason="spam", seen=1)

    def found(folder: str, search: str = "") -> list[str]:
        return [row.reference for row in asked.listed(dana, folder=folder, search=search).rows]

    names = {one: stored(Enquiry, one).reference for one in (waits, done, gone)}
    assert found("open") == [names[waits]]
    assert found("answered") == [names[done]]
    assert found("closed") == [names[gone]]
    assert found("published") == []
    assert found("open", "GONE@example.com") == [names[gone]]
    assert found("open", names[done].lower()) == [names[done]]
    assert found("open", "nonsense") == []
    assert asked.counts(dana) == {
        "open": 1, "mine": 0, "answered": 1, "published": 0, "closed": 1
    }  # fmt: skip
