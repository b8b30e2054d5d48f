"""Who may do what: the table of roles, and the two refusals that every service relies on."""

from itertools import product
from uuid import UUID

import pytest

from clinic.access import (
    ANYONE,
    GRANTS,
    SYSTEM,
    Actor,
    ActorKind,
    NotThere,
    Permission,
    Refused,
    Role,
    own,
)

OWN = UUID("11111111-1111-4111-8111-111111111111")
OTHER = UUID("22222222-2222-4222-8222-222222222222")

# Written out once more, by hand: role by role, what the clinic lets them do.
MAY = {
    Role.FRONT_DESK: {
        "see the queue",
        "see contact details",
        "work requests",
        "write desk notes",
        "offer and manage appointments",
        "see availability",
        "send letters",
        "answer enquiries",
    },
    Role.THERAPIST: {
        "see the queue",
        "see contact details",
        "work requests",
        "write desk notes",
        "offer and manage appointments",
        "see availability",
        "send letters",
        "answer enquiries",
        "see the medical history",
        "decide clinically",
        "edit own availability",
        "see own acts",
    },
    Role.LEAD_THERAPIST: {
        "see the queue",
        "see contact details",
        "work requests",
        "write desk notes",
        "offer and manage appointments",
        "see availability",
        "send letters",
        "answer enquiries",
        "see the medical history",
        "decide clinically",
        "edit own availability",
        "see own acts",
        "approve a ruleset",
    },
    Role.ADMIN: {
        "see the queue",
        "see availability",
        "edit every availability",
        "manage users",
        "manage settings",
        "see the audit trail",
        "see the outbox",
    },
}

PAIRS = list(product(Role, Permission))


def staff(*roles: Role) -> Actor:
    return Actor(ActorKind.STAFF, id=OWN, roles=frozenset(roles))


def test_every_role_has_its_grants_and_every_permission_has_a_role() -> None:
    assert set(GRANTS) == set(Role)
    assert set().union(*GRANTS.values()) == set(Permission)


@pytest.mark.parametrize(("role", "permission"), PAIRS)
def test_a_role_may_do_exactly_what_the_table_says(role: Role, permission: Permission) -> None:
    allowed = staff(role).may(permission)

    assert allowed is (permission.value in MAY[role])


@pytest.mark.parametrize(
    ("role", "permission"), [pair for pair in PAIRS if pair[1].value not in MAY[pair[0]]]
)
def test_requiring_refuses_whatever_is_not_granted(role: Role, permission: Permission) -> None:
    with pytest.raises(Refused):
        staff(role).require(permission)


@pytest.mark.parametrize(
    ("role", "permission"), [pair for pair in PAIRS if pair[1].value in MAY[pair[0]]]
)
def test_requiring_lets_pass_what_is_granted(role: Role, permission: Permission) -> None:
    staff(role).require(permission)


def test_the_medical_history_is_for_therapists_alone() -> None:
    readers = {role for role in Role if Permission.SEE_HISTORY in GRANTS[role]}
    deciders = {role for role in Role if Permission.DECIDE in GRANTS[role]}

    assert readers == deciders == {Role.THERAPIST, Role.LEAD_THERAPIST}


def test_an_admin_reads_no_contact_details() -> None:
    assert not staff(Role.ADMIN).may(Permission.SEE_CONTACT)


def test_two_roles_grant_what_either_grants() -> None:
    both = staff(Role.FRONT_DESK, Role.ADMIN)

    allowed = {permission.value for permission in Permission if both.may(permission)}

    assert allowed == MAY[Role.FRONT_DESK] | MAY[Role.ADMIN]


@pytest.mark.parametrize(
    "nobody",
    [ANYONE, SYSTEM, staff(), Actor(ActorKind.PATIENT, request_id=OWN), Actor(ActorKind.COMMAND)],
)
@pytest.mark.parametrize("permission", Permission)
def test_without_a_role_nothing_is_granted(nobody: Actor, permission: Permission) -> None:
    with pytest.raises(Refused):
        nobody.require(permission)


def test_a_patient_owns_exactly_their_own_request() -> None:
    patient = Actor(ActorKind.PATIENT, request_id=OWN)

    own(patient, OWN)

    with pytest.raises(NotThere):
        own(patient, OTHER)


@pytest.mark.parametrize(
    "stranger",
    [
        ANYONE,
        SYSTEM,
        Actor(ActorKind.PATIENT),
        Actor(ActorKind.ANYONE, request_id=OWN),
        Actor(ActorKind.STAFF, id=OWN, roles=frozenset(Role), request_id=OWN),
    ],
)
def test_nobody_else_owns_a_request(stranger: Actor) -> None:
    with pytest.raises(NotThere):
        own(stranger, OWN)


def test_a_missing_thing_and_another_persons_thing_look_the_same() -> None:
    with pytest.raises(NotThere) as refusal:
        own(Actor(ActorKind.PATIENT, request_id=OTHER), OWN)

    assert str(refusal.value) == ""
