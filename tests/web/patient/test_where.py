"""The page that asks where it hurts, with the body drawn on it."""

import gzip

from clinic.web import filters
from tests.web.patient.walking import Walker

FIRST_VIEW = 100 * 1024  # bytes in all, fonts included


def test_the_picture_leaves_the_first_view_within_a_hundred_kilobytes(ana: Walker) -> None:
    page = ana.begins()

    html = ana.client.get("/request/where").data

    packed = [*filters.STATIC.glob("css/*.css"), *filters.STATIC.glob("js/*.js")]
    packed += [filters.STATIC / "img" / "favicon.svg"]
    loaded = sum(len(gzip.compress(one.read_bytes())) for one in packed)
    fonts = sum(one.stat().st_size for one in filters.STATIC.glob("fonts/**/*.woff2"))
    assert page.soup.select_one("svg.body-map") is not None
    assert len(html) + loaded + fonts <= FIRST_VIEW


def test_the_pages_of_places_and_of_medicines_bring_the_script_that_helps_there(
    ana: Walker,
) -> None:
    ana.has_filled_in()

    for path in ("/request/where", "/request/history/medicines"):
        scripts = [one["src"] for one in ana.get(path).soup.select("head script")]
        assert any(str(one).startswith("/static/js/history.js?") for one in scripts), path
    other = ana.get("/request/history/surgery")
    assert "history.js" not in str(other.soup.head)
