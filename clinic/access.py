"""Who may do what: roles, permissions, and the actor that every service and query asks.

The table is section 4 of the product's contract; docs/ARCHITECTURE.md explains it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a member of staff is at the clinic."""

    FRONT_DESK = "front_desk"
    THERAPIST = "therapist"
    LEAD_THERAPIST = "lead_therapist"
    ADMIN = "admin"


class Permission(StrEnum):
    """One thing that can be allowed."""

    SEE_QUEUE = "see the queue"
    SEE_CONTACT = "see contact details"
    WORK_REQUESTS = "work requests"
    WRITE_DESK_NOTES = "write desk notes"
    SEE_HISTORY = "see the medical history"
    DECIDE = "decide clinically"
    OFFER = "offer and manage appointments"
    APPROVE_RULES = "approve a ruleset"
    SEE_CALENDAR = "see availability"
    EDIT_OWN_CALENDAR = "edit own availability"
    EDIT_CALENDARS = "edit every availability"
    MANAGE_USERS = "manage users"
    MANAGE_SETTINGS = "manage settings"
    SEE_AUDIT = "see the audit trail"
    SEE_OWN_AUDIT = "see own acts"
    SEE_OUTBOX = "see the outbox"
    SEND_LETTERS = "send letters"
    ANSWER_ENQUIRIES = "answer enquiries"


_DESK_WORK = frozenset(
    {
        Permission.SEE_QUEUE,
        Permission.SEE_CONTACT,
        Permission.WORK_REQUESTS,
        Permission.WRITE_DESK_NOTES,
        Permission.OFFER,
        Permission.SEE_CALENDAR,
        Permission.SEND_LETTERS,
        Permission.ANSWER_ENQUIRIES,
    }
)
_CLINICAL_WORK = _DESK_WORK | {
    Permission.SEE_HISTORY,
    Permission.DECIDE,
    Permission.EDIT_OWN_CALENDAR,
    Permission.SEE_OWN_AUDIT,
}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.FRONT_DESK: _DESK_WORK,
    Role.THERAPIST: _CLINICAL_WORK,
    Role.LEAD_THERAPIST: _CLINICAL_WORK | {Permission.APPROVE_RULES},
    Role.ADMIN: frozenset(
        {
            Permission.SEE_QUEUE,  # states only: names and contact details are not shown
            Permission.SEE_CALENDAR,
            Permission.EDIT_CALENDARS,
            Permission.MANAGE_USERS,
            Permission.MANAGE_SETTINGS,
            Permission.SEE_AUDIT,
            Permission.SEE_OUTBOX,
        }
    ),
}


class ActorKind(StrEnum):
    """Where an act comes from."""

    STAFF = "staff"
    PATIENT = "patient"
    ANYONE = "anyone"
    SYSTEM = "system"
    COMMAND = "command"


@dataclass(frozen=True)
class Actor:
    """Who acts: a member of staff, a patient on their own request, or the system."""

    kind: ActorKind
    id: UUID | None = None  # the user's id
    roles: frozenset[Role] = field(default_factory=frozenset)
    name: str = ""  # for pages and signatures; never for the audit trail
    request_id: UUID | None = None  # a patient's own request
    trace: str = ""  # the id of the web request, or the OS user of a command

    def may(self, permission: Permission) -> bool:
        """Tell whether one of the actor's roles grants the permission."""
        return any(permission in GRANTS[role] for role in self.roles)

    def require(self, permission: Permission) -> None:
        """Raise Refused unless the permission is granted."""
        if not self.may(permission):
            raise Refused(permission)


ANYONE = Actor(ActorKind.ANYONE)
SYSTEM = Actor(ActorKind.SYSTEM)


class Refused(Exception):
    """The actor's roles do not grant this. A refusal carries no data."""


class NotThere(Exception):
    """There is no such thing, or the actor may not know of it: the two look the same."""


def own(actor: Actor, request_id: UUID) -> None:
    """Raise NotThere unless the actor is the patient of exactly this request."""
    if actor.kind is not ActorKind.PATIENT or actor.request_id != request_id:
        raise NotThere
