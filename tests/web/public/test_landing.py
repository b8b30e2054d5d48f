"""The landing page: each figure has its source, and what machines read is what people read."""

import gzip
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import Tag
from flask import Flask

from clinic.web import filters, sources
from tests.support import databases
from tests.support.page import Page
from tests.support.page_lint import words
from tests.support.scene import Scene

Reader = Callable[..., Page]
BOTH = pytest.mark.parametrize("language", ["en", "es"])
# Numbers that no study gave: whom to call, an age, what a scale is, and advice marked as unchecked.
NO_FIGURES = re.compile(
    r"\b911\b|\(555\) 555-0100|under 18|menos de 18|out of 100\b|de cada 100\b|from 0 to 10\b"
    r"|de 0 a 10\b|1 to 3 days|de 1 a 3 días"
)
FIRST_VIEW = 100 * 1024  # bytes in all, fonts included


def structured(page: Page) -> list[dict[str, Any]]:
    block = page.soup.find("script", type="application/ld+json")
    assert isinstance(block, Tag)
    graph: list[dict[str, Any]] = json.loads(str(block.string))["@graph"]
    return graph


def unsourced(page: Page) -> list[str]:
    """List what names a figure and has no source in the same sentence's block or card."""
    found = []
    for block in page.soup.select("main p, main li, main h3"):
        if block.find(["p", "li", "h3"]) or block.find_parent(class_="reference-list"):
            continue
        figure = re.search(r"\d", NO_FIGURES.sub("", words(block)))
        card = block.find_parent(class_="fact") or block
        if figure and not (block.select_one("a.ref") or card.select_one("a.ref")):
            found.append(words(block))
    return found


@BOTH
@pytest.mark.parametrize("path", ["/", "/evidence"])
def test_each_figure_has_its_source_beside_it(read: Reader, path: str, language: str) -> None:
    page = read(path, language=language)

    assert unsourced(page) == []
    assert len(page.soup.select("main a.ref")) >= 10


def test_a_size_in_the_table_of_sizes_names_its_study(read: Reader) -> None:
    rows = read("/evidence").soup.select("tbody tr")

    assert len(rows) == 14
    assert all(row.select_one("a.ref") for row in rows)


def dots(path: Tag) -> int:
    """How many dots a browser draws of a path: none that lies right on the end of its line."""
    lines = [int(length) for length in re.findall(r"h(\d+)", str(path["d"]))]
    return sum(-(-length // 8) for length in lines)


def test_a_picture_shows_as_many_dots_as_the_words_beside_it_say(read: Reader) -> None:
    facts = [fact for fact in read("/").soup.select("#side-effects ~ ul .fact") if fact.svg]

    assert len(facts) >= 6
    for fact in facts:
        said = [int(one) for one in re.findall(r"\d+", words(fact.select(".big")[0]))]
        drawn = {str(path["class"]): dots(path) for path in fact.select("svg path")}
        assert said.pop() == drawn.pop("['dots-off']") == 100
        assert [count for count in said if count] == sorted(drawn.values())


def test_a_figure_without_a_source_would_be_found(read: Reader) -> None:
    page = read("/")
    cited = next(one for one in page.soup.select("main li") if "6 in 31,822" in words(one))

    for link in cited.select("a.ref"):
        link.decompose()

    assert len(unsourced(page)) == 1


def test_each_source_of_the_list_is_cited_and_shown_once(read: Reader) -> None:
    page = read("/")

    cited = {str(link["href"]) for link in page.soup.select("main a.ref")}
    listed = [str(one["id"]) for one in page.soup.select(".reference-list li")]
    assert listed == [f"source-{key}" for key in sources.SOURCES]
    assert cited == {f"#{one}" for one in listed}


@BOTH
def test_what_machines_read_is_what_the_page_answers(read: Reader, language: str) -> None:
    page = read("/", language=language)

    faq = next(one for one in structured(page) if one["@type"] == "FAQPage")
    told = [(one["name"], one["acceptedAnswer"]["text"]) for one in faq["mainEntity"]]

    shown = []
    for answered in page.soup.select(".answered"):
        for link in answered.select("a.ref"):
            link.decompose()
        heading = answered.find(["h2", "h3"])
        said = " ".join(words(part) for part in answered.find_all("p"))
        shown.append((words(heading) if heading else "", said))
    assert told == shown
    assert len(told) == 7


def test_the_clinic_and_the_page_are_named_for_machines(read: Reader) -> None:
    page = read("/")

    things = {one["@type"]: one for one in structured(page)}
    assert set(things) == {"MedicalClinic", "MedicalWebPage", "FAQPage"}
    assert things["MedicalClinic"]["name"] == "Fictional Needling Clinic"
    assert things["MedicalClinic"]["telephone"] == "(555) 555-0100"
    assert things["MedicalWebPage"]["name"] == page.heading
    assert things["MedicalWebPage"]["url"] == "http://localhost/"


def test_a_name_that_looks_like_a_tag_ends_no_script() -> None:
    name = "</script><script>alert(1)</script> & Sons"

    with (
        databases.fresh_database("sqlite") as url,
        databases.running_app(url, clinic_name=name) as app,
    ):
        page = Page.get(app.test_client(), "/")

    assert structured(page)[0]["name"] == name
    assert page.response.text.count("</script>") == 2  # ours, and the data block


def test_the_only_ways_on_are_a_consultation_a_question_and_the_phone(read: Reader) -> None:
    page = read("/")

    buttons = {words(one): str(one["href"]) for one in page.soup.select("main a.button")}

    assert buttons == {
        "Ask for a consultation": "/request/",
        "Ask a question": "/ask",
        "Call 911": "tel:911",
    }
    assert page.follow("Ask a question").status == 200
    assert page.follow("More questions that we have answered").status == 200


@pytest.mark.parametrize(
    ("law", "said"),
    [
        ("permitted", "The law here lets a licensed therapist do dry needling."),
        ("silent", "The law here does not speak of dry needling."),
        (
            "prohibited",
            "The law here does not allow dry needling. We offer visits without needles.",
        ),
    ],
)
def test_each_place_tells_its_state_its_law_and_its_zone(
    app: Flask, read: Reader, law: str, said: str
) -> None:
    with app.app_context():
        Scene().place(
            "Example Street", zone="America/Phoenix", state="AZ", needling_law=law,
            legal_basis="A made-up rule",
        )  # fmt: skip
        Scene().place("Given Up", active=False)

    text = read("/").text

    assert "State: AZ." in text
    assert said in text
    assert "What this rests on: A made-up rule" in text
    assert "America/Phoenix" in text
    assert "Given Up" not in text


@BOTH
def test_the_first_view_fits_in_a_hundred_kilobytes(app: Flask, language: str) -> None:
    client = app.test_client()
    client.set_cookie("language", language)
    page = client.get("/").data

    packed = [
        one
        for one in filters.STATIC.rglob("*.*")
        if one.suffix in (".css", ".js", ".svg")
        if f"/static/{one.relative_to(filters.STATIC)}?".encode() in page
    ]
    named = {one.name for one in packed}
    assert named >= {"site.css", "site.js", "landing.svg", "favicon.svg"}
    loaded = sum(len(gzip.compress(one.read_bytes())) for one in packed)
    fonts = sum(one.stat().st_size for one in filters.STATIC.glob("fonts/**/*.woff2"))
    assert len(page) + loaded + fonts <= FIRST_VIEW
