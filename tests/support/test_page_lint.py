"""The page lint is only worth its green if each rule turns red on a page that breaks it."""

import re

import pytest

from tests.support.page_lint import RULES, BadPage, alike, faults, lint

GOOD = """<!doctype html>
<html lang="en">
<head><title>Error: Your history - Needlepoint</title>
<link rel="stylesheet" href="/static/site.css"><script src="/static/site.js"></script></head>
<body>
<main>
<div class="error-summary"><a href="#age">Enter your age</a></div>
<h1>Your history</h1>
<form method="post" action="/history">
<input type="hidden" name="csrf_token" value="abc">
<label for="age">Age</label><input id="age" name="age" aria-invalid="true"
 aria-describedby="age-hint"><p id="age-hint">In years</p>
<fieldset><legend>Fever now?</legend>
<label><input type="radio" name="fever" value="yes"> Yes</label>
<label><input type="radio" name="fever" value="no"> No</label>
</fieldset>
<button>Go on</button>
</form>
<a href="https://example.com/study">A source</a> <a href="#age">Back to age</a>
<img src="/static/figure.png" alt="A figure">
<script type="application/ld+json">{}</script>
</main>
</body></html>
"""

# rule -> (what the good page says, what the bad one says instead, what the fault must mention)
BROKEN = {
    "no doctype": ("<!doctype html>\n", "", "broken HTML"),
    "unclosed element": ("</fieldset>", "", "broken HTML"),
    "attribute twice": ('name="age"', 'name="age" name="old"', "broken HTML"),
    "no language": (' lang="en"', "", "no lang"),
    "no heading": ("<h1>Your history</h1>", "", "exactly one h1"),
    "two headings": ("<h1>Your history</h1>", "<h1>Your history</h1><h1>B</h1>", "exactly one h1"),
    "empty heading": ("<h1>Your history</h1>", "<h1> </h1>", "exactly one h1"),
    "another title": ("<title>Error: Your history", "<title>Error: Welcome", "not begin with"),
    "error untitled": ("<title>Error: Your", "<title>Your", "begin with 'Error: '"),
    "no label": ('<label for="age">Age</label>', "", "no label: <input"),
    "empty label": (">Age</label>", "></label>", "no label: <input"),
    "label of nothing": ('<label for="age">', '<label for="gone">', "for='gone' points nowhere"),
    "radio without label": ('<label><input type="radio" name="fever" value="yes"> Yes</label>',
                            '<input type="radio" name="fever" value="yes">', "no label: <input"),
    "choices without legend": ("<legend>Fever now?</legend>", "", "fieldset with a legend"),
    "empty button": ("<button>Go on</button>", "<button></button>", "button without words"),
    "empty link": (">A source</a>", "></a>", "link without words"),
    "picture without alt": (' alt="A figure"', "", "without alt"),
    "id twice": ('<p id="age-hint">', '<p id="age-hint"></p><p id="age">', "'age' is used 2 times"),
    "id with space": ('id="age-hint"', 'id="age hint"', "holds spaces"),
    "hint of nothing": ('<p id="age-hint">', "<p>", "aria-describedby='age-hint' points nowhere"),
    "inline handler": ("<button>", '<button onclick="go()">', "inline handler"),
    "inline style": ("<main>", '<main style="color:red">', "inline style"),
    "style element": ("<main>", "<main><style>p{}</style>", "style element"),
    "inline script": ("<main>", "<main><script>go()</script>", "inline script"),
    "script address": ('href="https://example.com/study"', 'href="javascript:go()"', "javascript:"),
    "base": ("<main>", '<main><base href="/a/">', "base element"),
    "foreign picture": ("/static/figure.png", "https://example.com/f.png", "leaves this site"),
    "foreign, our scheme": ("/static/figure.png", "//example.com/f.png", "leaves this site"),
    "data picture": ("/static/figure.png", "data:image/png;base64,AA", "leaves this site"),
    "foreign srcset": ("<img ", '<img srcset="/a.png 1x, //example.com/b.png 2x" ', "leaves"),
    "foreign style": ('href="/static/site.css"', 'href="//example.com/s.css"', "leaves this site"),
    "foreign script": ('src="/static/site.js"', 'src="https://example.com/s.js"', "leaves"),
    "foreign form": ('action="/history"', 'action="https://example.com/"', "leaves this site"),
    "link to nothing": ('<a href="#age">Back', '<a href="#gone">Back', "'#gone' lands nowhere"),
    "link to empty": ('<a href="#age">Back', '<a href="#">Back', "'#' lands nowhere"),
    "summary to text": ('<a href="#age">Enter', '<a href="#age-hint">Enter', "not on a field"),
    "no summary": ('<a href="#age">Enter your age</a>', "Enter your age", "no error summary"),
    "no token": ('<input type="hidden" name="csrf_token" value="abc">', "", "without a CSRF token"),
    "empty token": ('value="abc"', 'value=""', "without a CSRF token"),
    "token in address": ('method="post"', 'method="get"', "into the address"),
}  # fmt: skip


