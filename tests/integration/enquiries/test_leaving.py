"""Who leaves the clinic leaves nothing in their own hands alone."""

from datetime import timedelta

from clinic.access import SYSTEM, Actor, Role
from clinic.models import Enquiry, Request
from clinic.queries import queue
from clinic.services import enquiries, staff, triage
from tests.integration.enquiries.conftest import Asks
from tests.support.scene import Scene, person, stored, version_of


def test_what_a_leaver_had_in_hand_is_anybodys_again(
    scene: Scene, dana: Actor, drew: Actor, ask: Asks
) -> None:
    request_id, urgent = scene.request(), ask(words="I have chest pain right now")
    triage.claim(dana, scene.now, request_id, seen=version_of(request_id))
    enquiries.claim(dana, scene.now, urgent, seen=stored(Enquiry, urgent).version)
    later = scene.now + timedelta(hours=1)
    assert queue.counts(drew).folders["unassigned"] == 0
    assert enquiries.escalate_due(SYSTEM, later) == 0, "somebody has it in hand"

    staff.disable(scene.staff("Ada Admin", Role.ADMIN), scene.now, person(dana))

    assert queue.counts(drew).folders["unassigned"] == 1
    assert stored(Request, request_id).claimed_by_id is None
    assert enquiries.escalate_due(SYSTEM, later) == 1, "and nobody has any more"
