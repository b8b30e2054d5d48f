"""A mail server for tests: keeps each letter, and fails in the ways a real one does.

It speaks plain SMTP on a free port of this machine and forwards nothing.
"""

import asyncio
import re
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TypeVar

from aiosmtpd.smtp import SMTP, Envelope, Session

T = TypeVar("T")
LINK = re.compile(r"https?://[^\s<>\"']+")


@dataclass(frozen=True)
class Behaviour:
    """What the sink does with one letter: its answer, when, and whether it keeps the letter."""

    reply: str | None
    keeps: bool = False
    stalls: float = 0


ACCEPT = Behaviour("250 OK", keeps=True)
TEMPORARY = Behaviour("451 4.3.0 Try again later")
PERMANENT = Behaviour("550 5.1.1 No such user")
HANG_UP = Behaviour(None)
ACCEPT_THEN_HANG_UP = Behaviour(None, keeps=True)


def stall(seconds: float, then: Behaviour = ACCEPT) -> Behaviour:
    """Keep the client waiting for its answer."""
    return Behaviour(then.reply, keeps=then.keeps, stalls=seconds)


@dataclass(frozen=True)
class Letter:
    """One letter as the wire carried it."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    raw: bytes

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return str(self.message["Subject"])

    @property
    def message_id(self) -> str:
        """The Message-ID header."""
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        """The plain text part."""
        part = self.message.get_body(preferencelist=("plain",))
        return str(part.get_content()) if part else ""

    @property
    def html(self) -> str:
        """The HTML part, empty if there is none."""
        part = self.message.get_body(preferencelist=("html",))
        return str(part.get_content()) if part else ""

    @property
    def links(self) -> list[str]:
        """Every web address in the plain text, in order."""
        return [link.rstrip(".,)") for link in LINK.findall(self.text)]


class SmtpSink:
    """Collects letters; `next_letters` and `all_letters` script how it behaves."""

    def __init__(self) -> None:
        self.host = "127.0.0.1"
        self.port = 0
        self.attempts = 0
        self._letters: list[Letter] = []
        self._script: deque[Behaviour] = deque()
        self._usual = ACCEPT
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def letters(self) -> list[Letter]:
        """Every letter kept so far, oldest first."""
        with self._changed:
            return list(self._letters)

    def to(self, address: str) -> list[Letter]:
        """The letters that one address received."""
        return [letter for letter in self.letters if address in letter.recipients]

    def wait(self, count: int = 1, *, to: str | None = None, within: float = 20) -> list[Letter]:
        """Wait until that many letters are here (to one address, if given), or fail."""
        return self.wait_for(lambda kept: to is None or to in kept.recipients, count, within=within)

    def wait_for(
        self, wanted: Callable[[Letter], object], count: int = 1, *, within: float = 20
    ) -> list[Letter]:
        """Wait until that many letters of a kind are here, or fail."""
        give_up = time.monotonic() + within
        with self._changed:
            while True:
                found = [kept for kept in self._letters if wanted(kept)]
                left = give_up - time.monotonic()
                if len(found) >= count:
                    return found
                if left <= 0:
                    raise AssertionError(f"{len(found)} of {count} letters came in {within} s")
                self._changed.wait(left)

    def next_letters(self, *behaviours: Behaviour) -> None:
        """Treat the next letters so, one each; those after them as usual."""
        with self._changed:
            self._script.extend(behaviours)

    def all_letters(self, behaviour: Behaviour) -> None:
        """Treat every letter so from now on, unless scripted otherwise."""
        with self._changed:
            self._usual = behaviour

    def clear(self) -> None:
        """Forget the letters kept so far."""
        with self._changed:
            self._letters.clear()
            self.attempts = 0

    def refuse_connections(self) -> None:
        """Stop listening: clients are refused until `listen` is called again."""
        self._on_loop(self._close)

    def listen(self) -> None:
        """Listen, again on the port of the first time."""
        if not self._thread.is_alive():
            self._thread.start()
        self._on_loop(self._open)

    def stop(self) -> None:
        """End the sink for good."""
        self._on_loop(self._close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take one letter and answer as the script says."""
        with self._changed:
            behaviour = self._script.popleft() if self._script else self._usual
            self.attempts += 1
        if behaviour.stalls:
            await asyncio.sleep(behaviour.stalls)
        if behaviour.keeps:
            self._keep(envelope)
        if behaviour.reply is None:
            if isinstance(server.transport, asyncio.WriteTransport):
                server.transport.abort()
            return "421 4.3.2 Closing"
        return behaviour.reply

    def _keep(self, envelope: Envelope) -> None:
        raw = envelope.original_content or b""
        message = message_from_bytes(raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        letter = Letter(str(envelope.mail_from), tuple(envelope.rcpt_tos), message, raw)
        with self._changed:
            self._letters.append(letter)
            self._changed.notify_all()

    async def _open(self) -> None:
        if self._server is None:
            self._server = await self._loop.create_server(self._session, self.host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _session(self) -> SMTP:
        return SMTP(self, hostname="sink.example.com", ident="sink", loop=self._loop)

    def _on_loop(self, task: Callable[[], Awaitable[T]]) -> T:
        async def run() -> T:
            return await task()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(timeout=10)


@contextmanager
def running() -> Iterator[SmtpSink]:
    """Lend a listening sink for the length of a block."""
    sink = SmtpSink()
    sink.listen()
    try:
        yield sink
    finally:
        sink.stop()
