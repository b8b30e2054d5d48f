"""Letters over real SMTP: to whom they should go, as they should look, or not at all."""

import ssl
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from flask import Flask
from sqlalchemy import select

from clinic import mailer
from clinic.access import SYSTEM
from clinic.extensions import db
from clinic.models import Letter
from tests.support import certificates, databases
from tests.support.certificates import Authority
from tests.support.clock import FixedClock
from tests.support.full_house import queue
from tests.support.smtp_sink import (
    ACCEPT_THEN_HANG_UP,
    HANG_UP,
    PERMANENT,
    TEMPORARY,
    SmtpSink,
    stall,
)

CANARY = "quetzalcoatl"


class TlsSink(SmtpSink):
    """The same sink, but it takes letters only after STARTTLS."""

    authority: Authority
    tls: ssl.SSLContext

    def _session(self) -> SMTP:
        return SMTP(
            self,
            hostname="sink.example.com",
            loop=self._loop,
            tls_context=self.tls,
            require_starttls=True,
        )


class AbruptSink(SmtpSink):
    """Takes letters, but hangs up instead of saying goodbye."""

    async def handle_QUIT(self, server: SMTP, *_: object) -> str:  # noqa: N802 - aiosmtpd's name
        """Hang up."""
        if server.transport is not None:
            server.transport.close()
        return "221 Bye"


def stored() -> list[Letter]:
    db.session.rollback()
    return list(db.session.scalars(select(Letter).order_by(Letter.queued_at, Letter.id)))


def states() -> list[tuple[str, str | None]]:
    return [(letter.state, letter.last_error) for letter in stored()]


@pytest.fixture
def mailing(database: str, smtp: SmtpSink) -> Iterator[Flask]:
    """The app, with the sink as its mail server."""
    with app_for(database, smtp) as app, app.app_context():
        yield app


def app_for(database: str, sink: SmtpSink, **settings: Any) -> Any:
    chosen = {"smtp_host": "localhost", "smtp_port": sink.port, "smtp_security": "plain"}
    return databases.running_app(database, **(chosen | settings))


# --- What goes out ---------------------------------------------------------------------------


@pytest.mark.usefixtures("mailing")
def test_a_letter_goes_to_one_recipient_with_its_fixed_headers(
    smtp: SmtpSink, clock: FixedClock
) -> None:
    queue(SYSTEM, clock.now, to="ada@example.com", language="es", subject="Su solicitud: mañana")

    assert mailer.send_next(clock.advance(seconds=90)) == 1

    [sent] = smtp.letters
    [letter] = stored()
    assert sent.recipients == ("ada@example.com",)
    assert sent.sender == "clinic@example.com"
    assert sent.subject == "Su solicitud: mañana"
    assert sent.text.splitlines() == ["Hello Ada,", "", "please call us."]
    assert sent.message_id == letter.message_id
    assert parsedate_to_datetime(str(sent.message["Date"])) == letter.queued_at
    assert sent.message["Auto-Submitted"] == "auto-generated"
    assert sent.message["Content-Language"] == "es"
    assert str(sent.message["From"]) == "Fictional Needling Clinic <clinic@example.com>"
    assert len({name.lower() for name in sent.message}) == len(sent.message.keys())
    assert (letter.state, letter.sent_at) == ("sent", clock.now)
    assert mailer.send_next(clock.now) == 0


def test_a_clinics_name_is_one_name_whatever_is_in_it(
    database: str, smtp: SmtpSink, clock: FixedClock
) -> None:
    name = 'Bend, Stretch & "Heal" <b@example.com> Clínica'
    with app_for(database, smtp, clinic_name=name) as app, app.app_context():
        queue(SYSTEM, clock.now)

        mailer.send_next(clock.now)

    [sent] = smtp.letters
    [address] = sent.message["From"].addresses
    assert (address.display_name, address.addr_spec) == (name, "clinic@example.com")
    assert sent.sender == "clinic@example.com"


@pytest.mark.usefixtures("mailing")
def test_a_body_arrives_line_by_line_dots_and_all(smtp: SmtpSink, clock: FixedClock) -> None:
    body = "First\n.\n..\nFrom here on\r\n.\r\nMAIL FROM:<evil@example.com>\n🙂 שלום\n"
    queue(SYSTEM, clock.now, body=body)

    mailer.send_next(clock.now)

    [sent] = smtp.letters
    assert sent.text.splitlines() == body.splitlines()


