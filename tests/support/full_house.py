"""One row or more in every table, so that a migration can lose something."""

import hashlib
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Mapper, load_only

from clinic.access import SYSTEM, Role
from clinic.booking.lifecycle import Track
from clinic.extensions import Base, db
from clinic.models import (
    Alert,
    Appointment,
    Attempt,
    Clearance,
    ClinicSetting,
    Closure,
    Consent,
    Draft,
    Enquiry,
    Erasure,
    Idempotency,
    Intake,
    LegalHold,
    Letter,
    LetterText,
    MissedNote,
    Note,
    Offer,
    OpeningHours,
    PhoneEntry,
    Request,
    Review,
    RulesetDraft,
    RulesetTrial,
    RulesetTrialPart,
    ScreeningRecord,
    Sealed,
    SlotAtom,
    StaffSession,
    Token,
    User,
    VisitRecord,
)
from clinic.services import tracks
from clinic.services.transaction import Work, writes
from tests.support.scene import QUESTIONNAIRE, RULESET, Scene, person

STARTS = 2  # days after the scene's instant


def fill(scene: Scene) -> UUID:
    """Give every table a row; return the id of the request that has an appointment."""
    therapist = scene.staff("Theo Therapist", Role.THERAPIST)
    place = scene.place()
    scene.hours(therapist, place)
    request_id = scene.request(cleared=True, location_id=place)
    draft_id = _begin_draft(SYSTEM, scene.now)
    _hold(SYSTEM, scene.now, request_id, therapist_id=person(therapist), location_id=place)
    _add_the_rest(SYSTEM, scene.now, request_id, draft_id, person(therapist), place)
    _add_the_clinic_at_work(SYSTEM, scene.now, request_id, draft_id, person(therapist), place)
    return request_id


def counts() -> dict[str, int]:
    """Count the rows of each table that the models have and the database holds."""
    there = set(inspect(db.session.connection()).get_table_names())
    return {
        table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
        if table.name in there
    }


def digests() -> dict[str, str]:
    """Digest each column that the database holds: what was sealed is opened, the rest as stored."""
    db.session.rollback()
    look = inspect(db.session.connection())
    there = {table: {one["name"] for one in look.get_columns(table)} for table in counts()}
    found = {}
    for mapper in Base.registry.mappers:
        table = mapper.class_.__tablename__
        columns = [one for one in mapper.column_attrs if one.key in there.get(table, ())]
        if columns:
            only = load_only(*(getattr(mapper.class_, one.key) for one in columns))
            rows = db.session.scalars(select(mapper.class_).options(only)).all()
            for name in _names(mapper, [one.key for one in columns]):
                lines = sorted(repr((inspect(row).identity, getattr(row, name))) for row in rows)
                whole = hashlib.sha256("\n".join(lines).encode())
                found[f"{table}.{name}"] = whole.hexdigest()
    return found


def _names(mapper: Mapper[Any], columns: list[str]) -> list[str]:
    sealed = [name for name, value in vars(mapper.class_).items() if isinstance(value, Sealed)]
    plain = [name for name in columns if not name.endswith("_sealed")]
    return plain + [name for name in sealed if f"{name}_sealed" in columns]


@writes
def _begin_draft(work: Work) -> UUID:
    request = Request(reference="DRAFT2", language="es", created_at=work.now, acts=0)
    request.name, request.birth_date = "Dario Draft-Example", "1961-07-19"
    request.phone, request.email = "+15555550177", "dario.draft@example.com"
    request.guardian = {"name": "Gilda Guardian", "relation": "grandmother"}
    request.regions, request.wishes = ["region-of-draft"], {"hopes": "To climb stairs again."}
    tracks.begin(work, request)
    tracks.move(work, request, Track.CLINICAL, "need review", detail={"why": "because-of-draft"})
    work.session.add(
        Draft(
            request_id=request.id,
            questionnaire_hash=QUESTIONNAIRE,
            answers={"fever": "not_sure"},
            trail=[{"id": "fever", "was": "yes"}],
            steps=["about-you"],
            saved_at=work.now,
            expires_at=work.now + timedelta(days=30),
        )
    )
    return request.id