def test_a_good_page_has_no_faults() -> None:
    assert faults(GOOD) == []


@pytest.mark.parametrize("name", BROKEN)
def test_each_fault_is_found_and_named(name: str) -> None:
    before, after, named = BROKEN[name]
    assert before in GOOD

    found = faults(GOOD.replace(before, after, 1))

    assert any(named in fault for fault in found), found


def test_every_rule_is_broken_by_some_page() -> None:
    # Without this a rule that never fires would go unnoticed.
    from bs4 import BeautifulSoup  # noqa: PLC0415 - only this test looks at single rules

    pages = [
        BeautifulSoup(GOOD.replace(before, after, 1), "html5lib")
        for before, after, _ in BROKEN.values()
    ]

    silent = [rule.__name__ for rule in RULES if not any(list(rule(page)) for page in pages)]

    assert silent == []


def test_a_bad_page_is_refused_with_all_its_faults() -> None:
    bad = GOOD.replace(' lang="en"', "").replace(' alt="A figure"', "")

    with pytest.raises(BadPage, match=r"GET /history breaks 2 rule.*\n.*no lang\n.*without alt"):
        lint(bad, "GET /history")


ONE, OTHER = "0f8fad5b-d9cb-469f-a165-70867728950e", "7c9e6679-7425-40de-944b-e07fc1f90ae7"
TOKEN = "IjRlNzY2YjI0NTQ1ZDJhYmI0ZDJmYjQ2Yjg5.ZzA1.Qm9va2luZw"


def test_pages_are_alike_only_if_they_differ_in_what_is_drawn_by_lot() -> None:
    def page(first: str, second: str, token: str = TOKEN) -> str:
        return f'<p id="{first}">AB12-CD34</p><p id="{second}"></p><input value="{token}">'

    assert alike(page(ONE, OTHER)) == alike(page(OTHER, ONE, token=TOKEN[::-1]))
    assert alike(page(ONE, OTHER)) != alike(page(ONE, ONE))
    assert alike(page(ONE, OTHER)) != alike(page(ONE, OTHER, token=""))
    assert alike(page(ONE, OTHER)) != alike(page(ONE, OTHER, token="short"))
    assert alike(page(ONE, OTHER)) != alike(page(ONE, "x" + OTHER))


def test_a_page_that_was_clean_once_hides_no_fault_of_the_next() -> None:
    rows = GOOD.replace("<button>", f'<p id="{ONE}"></p><p id="{OTHER}"></p><button>')
    lint(rows)
    lint(rows.replace("abc", TOKEN))

    for before, after, named in BROKEN.values():
        with pytest.raises(BadPage, match=re.escape(named)):
            lint(rows.replace(before, after, 1))
    with pytest.raises(BadPage, match="is used 2 times"):
        lint(rows.replace(OTHER, ONE))
