"""Pictures that are drawn when a page is: a QR code as SVG, without style or script in it."""

from __future__ import annotations

import segno


def qr(text: str) -> str:
    """Draw a QR code as one SVG element that takes its size from the page."""
    drawn: str = segno.make(text, error="m", micro=False).svg_inline(
        border=4, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None
    )
    return drawn