@writes
def _hold(work: Work, request_id: UUID, *, therapist_id: UUID, location_id: UUID) -> None:
    request = tracks.load(work, request_id)
    clearance = work.session.scalars(select(Clearance).filter_by(request_id=request_id)).one()
    starts_at = work.now + timedelta(days=STARTS)
    offer = Offer(
        request_id=request_id,
        expires_at=work.now + timedelta(days=1),
        made_at=work.now,
        made_by_id=therapist_id,
    )
    work.session.add(offer)
    work.session.flush()
    visit = Appointment(
        request_id=request_id,
        offer_id=offer.id,
        therapist_id=therapist_id,
        location_id=location_id,
        visit_kind="needling",
        clearance_id=clearance.id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=5),
        visit_on=starts_at.date(),
    )
    tracks.move_appointment(work, request, visit, "hold")
    work.session.add(
        SlotAtom(therapist_id=therapist_id, starts_at=starts_at, appointment_id=visit.id)
    )


@writes
def _add_the_rest(
    work: Work, request_id: UUID, draft_id: UUID, therapist_id: UUID, location_id: UUID
) -> None:
    user = work.session.get_one(User, therapist_id)
    user.tf_totp_secret, user.mf_recovery_codes = "JBSWY3DPEHPK3PXP", ["alpha", "beta"]
    later = work.now + timedelta(hours=1)
    note = Note(
        request_id=request_id, kind="clinical", body="Calm. Éàñ 🙂", at=work.now, by_id=therapist_id
    )
    _add_history(work, request_id, therapist_id)
    work.session.add_all(
        [
            Closure(
                location_id=location_id, starts_on=date(2026, 12, 24), ends_on=date(2026, 12, 26)
            ),
            StaffSession(
                fingerprint=b"f" * 32,
                user_id=therapist_id,
                data={"_fresh": True},
                started_at=work.now,
                seen_at=work.now,
                expires_at=later,
            ),
            Consent(
                request_id=request_id,
                text_version="1",
                text_hash="c" * 64,
                language="en",
                given_by="patient",
                given_at=work.now,
            ),
            Attempt(
                request_id=request_id,
                outcome="voicemail",
                at=work.now,
                by_id=therapist_id,
                number="+15555550142",
                next_try_on=date(2026, 11, 24),
            ),
            note,
            letter(work),
            Token(
                purpose="link",
                fingerprint=b"t" * 32,
                request_id=draft_id,
                made_at=work.now,
                expires_at=later,
            ),
            Idempotency(
                key="k" * 64,
                purpose="request",
                body_digest=b"b" * 32,
                made_id=request_id,
                at=work.now,
            ),
        ]
    )


@writes
def _add_the_clinic_at_work(
    work: Work, request_id: UUID, draft_id: UUID, therapist_id: UUID, location_id: UUID
) -> None:
    visit = work.session.scalars(select(Appointment).filter_by(request_id=request_id)).one()
    record = VisitRecord(appointment_id=visit.id, arrived_at=work.now)
    record.regions = ["region-of-visit"]
    enquiry = Enquiry(reference="ENQ-7", version=1, language="es", made_at=work.now)
    enquiry.name, enquiry.email = "Enid Enquirer-Example", "enid.enquirer@example.com"
    enquiry.phone, enquiry.question = "+15555550188", "Does it hurt? ¿Duele?"
    enquiry.public_question, enquiry.public_answer = "Will it be sore?", "Often, for a day."
    enquiry.events = [{"kind": "called", "words": "rang at the enquirers-bell"}]
    work.session.add_all(
        [
            record,
            enquiry,
            OpeningHours(location_id=location_id, weekday=0, opens=time(8), closes=time(17)),
            ClinicSetting(name="offer_hours", value="24", changed_at=work.now),
            LetterText(
                kind="offer", language="es", subject="Una hora", body="Hola", changed_at=work.now
            ),
            Alert(request_id=request_id, raised_at=work.now, due_at=work.now),
            Erasure(request_id=uuid4(), at=work.now),
            LegalHold(request_id=request_id, placed_at=work.now, reason="A court-letter came."),
            PhoneEntry(request_id=draft_id, by_id=therapist_id, started_at=work.now),
            MissedNote(
                request_id=request_id,
                body="The form missed an old-fracture.",
                item="item-that-missed",
                answer="Seen by the answering-lead.",
                at=work.now,
                by_id=therapist_id,
                handled_at=work.now,
                handled_by_id=therapist_id,
            ),
        ]
    )
    _add_rulesets(work, request_id, therapist_id)


