"""The demo's mailbox: a mail server on this machine and a page that shows what it received.

It takes letters by SMTP like any mail server would, keeps them in memory and on disk, and shows
them on a page of its own. It belongs to the demo and is never part of a clinic's installation.
"""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import EmailMessage
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

LINK = re.compile(r"https?://localhost:\d+/[^\s<>]*")
STYLE = (
    "body{font:18px/1.5 system-ui,sans-serif;background:#fbf5ec;color:#2a2521;margin:0 auto;"
    "max-width:46rem;padding:1.5rem}a{color:#1f5a50}pre{background:#fffdf9;border:1px solid "
    "#e3d8c6;border-radius:.7rem;padding:1rem;white-space:pre-wrap;overflow-wrap:anywhere;"
    "font:inherit}li{margin:.6rem 0}small{color:#5d554d}"
)


@dataclass(frozen=True)
class Kept:
    """One letter as it arrived."""

    number: int
    to: str
    subject: str
    date: str
    body: str


class Keeper:
    """Takes letters from SMTP and keeps them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(  # noqa: N802 - aiosmtpd looks for this name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep one letter on disk."""
        content = envelope.content
        data = content if isinstance(content, bytes) else (content or "").encode()
        number = len(list(self.folder.glob("*.eml"))) + 1
        (self.folder / f"{number:05}.eml").write_bytes(data)
        return "250 Kept"

    def letters(self) -> list[Kept]:
        """List the letters, the newest first."""
        return [self._read(path) for path in sorted(self.folder.glob("*.eml"), reverse=True)]

    @staticmethod
    def _read(path: Path) -> Kept:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)  # noqa: S101 - the default policy makes these
        part = message.get_body(("plain",))
        body = part.get_content() if part else ""
        return Kept(
            int(path.stem), str(message["To"]), str(message["Subject"]), str(message["Date"]), body
        )


def _page(title: str, content: str) -> bytes:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        f'</title><meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f"</head><body><h1>{escape(title)}</h1>{content}</body></html>"
    ).encode()


def _list(letters: list[Kept]) -> bytes:
    if not letters:
        return _page(
            "Demo mailbox", "<p>No letter yet. Letters appear here when they are sent.</p>"
        )
    rows = "".join(
        f'<li><a href="/{kept.number}">{escape(kept.subject)}</a><br>'
        f"<small>to {escape(kept.to)}, {escape(kept.date)}</small></li>"
        for kept in letters
    )
    return _page("Demo mailbox", f"<p>The newest letter is on top.</p><ul>{rows}</ul>")


def _one(kept: Kept) -> bytes:
    body = LINK.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', escape(kept.body))
    return _page(
        kept.subject,
        f"<p>to {escape(kept.to)}<br><small>{escape(kept.date)}</small></p><pre>{body}</pre>"
        '<p><a href="/">All letters</a></p>',
    )


def _handler(keeper: Keeper) -> type[BaseHTTPRequestHandler]:
    class Viewer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            letters = keeper.letters()
            wanted = self.path.strip("/")
            found = [kept for kept in letters if str(kept.number) == wanted]
            page = _one(found[0]) if found else _list(letters)
            self.send_response(200 if found or not wanted else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_args: Any) -> None:
            """Stay quiet."""

    return Viewer


@click.command(hidden=True)
@click.option("--folder", type=click.Path(path_type=Path), required=True)
@click.option("--smtp-port", type=int, required=True)
@click.option("--web-port", type=int, required=True)
def mailbox(folder: Path, smtp_port: int, web_port: int) -> None:
    """Run the demo's mailbox until it is stopped."""
    keeper = Keeper(folder)
    controller = Controller(keeper, hostname="127.0.0.1", port=smtp_port)
    controller.start()
    try:
        ThreadingHTTPServer(("127.0.0.1", web_port), _handler(keeper)).serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        controller.stop()


COMMANDS = (mailbox,)
