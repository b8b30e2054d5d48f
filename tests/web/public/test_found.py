"""What a search engine may list, and what it is asked to leave alone."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask

from clinic.web import addresses
from tests.support import databases
from tests.support.page import Page

Reader = Callable[..., Page]
PRIVATE = ["/request/", "/request/closed", "/status/closed", "/staff/sign-in", "/no-such-page"]


def listed(app: Flask) -> list[str]:
    return re.findall(r"<loc>(.+?)</loc>", app.test_client().get("/sitemap.xml").text)


def test_the_sitemap_lists_pages_that_are_there_and_want_to_be_listed(app: Flask) -> None:
    found = listed(app)

    assert len(found) == len(set(found)) == len(addresses.LISTED)
    for address in found:
        page = Page.get(app.test_client(), urlsplit(address).path)
        assert page.status == 200
        assert "X-Robots-Tag" not in page.response.headers
        assert page.soup.select("meta[name=robots]") == []
        assert [str(one["href"]) for one in page.soup.select("link[rel=canonical]")] == [address]


def test_whole_addresses_begin_with_the_address_that_patients_use() -> None:
    with (
        databases.fresh_database("sqlite") as url,
        databases.running_app(url, public_base_url="https://clinic.example.com") as app,
    ):
        client = app.test_client()
        asked = {"base_url": "https://clinic.example.com"}
        page = client.get("/team", **asked).text
        plan = client.get("/sitemap.xml", **asked).text
        robots = client.get("/robots.txt", **asked).text

    assert '<link rel="canonical" href="https://clinic.example.com/team">' in page
    assert "<loc>https://clinic.example.com/</loc>" in plan
    assert "Sitemap: https://clinic.example.com/sitemap.xml" in robots


@pytest.mark.parametrize("path", PRIVATE)
def test_what_is_somebodys_own_asks_not_to_be_listed(read: Reader, path: str) -> None:
    page = read(path)

    assert page.response.headers["X-Robots-Tag"] == "noindex"
    assert [str(one["content"]) for one in page.soup.select("meta[name=robots]")] == ["noindex"]
    assert page.soup.select("link[rel=canonical], script[type='application/ld+json']") == []


def test_robots_are_kept_out_of_everything_that_is_not_public(app: Flask) -> None:
    lines = app.test_client().get("/robots.txt").text.splitlines()

    closed = [line.removeprefix("Disallow: ") for line in lines if line.startswith("Disallow: ")]
    assert closed == ["/staff", "/request", "/status", "/r/"]
    paths = [urlsplit(address).path for address in listed(app)]
    assert [path for path in paths if path.startswith(tuple(closed))] == []


@pytest.mark.parametrize("path", ["/", "/evidence", "/team", "/prices", "/ask", "/questions"])
def test_a_shared_link_shows_a_picture_and_words(app: Flask, read: Reader, path: str) -> None:
    page = read(path)
    shown = {
        str(one["property"]): str(one["content"]) for one in page.soup.select("meta[property]")
    }

    assert shown["og:title"] == page.heading
    assert shown["og:url"] == f"http://localhost{path}"
    assert shown["og:description"]
    with app.test_client().get(urlsplit(shown["og:image"]).path) as answer:
        picture = answer.data
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 120_000
    assert (shown["og:image:width"], shown["og:image:height"]) == ("1200", "630")
    assert [int.from_bytes(picture[at : at + 4]) for at in (16, 20)] == [1200, 630]


def test_the_small_icon_answers_where_browsers_look_for_it(app: Flask) -> None:
    with app.test_client().get("/favicon.ico", follow_redirects=True) as icon:
        assert (icon.status_code, icon.data[:4]) == (200, b"\0\0\1\0")
