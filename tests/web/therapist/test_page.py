"""The therapist's page: what it shows, what it signs, and what it gives back."""

from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from clinic.extensions import db
from clinic.models import AuditEntry, Clearance, Letter, Review
from clinic.services import review
from clinic.services.review import Decision
from tests.support.page import Page
from tests.support.patients import Patient, newest_intake
from tests.support.scene import all_of, version_of
from tests.web.therapist.conftest import CLOSE, DECIDE, Room

REASON = "Asked again on the phone, and it is fine."
GRAVE = {"anticoagulant": "no", "medicines": ["elaquis 5 mg", "zorblax for my bladder"]}


def reviews(room: Room) -> list[Review]:
    return room.behind(all_of, Review)


def openings(room: Room) -> int:
    query = select(func.count()).where(AuditEntry.act == "history.opened")
    return room.behind(lambda: db.session.scalar(query) or 0)


def test_the_page_says_what_matters_first_and_leaves_nothing_out(room: Room) -> None:
    patient = room.asks(answers=GRAVE, hopes="To carry my grandchild.")

    page = room.open(patient)

    assert page.heading == "Rosa Example"
    summary, rest = page.text.split("Findings, the gravest first", 1)
    for said in (
        "46 years",
        "Hold needling",
        "Lower back Avoid Blood thinner",
        "Shoulder, left Avoid Blood thinner",
        "Hopes: To carry my grandchild.",
        "Blood thinner Hold needling Answers do not match",
        "Medicine not recognised Review first",
        "Ask again on the day: ",
        "; Medicines;",
    ):
        assert said in summary
    for said in (
        "Which medicines do you take? elaquis 5 mg",
        "Never advise stopping the drug.",
        "zorblax for my bladder Not recognised",
        "apixaban (Blood thinner; taken now; spelled differently)",
        "Do you take a blood thinner (a medicine to stop clots)? No",
        "Nobody has approved them.",
        "You sign as Theo Therapist",
    ):
        assert said in rest
    for slug in ("not_sure", "rf-chest-breath", "anticoagulant.", "shoulder-left,", "null"):
        assert slug not in page.text


def test_signing_clears_with_a_name_and_a_time_under_it(room: Room) -> None:
    patient = room.asks()

    page = room.open(patient).submit(
        DECIDE,
        {"valid_until-month": "1", "valid_until-day": "8", "valid_until-year": "2027"},
        decision="Clear with limits",
        regions=["Lower back"],
        technique=["Few needles"],
        positions=["Lying down"],
        reason="First visit, gently.",
    )

    assert "Your decision is signed." in page.text
    signed = "Signed by Theo Therapist, Monday, November 23, 2026 at 10:00 AM EST"
    assert signed in page.text
    assert "November 23, 2026 to January 8, 2027" in page.text
    (clearance,) = room.behind(all_of, Clearance)
    assert clearance.limits == {
        "regions": ["lower-back"],
        "technique": ["few_needles"],
        "positions": ["lying_down"],
    }
    assert clearance.valid_until == date(2027, 1, 8)


def test_wanted_regions_are_ticked_unless_they_are_to_be_avoided(room: Room) -> None:
    nodes = {"lymph-node-removal": "yes", "lymph-node-removal.place": ["armpit"]}
    nodes |= {"lymph-node-removal.side": "left", "lymph-node-removal.extent": "many"}
    patient = room.asks(regions=("shoulder-left", "knee-right"), answers=nodes)

    page = room.open(patient)

    assert page.values["regions"] == ["knee-right"]
    assert "other_regions" not in page.values


def test_what_is_missing_is_asked_for_and_nothing_typed_is_lost(room: Room) -> None:
    patient = room.asks(answers=GRAVE)

    page = room.open(patient).submit(
        DECIDE,
        decision="Clear with limits",
        other_regions=["Knee, left"],
        technique=["Superficial needling only"],
        note="Knows about bruises.",
    )

    assert page.status == 422
    said = {"overrides-0-code": "Choose why needling is right although a rule asks for caution"}
    assert page.errors == said
    assert page.values["other_regions"] == ["knee-left"]
    assert page.values["technique"] == ["superficial_only"]
    assert "Knows about bruises." in page.values["note"][0]
    assert reviews(room) == []
    fields = {"overrides-0-code": "The prescriber agreed", "overrides-0-reason": REASON}
    page = page.submit(DECIDE, fields)
    assert page.status == 422  # each finding needs its own
    assert set(page.errors) == {"overrides-1-code"}
    assert page.values["overrides-0-reason"] == [REASON]
    fields = {"overrides-1-code": "asked_again", "overrides-1-reason": "It is a vitamin, he says."}
    page = page.submit(DECIDE, fields)
    assert "Your decision is signed." in page.text
    assert "Blood thinner: The prescriber agreed." in page.text
    assert "Medicine not recognised: I asked again" in page.text
    (signed,) = reviews(room)
    assert [one["code"] for one in (signed.limits or {})["overrides"]] == [
        "prescriber_agreed",
        "asked_again",
    ]


