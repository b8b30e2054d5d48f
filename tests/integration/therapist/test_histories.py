"""A history in words: nothing raw, nothing dropped, nothing softened."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from clinic.access import SYSTEM
from clinic.models import Intake, QuestionnaireVersion, ScreeningRecord
from clinic.queries import histories
from clinic.queries.answers import AnswerRow
from clinic.queries.histories import FindingRow, History
from clinic.screening import outcome, questionnaire, rules, source
from clinic.services import clearances, drafting, intakes, screenings, tracks
from clinic.services.transaction import Work, writes
from tests.integration.therapist.conftest import Practice
from tests.support.patients import Patient

NODES = {
    "lymph-node-removal": "yes",
    "lymph-node-removal.place": ["armpit"],
    "lymph-node-removal.side": "left",
    "lymph-node-removal.extent": "many",
}


def read(practice: Practice, patient: Patient) -> History:
    return histories.newest(practice.theo, patient.reference, now=practice.now)


def finding(history: History, item: str) -> FindingRow:
    return next(row for row in history.findings if row.item == item)


def answer(history: History, question: str) -> AnswerRow:
    rows = [row for section in history.sections for row in section.rows]
    return next(row for row in rows if row.question == question)


def said(row: FindingRow) -> list[tuple[str, str]]:
    return [(cause.question, cause.answer) for cause in row.because]


def test_the_summary_says_age_regions_with_verdict_and_why_and_findings_by_weight(
    practice: Practice,
) -> None:
    patient = Patient(
        born=date(1980, 11, 24),  # 46 tomorrow
        regions=("shoulder-left", "knee-right"),
        hopes="To sleep.",
        answers={**NODES, "needle-phobia": "a-bit-nervous"},
    )
    patient.asks(practice.now)

    history = read(practice, patient)

    assert (history.age, history.level, history.hopes) == (45, "site", "To sleep.")
    assert [(row.label, row.verdict, row.why) for row in history.regions] == [
        ("Shoulder, left", "avoid", ("Lymph nodes removed or radiated",)),
        ("Knee, right", "care", ("Fear of needles",)),
    ]
    assert [(row.item, row.level) for row in history.findings] == [
        ("Lymph nodes removed or radiated", "site"),
        ("Fear of needles", "precaution"),
    ]
    assert "Elbow, left" in history.blocked
    assert (history.ruleset_complete, history.ruleset_state) == (True, "draft")


def test_a_finding_gives_its_answers_in_the_words_of_the_questions(practice: Practice) -> None:
    surgery = {
        "surgery-recent": "yes",
        "surgery-recent.kind": "other",
        "surgery-recent.date": "2026-11-02",
        "surgery-recent.regions": ["knee-right"],
        "surgery-recent.healed": "not_sure",
    }
    patient = Patient(answers=surgery)
    patient.asks(practice.now)

    row = finding(read(practice, patient), "Recent surgery")

    told = dict(said(row))
    assert told["Have you had any surgery in the last 4 months?"] == "Yes"
    assert told["What date was it?"] == "November 2, 2026"
    assert told["Where on your body?"] == "Knee, right"
    assert row.lapses_on is not None
    assert row.lapses_on > practice.now.date()
    assert row.action
    assert all(key and text for key, text in row.sources)
    assert "Knee, right" in row.blocked


def test_no_slug_and_no_json_is_shown_for_any_finding(practice: Practice) -> None:
    everything = {
        **NODES,
        "diabetes": "yes",
        "lung-disease": "not_sure",
        "pregnancy": "not_sure",
        "antiplatelet": "yes",
        "needle-phobia": "very-scared",
        "anticoagulant": "yes",
        "anticoagulant.which": ["warfarin", "not_sure"],
        "medicines": None,
    }
    patient = Patient(answers=everything)
    patient.begins(practice.now)
    patient.fills_in(practice.now)
    _screen_the_draft(SYSTEM, practice.now, patient)

    history = read(practice, patient)

    told = [pair for row in history.findings for pair in said(row)]
    rows = [(row.question, row.answer) for section in history.sections for row in section.rows]
    slugs = {one for q in questionnaire.shipped().questions.values() for one in q.slugs}
    assert len(history.findings) > 6
    assert not {answer for _question, answer in told + rows} & (slugs - {"minor"})
    assert not [
        text for pair in told + rows for text in pair if text.startswith(('"', "[", "{", "null"))
    ]
    assert all(question for question, _answer in told)
    assert ("Do you take a blood thinner (a medicine to stop clots)?", "Yes") in told


def test_a_contradiction_is_said(practice: Practice) -> None:
    patient = Patient(answers={"anticoagulant": "no", "medicines": ["Eliquis 5 mg"]})
    patient.asks(practice.now)

    row = finding(read(practice, patient), "Blood thinner")

    assert (row.mismatch, row.level) == (True, "absolute")
    assert ("Which medicines do you take?", "Eliquis 5 mg") in said(row)


def test_medicines_stand_as_typed_with_what_was_recognised_unknown_ones_first(
    practice: Practice,
) -> None:
    lines = ["Tylenol", "elaquis 5 mg", "warfarin, stopped in 2015", "zorblax for my bladder"]
    patient = Patient(answers={"medicines": lines})
    patient.asks(practice.now)

    rows = read(practice, patient).medicines

    assert rows[0].typed == "zorblax for my bladder"
    assert "zorblax" in rows[0].unknown
    assert {row.typed for row in rows} == set(lines)
    by_line = {row.typed: row.read for row in rows}
    (apixaban,) = by_line["elaquis 5 mg"]
    assert (apixaban.agent, apixaban.group) == ("apixaban", "Blood thinner")
    assert (apixaban.status, apixaban.spelled_so) == ("current", False)
    assert by_line["warfarin, stopped in 2015"][0].status == "stopped"


def test_a_changed_answer_shows_both_and_which_one_counts_now(practice: Practice) -> None:
    patient = Patient(answers={"rf-chest-breath": "yes"})
    patient.asks(practice.now)
    patient.answers = {}
    patient.takes_it_back(practice.later(minutes=3))
    patient.fills_in(practice.now)
    patient.sends(practice.now)

    history = read(practice, patient)

    row = finding(history, "Chest pain or breathlessness")
    assert (row.changed, row.level) == (True, "absolute")
    assert {(cause.answer, cause.when) for cause in row.because} == {
        ("Yes", "earlier"),
        ("No", "now"),
    }
    question = row.because[0].question
    assert (history.intake_number, answer(history, question).before) == (2, "Yes")


def test_what_was_left_blank_or_not_ticked_never_reads_as_a_no(practice: Practice) -> None:
    patient = Patient(answers={"rf-chest-breath": "yes"})
    patient.asks(practice.now)

    history = read(practice, patient)

    assert not history.complete
    blank = answer(history, "Do you have diabetes?")
    assert (blank.state, blank.answer) == ("blank", "")
    assert finding(history, "Diabetes").unanswered
    assert not finding(history, "Chest pain or breathlessness").unanswered
    assert finding(history, "Chest pain or breathlessness").urgency == "emergency"


def test_no_region_named_counts_as_every_region(practice: Practice) -> None:
    patient = Patient(regions=("not_sure",))
    patient.asks(practice.now)

    history = read(practice, patient)

    assert not history.regions_named
    assert len(history.regions) > 20


def test_spanish_answers_are_read_in_english_beside_the_patients_own_words(
    practice: Practice,
) -> None:
    patient = Patient(language="es", hopes="Dormir sin dolor.", answers={"diabetes": "not_sure"})
    patient.asks(practice.now)

    history = read(practice, patient)

    row = answer(history, "Do you have diabetes?")
    assert row.original == questionnaire.shipped("es").questions["diabetes"].text
    assert (row.answer, row.state) == ("Not sure", "unsure")
    assert history.hopes == "Dormir sin dolor."


def test_each_question_stands_as_it_was_worded_when_it_was_answered(practice: Practice) -> None:
    patient = Patient()
    request_id = patient.asks(practice.now)
    then = json.loads(questionnaire.shipped().document)
    then["items"]["diabetes"]["questions"]["diabetes"]["text"] = "Have you got the sugar?"
    _answer_older(SYSTEM, practice.later(days=1), request_id, source.canonical(then))

    history = read(practice, patient)

    assert answer(history, "Have you got the sugar?").answer == "No"


def test_decisions_stay_readable_and_say_what_became_of_them(practice: Practice) -> None:
    patient = Patient()
    request_id = patient.asks(practice.now)
    practice.decides(request_id, "clear", reason="Nothing against it.")
    practice.later(days=1)
    practice.decides(request_id, "clear with limits", who=practice.tess, positions=("lying_down",))

    history = read(practice, patient)

    newest, first = history.decisions
    assert (first.past, first.reason, first.signed_name) == (
        True, "Nothing against it.", "Theo Therapist",
    )  # fmt: skip
    assert first.clearance is not None
    assert first.clearance.ended_by == "decision"
    assert (newest.past, newest.signed_at) == (False, practice.now)
    assert newest.clearance == history.live
    assert newest.clearance is not None
    assert newest.clearance.positions == ("lying_down",)


def test_a_decision_on_an_older_history_is_past(practice: Practice) -> None:
    patient = Patient(answers={"rf-chest-breath": "yes"})
    request_id = patient.asks(practice.now)
    practice.decides(request_id, "refer")
    patient.answers = {}
    patient.takes_it_back(practice.later(minutes=3))
    patient.fills_in(practice.now)
    patient.sends(practice.now)

    (row,) = read(practice, patient).decisions

    assert (row.past, row.intake_number) == (True, 1)


def test_a_screenings_clearance_lasts_from_today(practice: Practice) -> None:
    patient = Patient()
    request_id = patient.asks(practice.now)
    practice.decides(request_id, "clear")

    live = read(practice, patient).live

    assert live is not None
    assert live.valid_until - live.valid_from == timedelta(days=90)
    assert live.regions == ("Lower back", "Shoulder, left")


@writes
def _screen_the_draft(work: Work, patient: Patient) -> None:
    """Send what the draft holds although a page is missing, as a stop does."""
    request = tracks.load(work, patient.request_id or UUID(int=0))
    draft = drafting.find(work, request)
    assert draft is not None
    intakes.receive(work, request)
    intakes.append(work, request, answers=draft.answers, trail=(), complete=False, language="en")


@writes
def _answer_older(work: Work, request_id: UUID, document: str) -> None:
    """Append an intake that was answered in another version of the questionnaire."""
    request = tracks.load(work, request_id)
    found = clearances.newest(work, request)
    assert found is not None
    older = questionnaire.from_document(document)
    work.session.add(
        QuestionnaireVersion(
            hash=older.hash, version=older.version, document=document, stored_at=work.now
        )
    )
    work.session.flush()
    values: dict[str, Any] = {"language": "en", "answered_by": "patient", "complete": True}
    intake = Intake(
        request_id=request.id,
        number=found[0].number + 1,
        questionnaire_hash=older.hash,
        answers=found[0].answers,
        sent_at=work.now,
        **values,
    )
    work.session.add(intake)
    work.session.flush()
    given = screenings.readable(intake.answers, older)
    screened = outcome.screen(older, rules.shipped_rules(), given, as_of=work.now.date())
    work.session.add(
        ScreeningRecord(
            request_id=request.id,
            intake_id=intake.id,
            ruleset_hash=found[1].ruleset_hash,
            as_of=screened.as_of,
            made_at=work.now,
            level=screened.level.value,
            result=screened.as_bytes().decode(),
        )
    )


def test_one_week_is_no_weeks(practice: Practice) -> None:
    patient = Patient(answers={"pregnancy": "yes", "pregnancy.weeks": 1})
    patient.asks(practice.now)

    rows = [row for section in read(practice, patient).sections for row in section.rows]

    assert "1 week" in [row.answer for row in rows]
