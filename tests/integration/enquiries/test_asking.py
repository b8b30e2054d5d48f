"""A question arrives once, is confirmed by letter, and is not kept waiting if it may not wait."""

from datetime import timedelta

import pytest

from clinic.access import ANYONE, SYSTEM, Actor, NotThere, Refused, Role
from clinic.models import AuditEntry, Enquiry, Letter
from clinic.queries import enquiries as asked
from clinic.services import enquiries
from clinic.services.idempotency import OtherBody
from tests.integration.enquiries.conftest import EMAIL, NAME, WORDS, Asks
from tests.support.scene import Scene, all_of, stored


def test_a_question_is_stored_sealed_and_confirmed_by_a_letter_that_does_not_quote_it(
    ask: Asks,
) -> None:
    made = ask()

    enquiry: Enquiry = stored(Enquiry, made)
    assert (enquiry.state, enquiry.question, enquiry.email) == ("new", WORDS, EMAIL)
    assert WORDS.encode() not in (enquiry.question_sealed or b"")
    [letter] = all_of(Letter)
    assert (letter.kind, letter.recipient, letter.enquiry_id) == ("enquiry_received", EMAIL, made)
    said = f"{letter.subject}\n{letter.body}"
    assert enquiry.reference in said
    assert not any(word in said for word in (WORDS, "cost", NAME, "Quorinda"))


@pytest.mark.proves("CON-4")
def test_the_same_form_sent_again_makes_nothing_more(ask: Asks) -> None:
    first = ask(key="one key")

    again = ask(key="one key")

    assert again == first
    assert len(all_of(Enquiry)) == len(all_of(Letter)) == 1
    with pytest.raises(OtherBody):
        ask(key="one key", words="Another question?")


def test_another_question_reopens_and_closes_nothing(ask: Asks, scene: Scene, dana: Actor) -> None:
    first = ask(words="How long does it take?")
    enquiries.close(dana, scene.now, first, reason="answered_by_phone", seen=1)
    before = stored(Enquiry, first).version

    ask(words="Thanks")

    assert (stored(Enquiry, first).state, stored(Enquiry, first).version) == ("closed", before)


def test_nobodys_mailbox_is_filled(ask: Asks) -> None:
    for number in range(enquiries.RECEIPTS_A_DAY + 3):
        ask(words=f"Question {number}?")

    assert len(all_of(Enquiry)) == enquiries.RECEIPTS_A_DAY + 3
    assert len(all_of(Letter)) == enquiries.RECEIPTS_A_DAY


@pytest.mark.parametrize(
    "words",
    [
        "I have chest pain and can't breathe. Do you have time today?",
        "Me duele el pecho y no puedo respirar",
        "I have a fever of 103. Is needling still ok?",
        "quiero morirme",
    ],
)
def test_words_of_a_warning_sign_alert_the_clinic_and_stand_on_top(
    ask: Asks, scene: Scene, dana: Actor, words: str
) -> None:
    ask(words="Do you open on Saturdays?")
    urgent = ask(words=words, email="other@example.com", language="es")

    enquiry = stored(Enquiry, urgent)
    assert enquiry.urgent
    assert enquiry.urgent_open
    [alert] = all_of(Letter, kind="enquiry_alert")
    assert alert.recipient == "alerts@example.com"
    told = f"{alert.subject}\n{alert.body}"
    assert enquiry.reference in told
    assert not any(word in told for word in (words, NAME, "other@example.com"))
    rows = asked.listed(dana, folder="open").rows
    assert [row.urgent for row in rows] == [True, False]
    assert asked.waiting(dana) == asked.Waiting(open=2, urgent=1, untaken=1)


@pytest.mark.parametrize("words", [WORDS, "Do you treat a sore neck?", "¿Cuánto cuesta?"])
def test_other_words_alert_nobody(ask: Asks, words: str) -> None:
    made = ask(words=words)

    assert not stored(Enquiry, made).urgent
    assert all_of(Letter, kind="enquiry_alert") == []


def test_an_alert_goes_out_again_until_somebody_takes_the_question(
    ask: Asks, scene: Scene, dana: Actor
) -> None:
    urgent = ask(words="I can't breathe")
    later = scene.now + timedelta(minutes=16)
    assert enquiries.escalate_due(SYSTEM, scene.now + timedelta(minutes=5)) == 0

    assert enquiries.escalate_due(SYSTEM, later) == 1
    assert enquiries.escalate_due(SYSTEM, later) == 0
    assert len(all_of(Letter, kind="enquiry_alert")) == 2

    enquiries.claim(dana, later, urgent, seen=stored(Enquiry, urgent).version)
    assert enquiries.escalate_due(SYSTEM, later + timedelta(hours=1)) == 0
    ask(words="I can't breathe", email="third@example.com")
    with pytest.raises(Refused):
        enquiries.escalate_due(dana, later)


@pytest.mark.proves("AUD-4")
def test_the_trail_holds_no_word_of_it(ask: Asks, scene: Scene, theo: Actor) -> None:
    made = ask(words="I can't breathe, zitherquill")
    enquiries.call(
        theo, scene.now, made, outcome="reached", key="reached", number="+15555550177", seen=1
    )
    enquiries.close_urgent(
        theo, scene.now, made, why="zitherquill", seen=stored(Enquiry, made).version
    )

    entries = [entry for entry in all_of(AuditEntry) if entry.subject_kind == "enquiry"]

    assert [entry.act for entry in entries] == [
        "enquiry.sent",
        "enquiry.claimed",
        "enquiry.called",
        "enquiry.urgent_closed",
    ]
    told = "".join(entry.detail for entry in all_of(AuditEntry))
    assert not any(word in told for word in ("zitherquill", "breathe", NAME, EMAIL, "5550177"))


def test_staff_send_no_questions_and_strangers_see_none(
    ask: Asks, scene: Scene, dana: Actor
) -> None:
    made = ask()
    admin = scene.staff("Ada Admin", Role.ADMIN)
    reference = stored(Enquiry, made).reference
    question = enquiries.Question(NAME, EMAIL, None, WORDS, "en", may_publish=False)

    with pytest.raises(NotThere):
        enquiries.send(dana, scene.now, question=question, browser="b", key="k")
    for stranger in (admin, ANYONE):
        with pytest.raises(Refused):
            asked.page(stranger, reference)
        with pytest.raises(Refused):
            asked.listed(stranger, folder="open")
        with pytest.raises(Refused):
            enquiries.claim(stranger, scene.now, made, seen=1)
        assert asked.waiting(stranger) == asked.Waiting(0, 0, 0)
    with pytest.raises(NotThere):
        asked.sent(made, browser="another browser")
