"""Links change nothing and show nothing; a mailed code opens one browser."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
import time_machine
from sqlalchemy import update

from clinic.access import SYSTEM, Role
from clinic.extensions import db
from clinic.models import Act, AuditEntry, Letter, Request, Token
from clinic.queries import requests
from clinic.services import retention, tokens, tracks
from clinic.services.transaction import Work, writes
from tests.support.clock import MONDAY_MORNING
from tests.support.page import Page
from tests.support.scene import Scene
from tests.web.patient.walking import Walker

DAY = 24 * 3600


def test_a_proved_patient_sees_where_the_request_stands(ana_on_both: Walker) -> None:
    ana_on_both.has_sent()

    page = ana_on_both.proves()

    assert page.path == "/status/"
    assert "A therapist will read your answers before any needling." in page.text
    assert "Shoulder, left" in page.text
    assert ana_on_both.request().reference in page.text


def test_the_page_says_that_a_code_was_mailed(ana: Walker) -> None:
    ana.has_sent()
    page = ana.get("/request/sent")
    assert "We mailed you a six-digit code." not in page.text

    coded = page.submit("Mail me a code")
    wrong = coded.submit("Check the code", code="1")

    for page in (coded, wrong):
        assert "We mailed you a six-digit code." in page.text
        assert page.has_button("Mail me a new code")


@pytest.mark.proves("TOK-4")
def test_a_link_asks_for_a_code_in_each_new_browser(ana_on_both: Walker) -> None:
    ana_on_both.has_sent()
    ana_on_both.proves()
    phone = ana_on_both.elsewhere()

    closed = phone.get(ana_on_both.link())
    assert closed.heading == "Open your page"
    assert ana_on_both.request().reference not in closed.text
    page = closed.submit("Mail me a code").submit("Open my page", code=ana_on_both.code())

    assert page.path == "/status/"
    assert "Shoulder, left" in page.text
    assert page.soup.select_one("html[lang=en]") is not None
    with ana_on_both.app.app_context():
        db.session.execute(update(Request).values(language="es"))
        db.session.commit()
    unused = Page.get(ana_on_both.app.test_client(), ana_on_both.link())
    assert unused.soup.select_one("html[lang=es]") is not None


@pytest.mark.proves("TOK-1", "TOK-6")
def test_the_token_leaves_the_address_and_only_its_digest_is_kept(ana: Walker) -> None:
    ana.has_sent()
    secret = ana.link().removeprefix("/r/")

    response = ana.elsewhere().client.get(f"/r/{secret}")

    assert response.status_code == 303
    assert secret not in response.headers["Location"]
    assert all(secret.encode() not in token.fingerprint for token in ana.rows(Token))
    assert secret not in response.headers.get("Set-Cookie", "")


def test_an_unproved_address_reads_the_state_in_neutral_words_and_gets_no_code(
    ana: Walker,
) -> None:
    ana.has_sent()
    stranger = ana.elsewhere()

    page = stranger.get(ana.link())

    assert "Someone from the clinic will contact you" in page.text
    assert not page.has_button("Mail me a code")
    for content in ("Ana", "Shoulder", "needles", ana.request().reference):
        assert content not in page.text.removeprefix("Skip to the main part")
    refused = stranger.client.post(
        "/status/code", data={"csrf_token": _token(stranger, "/request/")}
    )
    assert refused.status_code == 404
    assert ana.letters("code") == []


@pytest.mark.proves("ENU-3")
def test_the_browser_that_wrote_the_request_gets_its_code_from_the_link(ana: Walker) -> None:
    ana.has_sent()

    page = ana.get(ana.link())
    assert page.heading == "Where the request stands"
    coded = page.submit("Mail me a code")
    assert coded.submit("Open my page", code="1").status == 422
    opened = coded.submit("Open my page", code=ana.code())

    assert opened.path == "/status/"
    assert ana.request().email_proved_at is not None


def test_having_written_another_request_opens_no_unproved_one(ana: Walker) -> None:
    ana.has_sent()
    link = ana.link()
    other = ana.elsewhere()
    other.has_sent(email="ben@example.com", name="Ben Example", phone="555-555-0102")

    page = other.get(link)

    assert not page.has_button("Mail me a code")
    token = {"csrf_token": _token(other, "/request/")}
    assert other.client.post("/status/code", data=token).status_code == 404
    assert ana.letters("code") == []


def test_leaving_where_nothing_is_open_is_not_written_down(ana: Walker) -> None:
    ana.has_sent()
    stranger = ana.elsewhere()
    before = len(ana.rows(AuditEntry))

    for _time in range(3):
        data = {"csrf_token": _token(stranger, "/request/")}
        assert stranger.client.post("/request/leave", data=data).status_code == 303
    assert len(ana.rows(AuditEntry)) == before

    ana.client.post("/request/leave", data={"csrf_token": _token(ana, "/request/")})
    assert [one.act for one in ana.rows(AuditEntry)].count("browser.left") == 1


def test_wrong_old_replaced_and_foreign_links_look_the_same(
    ana: Walker, moving: time_machine.Traveller
) -> None:
    ana.has_sent()
    ana.proves()
    live = ana.link()
    other = ana.elsewhere()
    other.has_sent()
    replaced = other.link()
    other.proves()
    _replace_link(other)
    moving.shift(181 * DAY)

    pages = [
        ana.elsewhere().client.get(path)
        for path in (
            "/r/nothing",
            "/r/" + "x" * 32,
            "/r/%00",
            live,
            replaced,
            "/r/" + live.removeprefix("/r/")[::-1],
        )
    ]

    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    assert "(555) 555-0100" in pages[0].text


@pytest.mark.proves("TOK-4")
def test_a_code_ends_after_five_wrong_tries(ana_on_both: Walker) -> None:
    ana = ana_on_both
    ana.has_sent()
    page = ana.get("/request/sent").submit("Mail me a code")
    right = ana.code()
    wrong = "000000" if right != "000000" else "111111"

    for _try in range(5):
        page = page.submit("Check the code", code=wrong)
        assert page.status == 422
    page = page.submit("Check the code", code=right)

    assert page.status == 422
    assert ana.request().email_proved_at is None


@pytest.mark.proves("TOK-2")
def test_a_code_is_good_for_ten_minutes(ana: Walker, moving: time_machine.Traveller) -> None:
    ana.has_sent()
    page = ana.get("/request/sent").submit("Mail me a code")
    moving.shift(601)

    page = page.submit("Check the code", code=ana.code())

    assert page.status == 422


@pytest.mark.proves("TOK-2")
def test_a_newer_code_ends_the_older_one(ana: Walker) -> None:
    ana.has_sent()
    page = ana.get("/request/sent").submit("Mail me a code")
    older = ana.code()
    page = page.submit("Mail me a new code")
    newer = ana.code()

    refused = page.submit("Check the code", code=older)

    if older != newer:
        assert refused.status == 422
    assert refused.submit("Check the code", code=newer).path == "/status/"


@pytest.mark.proves("TOK-4")
def test_a_code_is_good_in_no_other_browser(ana: Walker) -> None:
    ana.has_sent()
    ana.proves()
    first, second = ana.elsewhere(), ana.elsewhere()
    here = first.get(ana.link()).submit("Mail me a code")
    mine = ana.code()
    there = second.get(ana.link()).submit("Mail me a code")

    if ana.code() != mine:
        assert there.submit("Open my page", code=mine).status == 422
    assert here.submit("Open my page", code=mine).path == "/status/"


@pytest.mark.proves("TOK-5")
def test_fifty_posts_of_one_code_open_one_page(ana_on_both: Walker) -> None:
    ana = ana_on_both
    ana.has_sent()
    form = ana.get("/request/sent").submit("Mail me a code").form("Check the code")
    data = dict(form.fill({"code": ana.code()}).data)
    start = Barrier(50)

    def send(_number: int) -> int:
        client = ana.another_tab(ana.app.test_client())
        start.wait()
        return client.post("/request/sent", data=data).status_code

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, range(50)))

    assert sorted(answers) == [303] + [422] * 49


def test_codes_to_one_address_end_after_five_in_a_day(
    ana: Walker, moving: time_machine.Traveller
) -> None:
    ana.has_sent()
    for _time in range(5):
        assert ana.get("/request/sent").submit("Mail me a code").status == 200

    page = ana.get("/request/sent").submit("Mail me a code")

    assert page.status == 429
    assert len(ana.letters("code")) == 5
    other = ana.elsewhere()
    other.has_sent()
    assert other.get("/request/sent").submit("Mail me a code").status == 429
    moving.shift(DAY + 60)
    page = ana.get("/request/check")
    assert page.submit("Mail me a code").status in {200, 404}


def clear_out(ana: Walker) -> None:
    """Let the worker clear away what has run out."""
    with ana.app.app_context():
        retention.clear_out(SYSTEM, datetime.now(UTC))


def test_what_the_worker_clears_away_makes_no_room_for_more_codes(
    ana: Walker, moving: time_machine.Traveller
) -> None:
    ana.has_sent()
    for _time in range(5):
        ana.get("/request/sent").submit("Mail me a code")
    moving.shift(20 * 60)
    clear_out(ana)

    page = ana.get("/request/sent").submit("Mail me a code")

    assert page.status == 429


def test_what_the_worker_clears_away_leaves_the_way_back_to_a_draft(
    ana: Walker, moving: time_machine.Traveller
) -> None:
    ana.begins()
    moving.shift(DAY)
    clear_out(ana)

    closed = ana.get("/request/where")
    page = closed.submit("Mail me a code").submit("Go on with my request", code=ana.code())

    assert page.path == "/request/check"


def test_the_desk_reads_for_good_when_the_patient_opened_the_page(
    ana: Walker, moving: time_machine.Traveller
) -> None:
    ana.has_sent()
    ana.proves()
    moving.shift(3 * DAY)
    clear_out(ana)

    with ana.app.app_context():
        dana = Scene().staff("Dana Desk", Role.FRONT_DESK)
        events = requests.page(dana, ana.request().reference).events

    assert [event.at for event in events if (event.kind, event.code) == ("read", "patient")] == [
        MONDAY_MORNING
    ]


def test_a_link_to_finish_later_opens_the_draft_on_another_device(ana: Walker) -> None:
    ana.has_filled_in()
    page = ana.get("/request/later").submit("Mail me a code")
    page = page.submit("Mail me the link", code=ana.code())
    assert page.heading == "Saved for later"

    tablet = ana.elsewhere()
    page = tablet.get(ana.link("resume_link")).submit("Mail me a code")
    page = page.submit("Open my page", code=ana.code())

    assert page.path == "/request/check"
    assert "Ana Example" in page.text
    assert tablet.get("/request/consent").heading == "Your data"


def test_a_changed_address_has_to_be_proved_anew(ana: Walker) -> None:
    ana.has_filled_in()
    ana.get("/request/later").submit("Mail me a code").submit("Mail me the link", code=ana.code())
    old_link = ana.link("resume_link")

    ana.get("/request/").submit("Save and continue", email="other@example.com")

    assert ana.request().email_proved_at is None
    assert ana.elsewhere().client.get(old_link).status_code == 404


def test_the_page_closes_after_thirty_idle_minutes(
    ana: Walker, moving: time_machine.Traveller
) -> None:
    ana.has_sent()
    ana.proves()
    moving.shift(31 * 60)

    page = ana.get("/status/")

    assert page.path == "/status/closed"
    assert "Shoulder" not in page.text
    assert page.submit("Mail me a code").submit("Open my page", code=ana.code()).path == "/status/"


def test_a_patient_takes_the_request_back_once(ana_on_both: Walker) -> None:
    ana_on_both.has_sent()
    page = ana_on_both.proves()
    form = page.form("Yes, take it back")

    waits = "A therapist will read your answers before any needling."
    assert waits in page.text
    first, second = form.submit("Yes, take it back"), form.submit("Yes, take it back")
    assert waits not in first.text

    assert first.path == second.path == "/status/"
    request = ana_on_both.request()
    assert (request.desk_state, request.closed_reason) == ("closed", "declined_by_patient")
    assert [act.act for act in ana_on_both.rows(Act)].count("close") == 1


@pytest.mark.proves("TOK-3")
def test_links_followed_a_hundred_times_change_nothing(ana: Walker) -> None:
    ana.has_sent()
    ana.proves()
    before = _counted(ana)

    scanner = ana.elsewhere()
    for _time in range(50):
        scanner.client.get(ana.link(), follow_redirects=True)
        scanner.client.head(ana.link())

    assert _counted(ana) == before
    assert ana.elsewhere().get(ana.link()).has_button("Mail me a code")


@pytest.mark.proves("MAIL-5")
def test_no_letter_holds_an_answer(ana: Walker) -> None:
    ana.has_sent(
        hopes="Canary",
        answers={
            "lymph-node-removal": "yes",
            "lymph-node-removal.place": ["armpit"],
            "lymph-node-removal.side": "left",
            "lymph-node-removal.extent": "not_sure",
            "lymph-node-removal.when": "canary 2019",
        },
    )
    ana.proves()

    text = " ".join(f"{one.subject} {one.body}" for one in ana.rows(Letter)).lower()

    for content in ("canary", "lymph", "armpit", "shoulder", "neck", "needles"):
        assert content not in text
    assert "hello ana," in text


def test_no_answer_and_no_name_is_in_the_trail(ana: Walker) -> None:
    ana.has_sent()
    ana.proves()

    text = " ".join(f"{one.act} {one.detail}" for one in ana.rows(AuditEntry))

    for content in (
        "Ana",
        "ana@example.com",
        "5555550101",
        "neck",
        "rf-chest",
        "pregnancy.",
        "fine",
    ):
        assert content not in text


@pytest.mark.parametrize("path", ["/language"])
@pytest.mark.proves("HDR-6")
def test_the_language_switch_leads_to_our_own_pages_only(ana: Walker, path: str) -> None:
    token = _token(ana, "/request/")
    for wished in ("//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil", "evil"):
        response = ana.client.post(
            path, data={"csrf_token": token, "language": "es", "next": wished}
        )
        assert response.headers["Location"] == "/", wished


def _token(walker: Walker, path: str) -> str:
    return walker.get(path).values["csrf_token"][0]


def _counted(walker: Walker) -> dict[str, int]:
    return {
        model.__name__: len(walker.rows(model))
        for model in (Act, AuditEntry, Letter, Request, Token)
    }


def _replace_link(walker: Walker) -> None:
    """Have a newer link made, as the next letter does."""
    request_id = walker.request().id

    @writes
    def renew(work: Work) -> Any:
        return tokens.issue_link(work, tracks.load(work, request_id))

    with walker.app.app_context():
        renew(SYSTEM, MONDAY_MORNING)
        db.session.remove()
