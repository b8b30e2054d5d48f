"""A small practice: two therapists, the front desk, an admin, and one place in New York."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from clinic.access import Actor, Role
from clinic.models import Appointment, Clearance, Offer, ScreeningRecord
from clinic.screening import outcome
from clinic.services import offering, review
from clinic.services.review import Decision, Override
from tests.support.clock import MONDAY_MORNING
from tests.support.patients import newest_intake
from tests.support.scene import Scene, all_of, at, person, stored, version_of

WHY = "The doctor called, and it is worse."
REASON = "Asked again on the phone, and it is fine."


@dataclass
class Practice:
    """The cast, the place, and the instant at which the next thing happens."""

    scene: Scene
    theo: Actor
    tess: Actor
    dana: Actor
    ada: Actor
    place: UUID
    now: datetime = MONDAY_MORNING
    overriding: dict[str, Any] = field(
        default_factory=lambda: {"reason_code": "asked_again", "reason": REASON}
    )

    def later(self, **spans: float) -> datetime:
        """Let some time pass."""
        self.now += timedelta(**spans)
        return self.now

    def signed(self, request_id: UUID, decision: str = "clear", **values: Any) -> Decision:
        """A decision on the newest history; one that clears names the wanted regions."""
        intake = newest_intake(request_id)
        if decision.startswith("clear"):
            values = {"regions": tuple(intake.answers.get("wanted_regions", ())), **values}
        if decision.startswith("clear") and "reason_code" in values and "overrides" not in values:
            values["overrides"] = self._each(request_id, values)
        if decision == "ask for more":
            values = {"question": "When was that, please?", **values}
        return Decision(decision, **{"intake_id": intake.id, **values})

    def _each(self, request_id: UUID, values: dict[str, Any]) -> tuple[Override, ...]:
        """Give every finding that has to be overridden the one reason, where there are several."""
        records = all_of(ScreeningRecord, intake_id=newest_intake(request_id).id)
        screening = outcome.from_json(records[-1].result)
        found = review.overridden(screening, values["regions"])
        said = values["reason_code"], values.get("reason", "")
        return tuple(Override(one.id, *said) for one in found) if len(found) > 1 else ()

    def decides(
        self, request_id: UUID, decision: str = "clear", *, who: Actor | None = None, **values: Any
    ) -> UUID:
        """Let a therapist sign a decision on the newest history, as the page shows it now."""
        return review.decide(
            who or self.theo,
            self.now,
            request_id,
            signed=self.signed(request_id, decision, **values),
            seen=version_of(request_id),
            key=uuid4().hex,
        )

    def offers(self, request_id: UUID, day: date = date(2026, 12, 1)) -> UUID:
        """Let the desk hold a needling slot at nine in the morning."""
        return offering.offer(
            self.dana,
            self.now,
            request_id,
            therapist_id=person(self.theo),
            location_id=self.place,
            starts_at=at(day, 14),
            visit_kind="needling",
            seen=version_of(request_id),
            key=uuid4().hex,
        )

    def books(self, request_id: UUID) -> UUID:
        """Let the desk offer a slot and the patient take it on the phone."""
        held = stored(Offer, self.offers(request_id))
        visit = all_of(Appointment, offer_id=held.id)[0]
        return offering.accept(
            self.dana, self.now, held.id, appointment_id=visit.id, seen=held.version
        )


def clearances_of(request_id: UUID) -> list[Clearance]:
    """Read every clearance of a request, the first one first."""
    return sorted(all_of(Clearance, request_id=request_id), key=lambda one: one.made_at)


@pytest.fixture
def practice(in_app: Flask) -> Practice:
    """The practice on each kind of database."""
    scene = Scene()
    theo = scene.staff("Theo Therapist", Role.THERAPIST)
    tess = scene.staff("Tess Therapist", Role.LEAD_THERAPIST)
    dana = scene.staff("Dana Desk", Role.FRONT_DESK)
    ada = scene.staff("Ada Admin", Role.ADMIN)
    place = scene.place()
    scene.hours(theo, place)
    return Practice(scene, theo, tess, dana, ada, place)