@pytest.mark.usefixtures("mailing")
@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "ada",
        "ada@example.com, evil@example.com",
        "ada@example.com; evil@example.com",
        "ada@example.com evil@example.com",
        "Ada <ada@example.com>",
        "<ada@example.com>",
        "ada@example.com\r\nBcc: evil@example.com",
        "ada@example.com\nRCPT TO:<evil@example.com>",
        "ada@exam\u2028ple.com",
        "ada@example.com\0",
        '"ada@example.com,"@example.com',
        "a" * 10_000 + "@example.com",
    ],
)
def test_what_is_not_one_plain_address_is_never_sent_to(
    smtp: SmtpSink, clock: FixedClock, recipient: str
) -> None:
    queue(SYSTEM, clock.now, to=recipient)

    assert mailer.send_next(clock.now) == 1

    assert smtp.attempts == 0
    assert states() == [("failed", "unfit")]


@pytest.mark.usefixtures("mailing")
@pytest.mark.parametrize(
    "subject",
    [
        "",
        "   ",
        "Hello\r\nBcc: evil@example.com",
        "Hello\r\n Bcc: evil@example.com",
        "Hello\nBcc: evil@example.com",
        "Hello\rBcc: evil@example.com",
        "Hello\r\n\r\nA body of somebody else's",
        "Hello\u2028Bcc: evil@example.com",
        "Hello\x85Bcc: evil@example.com",
        "Hello\0",
    ],
)
def test_a_subject_of_several_lines_is_never_sent(
    smtp: SmtpSink, clock: FixedClock, subject: str
) -> None:
    queue(SYSTEM, clock.now, subject=subject)

    assert mailer.send_next(clock.now) == 1

    assert smtp.attempts == 0
    assert states() == [("failed", "unfit")]


@pytest.mark.usefixtures("mailing")
def test_a_very_long_subject_is_folded_and_stays_one_header(
    smtp: SmtpSink, clock: FixedClock
) -> None:
    subject = "word " * 400 + "end"
    queue(SYSTEM, clock.now, subject=subject)

    mailer.send_next(clock.now)

    [sent] = smtp.letters
    assert sent.subject == subject
    assert len(sent.recipients) == 1


# --- What the server says --------------------------------------------------------------------


@pytest.mark.usefixtures("mailing")
def test_a_letter_that_the_server_will_never_take_fails_at_once(
    smtp: SmtpSink, clock: FixedClock
) -> None:
    smtp.next_letters(PERMANENT)
    queue(SYSTEM, clock.now)

    assert mailer.send_next(clock.now) == 1

    assert states() == [("failed", "smtp 550")]
    assert mailer.send_next(clock.advance(hours=1)) == 0
    assert smtp.attempts == 1


@pytest.mark.usefixtures("mailing")
@pytest.mark.parametrize(
    ("behaviour", "code"), [(TEMPORARY, "smtp 451"), (HANG_UP, "unreachable")], ids=["451", "gone"]
)
def test_a_letter_that_was_put_off_is_sent_later(
    smtp: SmtpSink, clock: FixedClock, behaviour: Any, code: str
) -> None:
    smtp.next_letters(behaviour)
    queue(SYSTEM, clock.now)

    mailer.send_next(clock.now)

    assert states() == [("queued", code)]
    assert mailer.send_next(clock.advance(seconds=59)) == 0
    assert mailer.send_next(clock.advance(seconds=1)) == 1
    assert states() == [("sent", None)]
    assert len(smtp.letters) == 1


@pytest.mark.usefixtures("mailing")
@pytest.mark.proves("MAIL-1")
def test_letters_wait_while_the_server_is_down_and_none_is_lost(
    smtp: SmtpSink, clock: FixedClock
) -> None:
    queue(SYSTEM, clock.now, 5)
    smtp.refuse_connections()
    for _ in range(120):
        assert mailer.send_next(clock.advance(minutes=1)) == 0
    assert {state for state, _ in states()} == {"queued"}

    smtp.listen()
    for _ in range(61):
        while mailer.send_next(clock.now):
            pass
        clock.advance(minutes=1)

    assert states() == [("sent", None)] * 5
    assert len({letter.message_id for letter in smtp.letters}) == len(smtp.letters) == 5


