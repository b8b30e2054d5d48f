"""Draws the pictures of the README from a demo clinic of their own, in Debian's Chromium.

    python scripts/pictures.py [FOLDER]

The clinic is the one that `make run` shows, on another port and thrown away afterwards.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import FloatRect, Page

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.browser import chromium, visitor

ROOT = Path(__file__).resolve().parents[1]
PORT, WAIT_SECONDS = 8600, 120
LARGEST, TALLEST = 160_000, 740  # bytes (a hatched body takes most) and pixels of one picture
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def main(folder: Path) -> int:
    """Draw every picture; 1 if one of them is too large."""
    folder.mkdir(parents=True, exist_ok=True)
    with demo_clinic() as (address, sign_ins, codes), chromium() as browser:
        with visitor(browser, address, width="phone") as patient:
            draw(patient.open("/"), folder / "landing-phone.png")
            draw(patient.open("/request/"), folder / "request-phone.png")
        with visitor(browser, address) as desk:
            sign_in(desk.open("/staff/"), "desk@example.com", sign_ins, codes())
            draw(desk.page, folder / "queue.png")
        with visitor(browser, address) as therapist:
            page = therapist.open("/staff/")
            sign_in(page, "therapist@example.com", sign_ins, codes())
            page.get_by_role("link", name="Walt Madeup").first.click()
            page.get_by_role("link", name="Open the medical history").click()
            page.wait_for_load_state()
            draw(page, folder / "history.png")
    sizes = {path.name: path.stat().st_size for path in sorted(folder.glob("*.png"))}
    for name, size in sizes.items():
        large = f"  more than {LARGEST / 1000:.0f} kB" if size > LARGEST else ""
        print(f"{name:<24} {size / 1000:>6.0f} kB{large}")
    return 1 if any(size > LARGEST for size in sizes.values()) else 0


@contextmanager
def demo_clinic() -> Iterator[tuple[str, dict[str, dict[str, str]], "Codes"]]:
    """Run a demo clinic of its own in a folder that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="needlepoint-pictures-") as home:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "clinic.app", "demo"]
        running = subprocess.Popen([*command, "--port", str(PORT)], cwd=home, env=environment)
        try:
            address = f"http://localhost:{PORT}"
            _wait_for(f"{address}/healthz", running)
            sign_ins = json.loads((Path(home) / "var/demo/sign-ins.json").read_text())
            yield address, sign_ins, Codes([*command, "codes"], home, environment)
        finally:
            running.terminate()
            running.wait(timeout=60)


class Codes:
    """Asks the demo for its second-factor codes as they are now."""

    def __init__(self, command: list[str], home: str, environment: dict[str, str]) -> None:
        self._command, self._home, self._environment = command, home, environment

    def __call__(self) -> dict[str, str]:
        """The code of each address."""
        said = subprocess.run(
            self._command,
            cwd=self._home,
            env=self._environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return dict(line.split()[:2] for line in said.splitlines() if "@" in line)


def sign_in(
    page: Page, email: str, sign_ins: dict[str, dict[str, str]], codes: dict[str, str]
) -> None:
    """Give both proofs."""
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(sign_ins[email]["password"])
    page.locator("main").get_by_role("button", name="Continue").click()
    page.locator("[name=code]").fill(codes[email])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/staff/**")
    page.wait_for_load_state()


def draw(page: Page, path: Path) -> None:
    """Keep what the window shows, as a small picture."""
    page.evaluate("document.fonts.ready")
    size = page.viewport_size or {"width": 1280, "height": TALLEST}
    height = min(size["height"], TALLEST)
    part: FloatRect = {"x": 0, "y": 0, "width": size["width"], "height": height}
    path.write_bytes(squeezed(page.screenshot(clip=part)))


def squeezed(picture: bytes) -> bytes:
    """Pack the same PNG again as tightly as zlib can; the browser is in more of a hurry."""
    kept, packed, at = [], b"", len(SIGNATURE)
    while at < len(picture):
        (length,) = struct.unpack(">I", picture[at : at + 4])
        kind, body = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        if kind == b"IDAT":
            packed += body
        elif kind == b"IEND":
            kept.append(_chunk(b"IDAT", zlib.compress(zlib.decompress(packed), 9)))
            kept.append(_chunk(kind, body))
        else:
            kept.append(_chunk(kind, body))
        at += 12 + length
    return SIGNATURE + b"".join(kept)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _wait_for(address: str, running: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < give_up and running.poll() is None:
        with suppress(OSError), urllib.request.urlopen(address, timeout=2):  # noqa: S310 - our own address
            return
        time.sleep(0.25)
    raise SystemExit("pictures: the demo clinic did not start")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures"))
