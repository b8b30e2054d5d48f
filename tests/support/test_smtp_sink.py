"""The sink keeps what was sent and fails the way it is told to."""

import smtplib
import time
from email.message import EmailMessage

import pytest

from tests.support.smtp_sink import (
    ACCEPT_THEN_HANG_UP,
    HANG_UP,
    PERMANENT,
    TEMPORARY,
    SmtpSink,
    stall,
)


def send(sink: SmtpSink, subject: str = "Héllo", *, wait: float = 5) -> None:
    message = EmailMessage()
    message["Subject"], message["Message-ID"] = subject, "<1@example.com>"
    message["From"], message["To"] = "clinic@example.com", "ada@example.com"
    message.set_content("Read on: https://localhost/status/abc.\n")
    with smtplib.SMTP(sink.host, sink.port, timeout=wait) as client:
        client.send_message(message)


def test_a_letter_is_kept_as_the_wire_carried_it(smtp: SmtpSink) -> None:
    send(smtp)

    [letter] = smtp.wait(1, to="ada@example.com")

    assert letter.sender == "clinic@example.com"
    assert letter.recipients == ("ada@example.com",)
    assert (letter.subject, letter.message_id) == ("Héllo", "<1@example.com>")
    assert letter.links == ["https://localhost/status/abc"]


def test_scripted_failures_come_in_order_and_then_end(smtp: SmtpSink) -> None:
    smtp.next_letters(TEMPORARY, PERMANENT)

    with pytest.raises(smtplib.SMTPDataError, match="451"):
        send(smtp, "one")
    with pytest.raises(smtplib.SMTPDataError, match="550"):
        send(smtp, "two")
    send(smtp, "three")

    assert [letter.subject for letter in smtp.letters] == ["three"]
    assert smtp.attempts == 3


def test_a_usual_behaviour_lasts_until_changed(smtp: SmtpSink) -> None:
    smtp.all_letters(TEMPORARY)

    for _ in range(3):
        with pytest.raises(smtplib.SMTPDataError):
            send(smtp)

    assert smtp.letters == []


@pytest.mark.parametrize(("behaviour", "kept"), [(HANG_UP, 0), (ACCEPT_THEN_HANG_UP, 1)])
def test_hanging_up_leaves_the_client_without_an_answer(
    smtp: SmtpSink, behaviour: object, kept: int
) -> None:
    assert behaviour in (HANG_UP, ACCEPT_THEN_HANG_UP)
    smtp.next_letters(HANG_UP if behaviour is HANG_UP else ACCEPT_THEN_HANG_UP)

    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        send(smtp)

    assert len(smtp.letters) == kept


def test_a_stalling_server_outlasts_a_hasty_client(smtp: SmtpSink) -> None:
    smtp.next_letters(stall(30))
    began = time.monotonic()

    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        send(smtp, wait=0.3)

    assert time.monotonic() - began < 10


def test_a_refusing_server_comes_back_on_its_port(smtp: SmtpSink) -> None:
    port = smtp.port
    smtp.refuse_connections()

    with pytest.raises(ConnectionRefusedError):
        send(smtp)
    smtp.listen()
    send(smtp)

    assert smtp.port == port
    assert len(smtp.wait(1)) == 1


def test_waiting_for_a_letter_that_never_comes_fails(smtp: SmtpSink) -> None:
    with pytest.raises(AssertionError, match="0 of 1 letters"):
        smtp.wait(1, within=0.05)