def _add_rulesets(work: Work, request_id: UUID, lead_id: UUID) -> None:
    trial = RulesetTrial(
        old_hash=RULESET,
        new_hash=RULESET,
        state="done",
        parts=1,
        started_at=work.now,
        started_by_id=lead_id,
        ended_at=work.now,
    )
    work.session.add(trial)
    work.session.flush()
    draft = RulesetDraft(
        base_hash=RULESET,
        hash=RULESET,
        changes="{}",
        made_at=work.now,
        made_by_id=lead_id,
        changed_at=work.now,
        changed_by_id=lead_id,
    )
    moves = [[request_id.hex, "none-moved", "relative-moved"]]
    work.session.add_all([draft, RulesetTrialPart(trial_id=trial.id, position=1, moves=moves)])


def _add_history(work: Work, request_id: UUID, therapist_id: UUID) -> None:
    intake = Intake(
        request_id=request_id,
        number=2,
        questionnaire_hash=QUESTIONNAIRE,
        language="en",
        answered_by="patient",
        complete=True,
        answers={"medicines": ["warfarin-as-typed"], "free_text": {"anything_else": "mañana 🙂"}},
        trail=[{"id": "trailed-answer", "was": "gravest-answer"}],
        sent_at=work.now,
    )
    work.session.add(intake)
    work.session.flush()
    screening = ScreeningRecord(
        request_id=request_id,
        intake_id=intake.id,
        ruleset_hash=RULESET,
        as_of=work.now.date(),
        made_at=work.now,
        level="relative",
        lapses_on=date(2026, 12, 14),
        earlier=[{"answers": {"earlier-question": "earlier-answer"}}],
        result='{"findings": ["finding-of-screening"]}',
    )
    work.session.add(screening)
    work.session.flush()
    work.session.add(
        Review(
            request_id=request_id,
            intake_id=intake.id,
            screening_id=screening.id,
            decision="clear with limits",
            reason_code="coded-reason",
            reason="A sentence that the therapist signed.",
            limits={"regions": ["limited-region"]},
            signed_name="Theo Therapist",
            signed_by_id=therapist_id,
            signed_at=work.now,
        )
    )


def letter(work: Work, *, to: str = "ada@example.com", **values: Any) -> Letter:
    """Make a letter as the outbox does, its words given instead of rendered."""
    made = Letter(
        dedupe_key="",
        message_id="",
        kind="test",
        language="en",
        recipient=to,
        subject="About your request",
        body="Hello Ada,\n\nplease call us.\n",
        calendar="BEGIN:VCALENDAR as-attached",
        queued_at=work.now,
        due_at=work.now,
    )
    made.dedupe_key, made.message_id = made.id.hex, f"<{made.id.hex}@localhost>"
    for name, value in values.items():
        setattr(made, name, value)
    return made


@writes
def queue(work: Work, /, number: int = 1, **values: Any) -> list[UUID]:
    """Put letters into the outbox, and return their ids."""
    letters = [letter(work, **values) for _ in range(number)]
    work.session.add_all(letters)
    return [one.id for one in letters]