def test_asking_for_more_needs_a_question_that_is_kept(room: Room) -> None:
    patient = room.asks()

    page = room.open(patient).submit(DECIDE, decision="Ask the patient for more")
    assert page.errors == {"question": "Write the question in words that the patient understands"}
    page = page.submit(DECIDE, question="When was the surgery?", sections=["Your medicines"])

    assert "Asked: When was the surgery?" in page.text
    (letter,) = room.behind(all_of, Letter, kind="more_information")
    for content in ("surgery", "Your medicines", "Example", "medicine"):
        assert content not in f"{letter.subject} {letter.body}"


def test_waiting_without_a_date_is_told_beside_the_date(room: Room) -> None:
    patient = room.asks()

    page = room.open(patient).submit(DECIDE, decision="Wait until a date", reason=REASON)

    assert page.status == 422
    assert list(page.errors.values()) == ["Enter a day that lies ahead"]
    assert next(iter(page.errors)).startswith("again_on")
    page = page.submit(
        DECIDE, {"again_on-month": "12", "again_on-day": "14", "again_on-year": "2026"}
    )
    assert "Not before December 14, 2026" in page.text


def test_a_decision_on_an_older_page_comes_back_with_who_was_first(room: Room) -> None:
    patient = room.asks()
    page = room.open(patient)
    room.behind(_refer, room, patient)

    page = page.submit(DECIDE, decision="Clear for needling", reason="Mine was quite different.")

    assert page.status == 409
    assert "Tess Therapist changed this request, Monday, November 23, 2026" in page.text
    assert "See a doctor first" in page.text  # theirs
    assert "Mine was quite different." in page.values["reason"][0]  # and mine
    assert page.values["decision"] == ["clear"]
    assert len(reviews(room)) == 1
    page = page.submit(DECIDE)
    assert "Your decision is signed." in page.text
    assert len(reviews(room)) == 2


def test_a_decision_on_older_answers_comes_back_with_the_newer_ones(room: Room) -> None:
    patient = room.asks(answers={"rf-chest-breath": "yes"})
    page = room.open(patient)
    patient.answers = {"diabetes": "yes"}
    room.behind(patient.takes_it_back, room.now)
    room.behind(patient.fills_in, room.now)
    room.behind(patient.sends, room.now)

    page = page.submit(DECIDE, decision="See a doctor first", reason=REASON)

    assert page.status == 409
    assert "Version 2, sent" in page.text
    assert "Chest pain or breathlessness: the answer was changed" in page.text
    assert REASON in page.values["reason"][0]
    assert reviews(room) == []


def test_clicking_twice_signs_once_and_says_the_same(room: Room) -> None:
    patient = room.asks()
    page = room.open(patient)

    pages = [page.submit(DECIDE, decision="See a doctor first") for _ in range(2)]

    assert [one.status for one in pages] == [200, 200]
    assert all("Your decision is signed." in one.text for one in pages)
    assert len(reviews(room)) == 1


def test_the_same_form_with_other_content_is_a_conflict(room: Room) -> None:
    patient = room.asks()
    page = room.open(patient)
    page.submit(DECIDE, decision="See a doctor first")

    again = page.submit(DECIDE, decision="Offer other care, no needling")

    assert again.status == 409
    assert "What was sent first is kept." in again.text
    assert [one.decision for one in reviews(room)] == ["refer"]


def test_a_clearance_is_withdrawn_by_one_button(room: Room) -> None:
    patient = room.asks()
    room.open(patient).submit(DECIDE, decision="Clear for needling")

    page = room.open(patient).submit("Withdraw the clearance", why=REASON)

    assert "The clearance is withdrawn." in page.text
    assert "No longer in force" in page.text
    assert not page.has_button("Withdraw the clearance")


