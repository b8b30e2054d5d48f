"""Draws the picture that shared links show, and the small icon, from the drawings of the site.

    python scripts/social_picture.py

Both are committed; draw them anew when clinic/static/img/landing.svg or favicon.svg changes.
"""

import struct
import sys
from pathlib import Path

from playwright.sync_api import Browser

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.browser import chromium

IMAGES = Path(__file__).resolve().parents[1] / "clinic" / "static" / "img"
LARGEST = 120_000  # bytes of the picture
ICON = 32  # pixels of a side
FRAME = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: {ground}; }}
.wide {{ inline-size: 1200px; block-size: 630px; display: grid; place-items: end center;
         background: #fbf5ec; }}
.wide svg {{ inline-size: 600px; block-size: 579px; }}
.icon svg {{ display: block; inline-size: {icon}px; block-size: {icon}px; }}
</style><body class="{kind}">{drawing}"""


def main() -> int:
    """Draw both pictures; 1 if the larger one is too large."""
    with chromium() as browser:
        shared = _shot(browser, "wide", "landing.svg", width=1200, height=630)
        icon = _shot(browser, "icon", "favicon.svg", width=ICON, height=ICON)
    (IMAGES / "social.png").write_bytes(shared)
    (IMAGES / "favicon.ico").write_bytes(_wrapped(icon))
    print(f"social.png {len(shared) / 1000:.0f} kB, favicon.ico {len(icon) / 1000:.1f} kB")
    return 1 if len(shared) > LARGEST else 0


def _shot(browser: Browser, kind: str, drawing: str, *, width: int, height: int) -> bytes:
    page = browser.new_page(viewport={"width": width, "height": height})
    ground = "transparent" if kind == "icon" else "#fbf5ec"
    svg = (IMAGES / drawing).read_text(encoding="utf-8")
    page.set_content(FRAME.format(kind=kind, drawing=svg, icon=ICON, ground=ground))
    picture: bytes = page.screenshot(omit_background=kind == "icon")
    page.close()
    return picture


def _wrapped(png: bytes) -> bytes:
    """Put one PNG into the frame of an .ico file."""
    head = struct.pack("<HHH", 0, 1, 1)
    entry = struct.pack("<BBBBHHII", ICON, ICON, 0, 0, 1, 32, len(png), len(head) + 16)
    return head + entry + png


if __name__ == "__main__":
    sys.exit(main())
