"""What is stored in the clear is exactly this list; everything else is sealed.

Whoever reads the database file learns what stands here and no more. A new column is sealed, or
is argued for in a review of this list: states, levels, due, lapse and valid dates, visit kind,
location, opaque ids and references; beside patients' data, the clinic's own settings, calendars
and staff accounts.
"""

from collections.abc import Iterator, Mapping

import pytest
from sqlalchemy import Column, LargeBinary, Table

from clinic import models
from clinic.extensions import Base

SEALED = "_sealed"

# table -> kind of column -> names
PATIENTS: Mapping[str, Mapping[str, str]] = {
    "request": {
        "ids and references": "id reference location_id claimed_by_id",
        "counters": "version acts",
        "states and levels": "desk_state clinical_state level closed_reason call_today urgent_open",
        "kinds": "language visit_kind answered_by channel",
        "instants": "claimed_at created_at sent_at reached_at back_since email_proved_at",
        "due dates": "waiting_until not_before",
        "keyed digests": "email_digest phone_digest person_digest",
    },
    "draft": {
        "ids and references": "id request_id questionnaire_hash",
        "counters": "version",
        "instants": "saved_at expires_at",
    },
    "consent": {
        "ids and references": "id request_id text_version text_hash heard_by_id",
        "kinds": "language given_by",
        "instants": "given_at",
    },
    "intake": {
        "ids and references": "id request_id questionnaire_hash",
        "counters": "number",
        "states and levels": "complete",
        "kinds": "language answered_by",
        "instants": "sent_at",
    },
    "screening": {
        "ids and references": "id request_id intake_id ruleset_hash",
        "states and levels": "level",
        "instants": "made_at",
        "due dates": "as_of lapses_on",
    },
    "act": {
        "ids and references": "id request_id appointment_id actor_id",
        "counters": "position",
        "states and levels": "track act from_state to_state",
        "kinds": "actor_kind",
        "instants": "at",
    },
    "attempt": {
        "ids and references": "id request_id by_id",
        "states and levels": "outcome",
        "instants": "at",
        "due dates": "next_try_on",
    },
    "note": {"ids and references": "id request_id by_id", "kinds": "kind", "instants": "at"},
    "missed_note": {
        "ids and references": "id request_id by_id handled_by_id",
        "counters": "version",
        "instants": "at handled_at",
    },
    "ruleset_trial_part": {"ids and references": "id trial_id", "counters": "position"},
    "review": {
        "ids and references": "id request_id intake_id screening_id signed_by_id",
        "states and levels": "decision",
        "staff": "signed_name",
        "instants": "signed_at",
        "due dates": "valid_from valid_until",
    },
    "clearance": {
        "ids and references": "id request_id intake_id screening_id review_id",
        "states and levels": "origin ended_by",
        "instants": "made_at ended_at",
        "due dates": "valid_from valid_until",
    },
    "offer": {
        "ids and references": "id request_id made_by_id",
        "counters": "version",
        "states and levels": "state",
        "instants": "expires_at made_at ended_at",
    },
    "appointment": {
        "ids and references": (
            "id request_id offer_id therapist_id location_id clearance_id moved_to_id calendar_id"
        ),
        "counters": "version sequence",
        "states and levels": "state needled cancelled_by",
        "kinds": "visit_kind",
        "instants": "starts_at ends_at",
        "due dates": "visit_on",
    },
    "visit_record": {
        "ids and references": "id appointment_id done_by_id needled_by_id",
        "instants": "arrived_at done_at",
    },
    "alert": {
        "ids and references": "id request_id acknowledged_by_id closed_by_id",
        "counters": "escalations",
        "instants": "raised_at due_at acknowledged_at closed_at",
    },
    "phone_entry": {
        "ids and references": "id request_id by_id",
        "kinds": "channel",
        "instants": "started_at sent_at",
    },
    "enquiry": {
        "ids and references": (
            "id reference claimed_by_id answered_by_id published_by_id request_id"
        ),
        "counters": "version",
        "states and levels": "state closed_reason urgent urgent_open may_publish",
        "kinds": "language",
        "instants": "made_at claimed_at answered_at published_at settled_at",
        "keyed digests": "email_digest",
        "digests of random values": "browser",
    },
    "erasure": {"ids and references": "request_id", "instants": "at"},
    "legal_hold": {"ids and references": "id request_id", "instants": "placed_at"},
    "slot_atom": {
        "ids and references": "therapist_id appointment_id",
        "instants": "starts_at",
    },
    "letter": {
        "ids and references": "id dedupe_key message_id request_id enquiry_id lease",
        "counters": "tries",
        "states and levels": "state last_error",
        "kinds": "kind language",
        "instants": "queued_at due_at useless_after leased_until sent_at",
    },
    "token": {
        "ids and references": "id request_id offer_id user_id",
        "counters": "tries",
        "kinds": "purpose",
        "instants": "made_at expires_at used_at revoked_at",
        "digests of random values": "fingerprint browser",
    },
    "idempotency": {
        "ids and references": "made_id",
        "kinds": "purpose",
        "instants": "at",
        "digests of random values": "key",
        "keyed digests": "body_digest",
    },
    "audit_entry": {
        "ids and references": "number actor_id subject_id trace",
        "states and levels": "act detail",  # the shape of a detail is guarded by services/audit
        "kinds": "actor_kind subject_kind",
        "instants": "at",
        "keyed digests": "hash",
    },
    "audit_head": {"counters": "id count", "keyed digests": "hash"},
}
CLINIC: Mapping[str, Mapping[str, str]] = {
    "role": {"staff": "id name description"},
    "roles_users": {"staff": "user_id role_id"},
    "user": {
        "staff": (
            "id email display_name licence password active fs_uniquifier created_at "
            "password_set_at tf_primary_method totp_window "
            "shown_on_team about about_es"
        )
    },
    "staff_session": {
        "staff": "id user_id started_at seen_at expires_at ended_at device",
        "digests of random values": "fingerprint",
    },
    "location": {
        "settings": (
            "id name address phone zone state needling_law legal_basis law_reviewed_on "
            "law_review_by active"
        )
    },
    "weekly_hours": {
        "calendars": "id therapist_id location_id weekday opens closes valid_from valid_until"
    },
    "opening_hours": {"calendars": "id location_id weekday opens closes"},
    "clinic_setting": {"settings": "name value previous version changed_at changed_by_id"},
    "letter_text": {"settings": "id kind language subject body version changed_at changed_by_id"},
    "closure": {"calendars": "id location_id therapist_id starts_on ends_on"},
    "questionnaire_version": {"settings": "hash version document stored_at"},
    "ruleset_version": {
        "settings": "hash version document complete state stored_at in_force_at retired_at",
        "staff": "approved_by_id approved_name approved_at",
    },
    "ruleset_draft": {
        "settings": "id base_hash hash changes version ended_as",
        "staff": "made_at made_by_id changed_at changed_by_id ended_at",
    },
    "ruleset_trial": {
        "settings": "id old_hash new_hash every_intake state total done parts",
        "staff": "started_at started_by_id ended_at",
        "ids and references": "upto",
    },
}
PLAIN = {**PATIENTS, **CLINIC}
TABLES = Base.metadata.tables


