"""What patients and colleagues typed is text in every page of the staff, whatever it looks like."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from clinic.access import Actor, ActorKind, Role
from clinic.models import Request
from clinic.services import review, triage
from tests.browser.conftest import Seat
from tests.browser.navigators import Desk, Therapist
from tests.support.open_clinic import OpenClinic
from tests.support.patients import Patient as Walkin
from tests.support.scene import Scene, stored, version_of

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    '"><img src=x onerror=alert(3)>',
    "'><svg onload=alert(4)>",
    '<iframe src="javascript:alert(5)"></iframe>',
    "javascript:alert(6)",
    '<a href="javascript:alert(7)">press</a>',
    "<body onload=alert(8)>",
    "</textarea><script>alert(9)</script>",
    "</title><script>alert(10)</script>",
    "<!--<script>alert(11)//-->",
    "<style>*{display:none}</style>",
    '<meta http-equiv=refresh content="0;url=https://example.com">',
    "<base href=https://example.com/>",
    "<form action=https://example.com><button>Go</button></form>",
    "<link rel=stylesheet href=https://example.com/a.css>",
    "<object data=data:text/html,<script>alert(12)</script>>",
    "<math><mtext></mtext><script>alert(13)</script></math>",
    "{{ 7*7 }} {% for x in y %}",
    "${7*7} #{7*7} <%= 7*7 %>",
    "{0.__class__} %s %(name)s",
    "'; DROP TABLE request; --",
    "' OR '1'='1",
    "Robert'); DROP TABLE students;--",
    '=HYPERLINK("https://example.com","x")',
    "+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "&lt;b&gt;not bold&lt;/b&gt; &amp; &#x3c;",
    "\u202eright to left\u202c",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "e\u0301\u0302\u0303\u0304\u0305 stacked",
    "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\uff1cscript\uff1ealert(14)\uff1c/script\uff1e",
    "%3Cscript%3Ealert(15)%3C/script%3E",
    "\\u003cscript\\u003ealert(16)",
    "../../etc/passwd",
    "onfocus=alert(17) autofocus x=",
    "` onmouseover=alert(18) `",
    "W" * 100,
    "]]><script>alert(19)</script>",
)


@pytest.fixture(scope="module")
def reference(on_sqlite: OpenClinic) -> str:
    """One request in whose every text each hostile line stands, and one named after each."""
    desk = Actor(ActorKind.STAFF, on_sqlite.staff["desk"].id, frozenset({Role.FRONT_DESK}), "Dana")
    theo = on_sqlite.staff["therapist"].id
    therapist = Actor(ActorKind.STAFF, theo, frozenset({Role.THERAPIST}), "Theo Therapist")
    now = datetime.now(UTC)
    with on_sqlite.app.app_context():
        scene = Scene(now, number=5000)
        for line in HOSTILE:
            scene.request(name=line, wishes={"words": line}, location_id=on_sqlite.place_id)
        walkin = Walkin(
            name=HOSTILE[0],
            hopes="\n".join(HOSTILE[:8]),
            answers={"medicines": list(HOSTILE), "anticoagulant": "yes"},
        )
        request_id = walkin.asks(now)
        for line in HOSTILE:
            seen = version_of(request_id)
            triage.note(desk, now, request_id, body=line, seen=seen, key=uuid4().hex)
            review.add_note(therapist, now, request_id, body_text=line, key=uuid4().hex)
        return str(stored(Request, request_id).reference)


def unread(text: str) -> list[str]:
    """Which lines are not shown as they were typed."""
    shown = "".join(text.split())
    return [line for line in HOSTILE if "".join(line.split()) not in shown]


@pytest.mark.proves("OUT-1")
def test_the_desk_reads_hostile_text_as_text(
    on_sqlite: OpenClinic, seat: Seat, reference: str
) -> None:
    desk = seat(Desk, on_sqlite)
    desk.signs_in()

    desk.opens("/staff/")
    named = desk.page.locator(".queue tbody").inner_text()
    while desk.page.get_by_role("link", name="Next page").count():
        desk.follows("Next page")
        named += desk.page.locator(".queue tbody").inner_text()
    desk.opens(f"/staff/requests/{reference}")

    assert unread(named) == []
    assert unread(desk.page.locator("main").inner_text()) == []
    desk.opens(f"/staff/requests/{reference}/contact")
    desk.opens("/staff/?q=%3Cscript%3Ealert(1)%3C/script%3E")
    desk.visitor.check_faults()


@pytest.mark.proves("OUT-1")
def test_the_therapist_reads_hostile_text_as_text(
    on_sqlite: OpenClinic, seat: Seat, reference: str
) -> None:
    therapist = seat(Therapist, on_sqlite, width="phone")
    therapist.signs_in()

    therapist.reads(reference)

    assert HOSTILE[0] in therapist.heading
    assert unread(therapist.page.locator("section[aria-labelledby=medicines]").inner_text()) == []
    assert unread(therapist.page.locator("section[aria-labelledby=earlier]").inner_text()) == []
    therapist.writes("body", HOSTILE[8])
    therapist.presses("Sign this decision")
    therapist.visitor.check_faults()
