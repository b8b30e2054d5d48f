"""Every route of the desk for every member of the cast, and no answer on any of its pages."""

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from clinic.access import SYSTEM, Actor, Role
from clinic.models import Appointment, Attempt, Closure, Note, Offer, Request, WeeklyHours
from clinic.services.transaction import Work, writes
from tests.support.scene import CANARY, all_of
from tests.web.desk.conftest import Screen
from tests.web.desk.test_request_page import pick

BLUEPRINTS = ("desk", "offers", "letters", "calendars")
EVERYONE = {Role.FRONT_DESK, Role.THERAPIST, Role.LEAD_THERAPIST, Role.ADMIN}
CARE = EVERYONE - {Role.ADMIN}
KEEPERS = EVERYONE - {Role.FRONT_DESK}
# Else CARE. Whose hours are removed is looked at further in: what is not there is 404 to all.
ALLOWED = {
    "desk.queue": EVERYONE,
    "desk.queue_counts": EVERYONE,
    "desk.request_page": EVERYONE,
    "calendars.overview": EVERYONE,
    "calendars.add_hours": KEEPERS,
    "calendars.add_closure": KEEPERS,
    "calendars.remove_hours": KEEPERS,
    "calendars.remove_closure": KEEPERS,
}
NOTE = "clinicalquetzal"