def test_an_urgent_flag_is_closed_with_a_note_where_no_call_is_recorded(room: Room) -> None:
    patient = room.asks(answers={"rf-chest-breath": "yes"})
    page = room.open(patient)
    assert "Urgent answer: call this patient today" in page.text
    assert page.has_link("(555) 555-0142")

    page = page.submit(CLOSE)

    assert page.status == 422
    assert page.errors == {
        "why_not": "Record a call that reached the patient, or write here why there was none"
    }
    page = page.submit(CLOSE, why_not="The patient came in and is well.")
    assert "The urgent flag is closed." in page.text
    assert "The patient came in and is well." in page.text
    assert not page.has_button(CLOSE)


def test_a_clinical_note_stays_with_the_therapists(room: Room) -> None:
    patient = room.asks()

    page = room.open(patient).submit("Add a clinical note", body="Fainted once, quetzalcoatl.")

    assert "The note is added." in page.text
    assert "Fainted once, quetzalcoatl." in page.text
    assert "Theo Therapist, Monday, November 23, 2026 at 10:00 AM EST" in page.text
    room.actor = room.cast["dana"]
    desk = Page.get(room.client, f"/staff/requests/{room.behind(lambda: patient.reference)}")
    assert desk.status == 200
    assert "quetzalcoatl" not in desk.response.text


@pytest.mark.proves("OUT-1")
def test_what_people_typed_is_inert(room: Room) -> None:
    hostile = "<script>alert(1)</script>{{7*7}}\"'><img src=x onerror=alert(1)>"
    patient = room.asks(
        name="Robert'); -- <b>x</b>", hopes=hostile, answers={"medicines": [hostile]}
    )
    page = room.open(patient).submit("Add a clinical note", body=hostile)

    page = page.submit(DECIDE, decision="See a doctor first", reason=hostile)

    assert "Your decision is signed." in page.text
    assert page.text.count("{{7*7}}") >= 4
    assert not page.soup.find("script", string=True)
    assert not page.soup.find("img")
    assert not page.soup.main.find("b", string="x") if page.soup.main else True


def test_unkept_characters_are_refused_with_the_field(room: Room) -> None:
    patient = room.asks()

    page = room.open(patient).submit(
        DECIDE, decision="See a doctor first", reason="a\0b", note="x" * 4001
    )

    assert page.status == 422
    assert set(page.errors) == {"reason", "note"}
    assert reviews(room) == []


def test_each_drawing_of_a_history_is_written_down_first(room: Room) -> None:
    patient = room.asks(answers=GRAVE)
    page = room.open(patient)
    assert openings(room) == 1

    page.submit(DECIDE, decision="Clear for needling")  # refused, and drawn again

    assert openings(room) == 2


def test_a_spanish_history_is_read_in_english_beside_its_own_words(room: Room) -> None:
    patient = room.asks(language="es", hopes="Dormir sin dolor.")

    page = room.open(patient)

    assert "Do you have diabetes?" in page.text
    own = page.soup.select(".answer-original[lang='es']")
    assert any("diabetes" in one.get_text() for one in own)
    assert "Hopes: Dormir sin dolor." in page.text


def test_without_a_named_region_nothing_is_ticked(room: Room) -> None:
    patient = room.asks(regions=("not_sure",))

    page = room.open(patient)

    assert "No region named: every region counts as wanted." in page.text
    verdicts = page.soup.select(".verdicts")[0].select("li")
    assert [one.get_text(" ", strip=True) for one in verdicts] == ["With care Every region"]
    assert "regions" not in page.values
    page = page.submit(
        DECIDE, decision="Clear for needling", regions=["Knee, left"],
        grounds="asked_again", reason=REASON,
    )  # fmt: skip
    assert "Your decision is signed." in page.text


def _refer(room: Room, patient: Patient) -> None:
    if patient.request_id is None:
        raise ValueError("nobody has asked")
    review.decide(
        room.cast["tess"],
        room.now,
        patient.request_id,
        signed=Decision("refer", newest_intake(patient.request_id).id, reason="Theirs."),
        seen=version_of(patient.request_id),
        key=uuid4().hex,
    )
