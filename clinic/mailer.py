"""Sends letters: takes one from the outbox, hands it to the mail server, marks it.

Flask-Mail opens SMTP without a time-out and takes any certificate at STARTTLS; the connection
here does neither. A letter goes to exactly one recipient.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.mime.base import MIMEBase
from email.utils import formataddr
from hashlib import sha256
from types import TracebackType
from typing import Any
from uuid import uuid4

import structlog
from flask import current_app
from flask_mail import BadHeaderError, Connection, Message

from clinic.access import SYSTEM
from clinic.extensions import site
from clinic.services import outbox
from clinic.services.outbox import Leased

LONGEST_SESSION = 60  # seconds: well within the lease, so that no second worker starts on it
ADDRESS = re.compile(r"[!#$%&'*+/=?^_`{|}~A-Za-z0-9.-]{1,64}@[A-Za-z0-9.-]{1,253}")
CALENDAR = "text/calendar; charset=utf-8; method=PUBLISH"
ACCESS_CODES = (530, 534, 535, 538)  # the server refuses us, not the letter


class UnfitLetter(ValueError):
    """The letter cannot go out as it is: its recipient or a header is not one."""


@dataclass(frozen=True)
class Failure:
    """Why a letter did not go out: a code, whether for good, and whether others would fare so."""

    code: str
    for_good: bool = False
    server: bool = False


def send_next(now: datetime) -> int:
    """Send the next letter that is due; return 0 if there was none or the server is not there."""
    leased = outbox.lease(SYSTEM, now)
    if leased is None:
        return 0
    failure = _deliver(leased)
    if failure is None:
        outbox.mark_sent(SYSTEM, now, leased)
        return 1
    log = structlog.get_logger()
    log.warning("letter not sent", job="letters", letter=leased.id.hex, code=failure.code)
    mark = outbox.mark_refused if failure.for_good else outbox.mark_delayed
    mark(SYSTEM, now, leased, code=failure.code)
    return 0 if failure.server else 1


def probe(to: str = "", now: datetime | None = None) -> Failure | None:
    """Talk to the mail server as a letter would, and hand it a test letter if told to whom."""
    try:
        with CheckedConnection(current_app.extensions["mail"]) as connection:
            if to:
                message = _message(_test_letter(to, now or datetime.now(UTC)))
                connection.send(message, envelope_from=site.settings.mail_from)
            elif connection.host is not None:
                connection.host.noop()
    except (smtplib.SMTPException, OSError, BadHeaderError, ValueError) as error:
        return _judge(error)
    return None


def _test_letter(to: str, now: datetime) -> Leased:
    letter_id = uuid4()
    host = site.settings.hosts[0] if site.settings.hosts else "localhost"
    return Leased(
        letter_id,
        uuid4(),
        f"<{letter_id.hex}@{host}>",
        to,
        f"{site.settings.clinic_name}: test letter",
        "This letter shows that the clinic's system can send mail. Nothing needs to be done.\n",
        "en",
        now,
    )


def _deliver(leased: Leased) -> Failure | None:
    try:
        message = _message(leased)
        with CheckedConnection(current_app.extensions["mail"]) as connection:
            connection.send(message, envelope_from=site.settings.mail_from)
    except (smtplib.SMTPException, OSError, BadHeaderError, ValueError) as error:
        return _judge(error)
    return None


def _judge(error: Exception) -> Failure:
    match error:
        case smtplib.SMTPRecipientsRefused():
            return _answered(next(iter(error.recipients.values()))[0])
        case smtplib.SMTPSenderRefused() | smtplib.SMTPDataError():
            return _answered(error.smtp_code)
        case smtplib.SMTPResponseException():
            return Failure(f"smtp {error.smtp_code}", server=True)
        case ssl.SSLError():
            return Failure("certificate", server=True)
        case smtplib.SMTPException() | OSError():
            return Failure("unreachable", server=True)
        case _:
            return Failure("unfit", for_good=True)


def _answered(code: int) -> Failure:
    if code in ACCESS_CODES:
        return Failure(f"smtp {code}", server=True)
    return Failure(f"smtp {code}", for_good=500 <= code < 600)  # RFC 5321, 4.2.1


def _message(leased: Leased) -> Message:
    if not ADDRESS.fullmatch(leased.recipient):
        raise UnfitLetter("recipient")
    if not leased.subject.strip() or not leased.subject.isprintable():
        raise UnfitLetter("subject")
    message = _Repeatable(
        subject=leased.subject,
        recipients=[leased.recipient],
        body=leased.body,
        # A name with a comma would be read as two addresses if it were not quoted here.
        sender=formataddr((site.settings.clinic_name, site.settings.mail_from)),
        date=leased.queued_at.timestamp(),
        extra_headers={
            "Auto-Submitted": "auto-generated",  # RFC 3834: no out-of-office replies
            "Content-Language": leased.language,
        },
    )
    message.msgId = leased.message_id
    if leased.calendar is not None:
        message.attach("appointment.ics", CALENDAR, leased.calendar.encode())
    return message


class _Repeatable(Message):
    """A letter of several parts that has the same bytes each time it is sent."""

    def _message(self) -> MIMEBase:
        built = super()._message()
        if built.is_multipart():  # the usual mark between parts is a new random one each time
            built.set_boundary(f"=_{sha256(self.msgId.encode()).hexdigest()[:40]}")
        return built


class _Deadline(smtplib.SMTP):
    """Ends a session that takes too long as a whole, however often the server says a word."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._ends = time.monotonic() + LONGEST_SESSION
        super().__init__(*args, **kwargs)

    def getreply(self) -> tuple[int, bytes]:
        """Wait for an answer, but not beyond the end of the session."""
        self._hurry()
        return super().getreply()

    def send(self, s: Any) -> None:
        """Send, but not beyond the end of the session."""
        self._hurry()
        super().send(s)

    def _hurry(self) -> None:
        left = self._ends - time.monotonic()
        if left <= 0:
            self.close()
            raise smtplib.SMTPServerDisconnected("the session took too long")
        if self.sock is not None:
            self.sock.settimeout(min(left, site.settings.smtp_timeout_seconds))


class _DeadlineTls(_Deadline, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


class CheckedConnection(Connection):
    """Flask-Mail's connection with a time-out, and with the server's certificate checked."""

    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        """Open the session, encrypted as the settings say, and sign in if they say so."""
        settings = site.settings
        wait = settings.smtp_timeout_seconds
        ourselves = settings.hosts[0] if settings.hosts else "localhost"
        host: smtplib.SMTP
        if self.mail.use_ssl:
            host = _DeadlineTls(
                self.mail.server, self.mail.port, ourselves, timeout=wait, context=_trusting()
            )
        else:
            host = _Deadline(self.mail.server, self.mail.port, ourselves, timeout=wait)
        try:
            if self.mail.use_tls:
                host.starttls(context=_trusting())
            if self.mail.username and self.mail.password:
                host.login(self.mail.username, self.mail.password)
        except BaseException:
            host.close()
            raise
        return host

    def __exit__(
        self, exc_type: type[BaseException], exc_value: BaseException, tb: TracebackType
    ) -> None:
        """Say goodbye; a server that is gone by then has taken the letter all the same."""
        if self.host is not None:
            with suppress(smtplib.SMTPException, OSError):
                self.host.quit()
            self.host.close()


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