def routes(app: Flask) -> list[tuple[str, str, str]]:
    """List (endpoint, method, rule) of the desk's part of the app."""
    return [
        (rule.endpoint, method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in BLUEPRINTS
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def filled(rule: str, reference: str) -> str:
    """Fill in an address; ids are those of nobody."""
    path = rule.replace("<reference>", reference).replace("<visit_kind>", "no_needles")
    for name in ("offer_id", "appointment_id", "hours_id", "closure_id", "attempt_id", "letter_id"):
        path = path.replace(f"<uuid:{name}>", str(uuid4()))
    return path


def token(screen: Screen) -> str:
    return screen.get("/staff/").values["csrf_token"][0]


def snapshot(screen: Screen) -> list[Any]:
    tables: tuple[Any, ...] = (Request, Appointment, Offer, Attempt, Note, WeeklyHours, Closure)

    def read() -> list[Any]:
        return [
            sorted(
                str([getattr(row, c.key) for c in table.__mapper__.column_attrs])
                for row in all_of(table)
            )
            for table in tables
        ]

    return screen.read(read)


@pytest.mark.parametrize("role", sorted(EVERYONE))
def test_each_role_gets_exactly_the_routes_that_are_its_own(screen: Screen, role: Role) -> None:
    reference = screen.request(name="Rosa Example", cleared=True)
    screen.actor = screen.hire("Somebody", role)
    csrf = token(screen)

    for endpoint, method, rule in routes(screen.app):
        path = filled(rule, reference)
        sent = {"csrf_token": csrf, "seen": "-7"}
        answer = screen.client.open(path, method=method, data=sent if method == "POST" else None)
        refused = answer.status_code == 403
        assert refused is (role not in ALLOWED.get(endpoint, CARE)), (endpoint, answer.status_code)
        assert answer.status_code < 500, endpoint
        if refused:
            assert "Rosa" not in answer.text


def test_a_stranger_gets_the_sign_in_page_and_nothing_else(screen: Screen) -> None:
    reference = screen.request(name="Rosa Example")
    csrf = token(screen)
    before = snapshot(screen)
    screen.actor = None

    for endpoint, method, rule in routes(screen.app):
        answer = screen.client.open(
            filled(rule, reference), method=method, data={"csrf_token": csrf}
        )
        assert answer.status_code == 303, endpoint
        assert "/staff/sign-in" in answer.headers["Location"], endpoint
        assert "Rosa" not in answer.text
    assert snapshot(screen) == before


@pytest.mark.proves("CSRF-1")
def test_no_form_is_taken_without_its_token(screen: Screen) -> None:
    reference = screen.request()
    before = snapshot(screen)

    for endpoint, method, rule in routes(screen.app):
        if method == "POST":
            answer = screen.client.post(filled(rule, reference), data={"seen": "1"})
            assert answer.status_code == 400, endpoint
    assert snapshot(screen) == before


def test_reading_changes_nothing(screen: Screen) -> None:
    reference = screen.request(cleared=True)
    token(screen)
    before = snapshot(screen)

    for _endpoint, method, rule in routes(screen.app):
        if method == "GET":
            for verb in ("GET", "HEAD"):
                screen.client.open(filled(rule, reference), method=verb)
    assert snapshot(screen) == before


@pytest.mark.parametrize("reference", ["3333-3333", "nothing", "K7MQ-4HXT", "%00", "x" * 3000])
def test_a_request_that_is_not_there_looks_the_same_everywhere(
    screen: Screen, reference: str
) -> None:
    csrf = token(screen)

    for endpoint, method, rule in routes(screen.app):
        if "<reference>" in rule:
            answer = screen.client.open(
                filled(rule, reference),
                method=method,
                data={"csrf_token": csrf, "seen": "1"} if method == "POST" else None,
            )
            assert answer.status_code in (404, 422), endpoint


@pytest.mark.proves("AZ-6")
def test_fields_that_no_form_has_change_nothing(screen: Screen) -> None:
    reference = screen.request()
    csrf = token(screen)
    added = {
        "desk_state": "booked",
        "clinical_state": "cleared",
        "level": "none",
        "urgent_open": "",
        "claimed_by_id": str(uuid4()),
        "version": "99",
        "email_proved_at": "2020-01-01",
    }

    seen = str(screen.read(lambda: all_of(Request)[0].version))
    screen.client.post(
        f"/staff/requests/{reference}/claim", data={"csrf_token": csrf, "seen": seen, **added}
    )

    request = screen.read(lambda: all_of(Request)[0])
    assert (request.desk_state, request.clinical_state, request.level) == (
        "new",
        "needs_review",
        "relative",
    )
    assert screen.actor is not None
    assert request.claimed_by_id == screen.actor.id


@writes
def _clinical_note(work: Work, request_id: Any, by: Actor) -> None:
    work.session.add(
        Note(request_id=request_id, kind="clinical", body=NOTE, at=work.now, by_id=by.id)
    )


@pytest.mark.proves("AZ-5")
def test_no_page_of_the_desk_holds_an_answer_a_reason_or_a_clinical_note(screen: Screen) -> None:
    theo = next(one for one in screen.scene.users.values() if Role.THERAPIST in one.roles)
    answers = {
        "anticoagulant": "yes",
        "anticoagulant.which": ["warfarin"],
        "medicines": [f"warfarin {CANARY}"],
    }
    reference = screen.request(answers=answers, level="absolute")
    request = screen.read(lambda: all_of(Request)[0])
    screen.now(_clinical_note, SYSTEM, screen.scene.now, request.id, theo)
    screen.now(screen.scene.clear, request.id)
    offered = pick(
        screen.get(f"/staff/requests/{reference}/offer?kind=needling"),
        "9:00 AM EST",
        "Wednesday, November 25, 2026",
    )
    offered.submit("Patient says yes")
    urgent = screen.request(answers={"rf-chest-breath": "yes"}, level="urgent", urgent_open=True)

    pages = [
        filled(rule, which)
        for which in (reference, urgent)
        for _endpoint, method, rule in routes(screen.app)
        if method == "GET" and not {"move", "cancel"} & set(rule.split("/"))
    ]
    for path in [*pages, "/staff/?q=rosa", "/staff/?folder=booked", "/staff/?folder=call_today"]:
        answer = screen.client.get(path)
        assert answer.status_code == 200, path
        assert_gives_nothing_away(path, answer)
    csrf = token(screen)
    for which in (reference, urgent):
        for _endpoint, method, rule in routes(screen.app):
            if method == "POST" and "<reference>" in rule:
                path = filled(rule, which)
                answer = screen.client.post(path, data={"csrf_token": csrf, "seen": "-7"})
                assert 300 < answer.status_code < 500, path
                assert_gives_nothing_away(path, answer)


def assert_gives_nothing_away(path: str, answer: Any) -> None:
    """Look through a page, a refusal or JSON for anything that the desk must not know."""
    whole = (answer.text + str(answer.headers)).lower()
    for secret in (CANARY, NOTE, "warfarin", "anticoagulant", "blood", "chest", "absolute"):
        assert secret not in whole, (path, secret)


def test_a_therapist_keeps_their_own_hours_and_an_admin_everybodys(screen: Screen) -> None:
    theo = next(one for one in screen.scene.users.values() if Role.THERAPIST in one.roles)
    tia = screen.hire("Tia Therapist", Role.THERAPIST)
    posted = screen.read(lambda: all_of(WeeklyHours, therapist_id=theo.id, weekday=0)[0].id)

    screen.actor = tia
    csrf = token(screen)
    refused = screen.client.post(
        f"/staff/calendar/hours/{posted}/remove", data={"csrf_token": csrf}
    )
    own = screen.get("/staff/calendar/").submit(
        "Post these hours", Day="Saturday", From="10:00", Until="14:00"
    )
    assert (refused.status_code, own.status) == (403, 200)
    assert "The hours are posted." in own.text
    assert screen.read(lambda: all_of(WeeklyHours, therapist_id=tia.id)[0].weekday) == 5

    screen.actor = screen.hire("Ada Admin", Role.ADMIN)
    screen.get("/staff/calendar/").submit("Remove Theo Therapist Monday")
    assert screen.read(lambda: all_of(WeeklyHours, therapist_id=theo.id, weekday=0)) == []


@pytest.mark.parametrize(
    ("opens", "closes"), [("17:00", "09:00"), ("09:03", "17:00"), ("soon", "17:00"), ("", "")]
)
def test_hours_that_cannot_be_are_refused_beside_their_field(
    screen: Screen, opens: str, closes: str
) -> None:
    screen.actor = screen.hire("Ada Admin", Role.ADMIN)

    page = screen.get("/staff/calendar/").submit("Post these hours", From=opens, Until=closes)

    assert page.status == 422
    assert page.errors


def test_days_away_leave_no_time_to_offer(screen: Screen) -> None:
    reference = screen.request(cleared=True)
    screen.actor, dana = screen.hire("Ada Admin", Role.ADMIN), screen.actor
    screen.get("/staff/calendar/").submit(
        "Close these days",
        {
            "Who is away": "Theo Therapist",
            "closure-first-month": "11",
            "closure-first-day": "23",
            "closure-first-year": "2026",
            "closure-last-month": "12",
            "closure-last-day": "31",
            "closure-last-year": "2026",
        },
    )

    screen.actor = dana
    times = screen.get(f"/staff/requests/{reference}/offer?kind=needling")

    assert "No free time in these two weeks" in times.text


@pytest.mark.parametrize("text", ["\0", "a\0b", "\x07", "a\x1bb", "x" * 5000])
@pytest.mark.proves("IN-3")
def test_text_that_nobody_types_is_refused_beside_its_field_on_both_databases(
    screen: Screen, text: str
) -> None:
    reference = screen.request()
    csrf = token(screen)
    seen = str(screen.read(lambda: all_of(Request)[0].version))

    for path, name in (
        ("notes", "note-body"),
        ("attempts", "attempt-number"),
        ("contact", "phone"),
    ):
        answer = screen.client.post(
            f"/staff/requests/{reference}/{path}",
            data={
                "csrf_token": csrf,
                "seen": seen,
                "idempotency_key": "k",
                "attempt-outcome": "voicemail",
                "channel": "phone",
                "language": "en",
                name: text,
            },
        )
        assert answer.status_code in (400, 422), (path, answer.status_code)
    assert screen.read(lambda: all_of(Note)) == []
