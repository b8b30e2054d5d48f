"""The page helper must send what a browser would send, and lint what it is shown."""

import pytest
from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from tests.support.page import LintingClient, Page
from tests.support.page_lint import BadPage

FORM = """<!doctype html><html lang="en"><head><title>Ask</title></head><body><h1>Ask</h1>
<form method="post" action="/sent?from=ask">
<input type="hidden" name="csrf_token" value="token-1">
<label for="name">Your name</label><input id="name" name="name" value="Before">
<label for="words">In your words</label><textarea id="words" name="words">
line one</textarea>
<label for="side">Side</label><select id="side" name="side"><option value="l">Left</option>
<option value="r">Right</option></select>
<label for="zone">Zone</label><select id="zone" name="zone"><option>UTC</option>
<option selected>Other</option></select>
<fieldset><legend>Fever now?</legend>
<label><input type="radio" name="fever" value="yes"> Yes</label>
<label><input type="radio" name="fever" value="not_sure"> Not sure</label></fieldset>
<fieldset><legend>Where</legend>
<label><input type="checkbox" name="where" value="neck" checked> Neck</label>
<label><input type="checkbox" name="where" value="calf"> Calf</label>
<label><input type="checkbox" name="where" value="foot"> Foot</label></fieldset>
<label><input type="checkbox" name="agree"> I agree</label>
<label for="locked">Locked</label><input id="locked" name="locked" value="no" disabled>
<button name="act" value="save">Save</button> <button name="act" value="send">Send</button>
</form>
<form method="get" action="/find"><label for="q">Find</label><input id="q" name="q">
<button>Look</button></form>
<a href="/sent">Straight on</a></body></html>"""
DONE = '<!doctype html><html lang="en"><head><title>Done</title></head><body><h1>Done</h1></body>'
BAD = "<!doctype html><html><head><title>Bad</title></head><body><h1>Bad</h1></body></html>"


class Seen:
    """What the last request brought."""

    fields: dict[str, list[str]]
    address: str
    referrer: str | None


@pytest.fixture
def client() -> LintingClient:
    app = Flask(__name__)
    app.test_client_class = LintingClient

    @app.get("/ask")
    def ask() -> str:
        return FORM

    @app.route("/sent", methods=["GET", "POST"])
    def sent() -> Response:
        Seen.fields = request.form.to_dict(flat=False)
        Seen.address, Seen.referrer = request.full_path, request.referrer
        return redirect("/done")

    app.add_url_rule("/done", view_func=lambda: DONE, endpoint="done")
    app.add_url_rule("/find", view_func=lambda: FORM, endpoint="find")
    app.add_url_rule("/bad", view_func=lambda: (BAD, 404), endpoint="bad")
    app.add_url_rule("/away", view_func=lambda: redirect("//example.com/"), endpoint="away")
    made = app.test_client()
    assert isinstance(made, LintingClient)
    return made


def test_an_untouched_form_sends_what_it_shows_and_what_it_hides(client: LintingClient) -> None:
    page = Page.get(client, "/ask")

    done = page.submit("Send")

    assert Seen.fields == {
        "csrf_token": ["token-1"],
        "name": ["Before"],
        "words": ["line one"],
        "side": ["l"],
        "zone": ["Other"],
        "where": ["neck"],
        "act": ["send"],
    }
    assert Seen.address == "/sent?from=ask"
    assert Seen.referrer == "http://localhost/ask"
    assert (done.heading, done.path, done.status) == ("Done", "/done", 200)


def test_fields_are_found_by_label_by_legend_and_by_name(client: LintingClient) -> None:
    page = Page.get(client, "/ask")

    page.submit(
        "Save",
        {"Your name": "Ünal", "Side": "Right", "Fever now?": "Not sure", "Calf": True},
        where=["Foot", "neck"],
        agree=True,
    )

    assert Seen.fields["name"] == ["Ünal"]
    assert Seen.fields["side"] == ["r"]
    assert Seen.fields["fever"] == ["not_sure"]
    assert Seen.fields["where"] == ["foot", "neck"]
    assert Seen.fields["agree"] == ["on"]
    assert Seen.fields["act"] == ["save"]


def test_one_box_is_ticked_or_cleared_without_its_neighbours(client: LintingClient) -> None:
    page = Page.get(client, "/ask")

    page.submit("Send", {"Calf": True})
    assert Seen.fields["where"] == ["neck", "calf"]

    page.submit("Send", {"Neck": False})
    assert "where" not in Seen.fields


def test_a_form_that_only_asks_puts_its_fields_into_the_address(client: LintingClient) -> None:
    found = Page.get(client, "/ask").submit("Look", q="a b&c")

    assert found.path == "/find?q=a+b%26c"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"Surname": "X"}, "no field 'Surname'"),
        ({"locked": "yes"}, "no field 'locked'"),
        ({"side": "Middle"}, "does not offer"),
        ({"fever": "no"}, "does not offer"),
        ({"name": True}, "takes text"),
    ],
)
def test_what_a_person_could_not_do_is_refused(
    client: LintingClient, fields: dict[str, str | bool], said: str
) -> None:
    page = Page.get(client, "/ask")

    with pytest.raises(AssertionError, match=said):
        page.submit("Send", fields)


def test_a_missing_button_or_link_is_named(client: LintingClient) -> None:
    page = Page.get(client, "/ask")

    with pytest.raises(AssertionError, match="buttons: "):
        page.submit("Delete")
    with pytest.raises(AssertionError, match="no link 'Away'"):
        page.follow("Away")
    assert page.follow("Straight on").heading == "Done"


def test_a_redirect_off_the_site_is_refused(client: LintingClient) -> None:
    with pytest.raises(AssertionError, match="leaves this site"):
        Page.get(client, "/away")


def test_every_page_is_linted_error_pages_too(client: LintingClient) -> None:
    with pytest.raises(BadPage, match=r"GET /bad \(404\)(.|\n)*no lang"):
        client.get("/bad")