@pytest.mark.usefixtures("mailing")
def test_a_server_that_took_the_letter_without_saying_so_gets_the_same_letter_again(
    smtp: SmtpSink, clock: FixedClock
) -> None:
    smtp.next_letters(ACCEPT_THEN_HANG_UP)
    queue(SYSTEM, clock.now)

    mailer.send_next(clock.now)
    mailer.send_next(clock.advance(minutes=1))

    first, second = smtp.letters
    assert first.message_id == second.message_id
    assert first.message["Date"] == second.message["Date"]
    assert first.text == second.text


def test_a_server_that_hangs_up_after_taking_the_letter_gets_it_once(
    database: str, clock: FixedClock
) -> None:
    sink = AbruptSink()
    sink.listen()
    try:
        with app_for(database, sink) as app, app.app_context():
            queue(SYSTEM, clock.now)

            assert mailer.send_next(clock.now) == 1

            assert states() == [("sent", None)]
            assert len(sink.letters) == 1
    finally:
        sink.stop()


def test_a_server_that_never_answers_is_given_up(
    database: str, smtp: SmtpSink, clock: FixedClock
) -> None:
    smtp.next_letters(stall(40))
    with app_for(database, smtp, smtp_timeout_seconds=1) as app, app.app_context():
        queue(SYSTEM, clock.now)
        began = time.monotonic()

        assert mailer.send_next(clock.now) == 0

        assert time.monotonic() - began < 20
        assert states() == [("queued", "unreachable")]


def test_a_server_that_answers_ever_so_slowly_is_given_up_within_the_lease(
    database: str, smtp: SmtpSink, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailer, "LONGEST_SESSION", 1)
    smtp.next_letters(stall(40))
    with app_for(database, smtp, smtp_timeout_seconds=30) as app, app.app_context():
        queue(SYSTEM, clock.now)
        began = time.monotonic()

        assert mailer.send_next(clock.now) == 0

        assert time.monotonic() - began < 20


@pytest.mark.proves("MAIL-2")
def test_three_relays_send_thirty_letters_once_each(
    mailing: Flask, smtp: SmtpSink, clock: FixedClock
) -> None:
    queue(SYSTEM, clock.now, 30)
    db.session.remove()
    start = Barrier(3)

    def relay() -> None:
        with mailing.app_context():
            start.wait()
            while mailer.send_next(clock.now):
                pass
            db.session.remove()

    relays = [Thread(target=relay) for _ in range(3)]
    for one in relays:
        one.start()
    for one in relays:
        one.join(timeout=120)

    assert states() == [("sent", None)] * 30
    assert len({letter.message_id for letter in smtp.letters}) == len(smtp.letters) == 30


# --- TLS -------------------------------------------------------------------------------------


@pytest.fixture
def tls_sink(tmp_path: Path) -> Iterator[TlsSink]:
    sink = TlsSink()
    sink.authority = certificates.make_authority(tmp_path)
    sink.tls = certificates.server_context(sink.authority, tmp_path, "localhost")
    sink.listen()
    yield sink
    sink.stop()


def send_one(database: str, sink: SmtpSink, clock: FixedClock) -> list[tuple[str, str | None]]:
    with app_for(database, sink, smtp_security="starttls") as app, app.app_context():
        queue(SYSTEM, clock.now, body=CANARY)
        mailer.send_next(clock.now)
        return states()


def test_a_server_with_a_trusted_certificate_gets_the_letter(
    database: str,
    tls_sink: TlsSink,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls_sink.authority.file))

    assert send_one(database, tls_sink, clock) == [("sent", None)]
    assert len(tls_sink.letters) == 1


def test_a_server_with_a_certificate_that_nobody_vouches_for_gets_nothing(
    database: str, tls_sink: TlsSink, clock: FixedClock
) -> None:
    assert send_one(database, tls_sink, clock) == [("queued", "certificate")]
    assert tls_sink.attempts == 0


def test_a_server_with_the_certificate_of_another_gets_nothing(
    database: str,
    tls_sink: TlsSink,
    clock: FixedClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls_sink.authority.file))
    tls_sink.tls = certificates.server_context(tls_sink.authority, tmp_path, "other.example")

    assert send_one(database, tls_sink, clock) == [("queued", "certificate")]
    assert tls_sink.attempts == 0


def test_a_server_that_offers_no_encryption_gets_nothing(
    database: str, smtp: SmtpSink, clock: FixedClock
) -> None:
    assert send_one(database, smtp, clock) == [("queued", "unreachable")]
    assert smtp.attempts == 0