def _plain(table: Table) -> set[str]:
    return {column.name for column in table.columns if not column.name.endswith(SEALED)}


def _listed(table: str) -> set[str]:
    return {name for names in PLAIN.get(table, {}).values() for name in names.split()}


def _sealed_columns() -> Iterator[tuple[Table, Column[object]]]:
    for table in TABLES.values():
        for column in table.columns:
            if column.name.endswith(SEALED):
                yield table, column


def test_the_list_names_every_table_and_no_other() -> None:
    assert set(PLAIN) == set(TABLES)


@pytest.mark.parametrize("name", sorted(TABLES))
@pytest.mark.proves("CRY-1")
def test_the_plain_columns_of_a_table_are_exactly_the_listed_ones(name: str) -> None:
    assert _plain(TABLES[name]) == _listed(name)


def test_a_column_is_sealed_by_a_label_of_its_own_and_holds_bytes() -> None:
    labels: dict[str, str] = {}

    for table, column in _sealed_columns():
        mapper = next(one for one in Base.registry.mappers if one.local_table is table)
        descriptor = vars(mapper.class_)[column.name.removesuffix(SEALED)]
        place = f"{table.name}.{column.name}"

        assert isinstance(descriptor, models.Sealed), place
        assert isinstance(column.type, LargeBinary), place
        assert labels.setdefault(descriptor.label, place) == place


@pytest.mark.parametrize("name", sorted(PATIENTS))
def test_no_plain_column_of_patients_data_takes_a_long_text(name: str) -> None:
    # Nothing that a person types fits into a reference, a state or a kind.
    room = {
        column.name: getattr(column.type, "length", 0)
        for column in TABLES[name].columns
        if column.name in _plain(TABLES[name]) and column.type.python_type is str
    }
    written_by_us = {"dedupe_key", "message_id", "signed_name", "detail"}

    too_long = {
        column: length
        for column, length in room.items()
        if column not in written_by_us and (length is None or length > 64)
    }

    assert too_long == {}
