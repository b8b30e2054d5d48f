"""Pages as a person uses them, over Flask's test client: read, fill in, send, follow.

Every HTML answer is linted on its way, whoever asked for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self
from urllib.parse import urlencode, urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from werkzeug.test import Client, TestResponse

from tests.support.page_lint import controls, label_of, lint, parsed, words

Value = str | bool | Iterable[str]
BUTTON_TYPES = {"submit", "image"}
REDIRECTIONS = {301, 302, 303, 307, 308}
MAX_REDIRECTS = 5


class LintingClient(FlaskClient):
    """A test client that lints every HTML page it is given; the app of the tests hands it out."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request; a page that breaks a rule fails the test."""
        response = super().open(*args, **kwargs)
        request, status = response.request, response.status_code
        drawn = request.method != "HEAD" and status not in REDIRECTIONS
        if drawn and response.mimetype == "text/html":
            lint(response.text, f"{request.method} {request.path} ({status})")
        return response


class Page:
    """One page as it came, and the ways on from it."""

    def __init__(self, client: Client, response: TestResponse) -> None:
        self.client = client
        self.response = response

    @cached_property
    def soup(self) -> BeautifulSoup:
        """The elements of the page."""
        return parsed(self.response.text)[0]

    @classmethod
    def get(cls, client: Client, path: str, **kwargs: Any) -> Self:
        """Ask for a page and follow where it leads."""
        return cls._follow(client, client.get(path, **kwargs))

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status_code

    @property
    def path(self) -> str:
        """Where the browser is now, with its query."""
        query = self.response.request.query_string.decode()
        return self.response.request.path + (f"?{query}" if query else "")

    @property
    def heading(self) -> str:
        """The words of the h1."""
        found = self.soup.find("h1")
        return words(found) if found else ""

    @property
    def text(self) -> str:
        """What the page says, white space made single."""
        body = self.soup.body
        return words(body) if body else ""

    @property
    def errors(self) -> dict[str, str]:
        """The error summary: name of the field -> what is wrong."""
        return {
            self._field_at(str(link["href"])): words(link)
            for link in self.soup.select(".error-summary a[href^='#']")
        }

    @property
    def values(self) -> dict[str, list[str]]:
        """What every form of the page would send as it stands, hidden fields included."""
        sent: dict[str, list[str]] = {}
        for form in self.soup.find_all("form"):
            for name, value in _successful(form):
                sent.setdefault(name, []).append(value)
        return sent

    def has_link(self, label: str) -> bool:
        """Whether a link with exactly these words is on the page."""
        return any(words(link) == label for link in self.soup.find_all("a", href=True))

    def has_button(self, label: str) -> bool:
        """Whether a button with exactly these words is on the page."""
        return any(_button_words(button) == label for button in _buttons(self.soup))

    def follow(self, label: str) -> Self:
        """Follow the link with exactly these words."""
        links = [link for link in self.soup.find_all("a", href=True) if words(link) == label]
        if not links:
            offered = sorted({words(link) for link in self.soup.find_all("a", href=True)})
            raise AssertionError(f"no link {label!r} on {self.path}; there are {offered}")
        return self.go("GET", urljoin(self.address, str(links[0]["href"])), [])

    def form(self, button: str | None = None) -> "Form":
        """The form that holds this button, or the only form of the page that posts."""
        forms = list(self.soup.find_all("form"))
        if button is not None:
            forms = [one for one in forms if button in map(_button_words, _buttons(one))]
        elif len(forms) > 1:
            forms = [one for one in forms if str(one.get("method", "")).lower() == "post"]
        if len(forms) != 1:
            offered = [_button_words(one) for one in _buttons(self.soup)]
            raise AssertionError(
                f"{len(forms)} forms fit on {self.path} ({self.status}); buttons: {offered}"
            )
        return Form(self, forms[0], _successful(forms[0]))

    def submit(
        self, button: str | None = None, fields: Mapping[str, Value] | None = None, **named: Value
    ) -> Self:
        """Fill in fields (by label, legend or name) and press the button; a short cut."""
        sent: Self = self.form(button).fill({**(fields or {}), **named}).submit(button)
        return sent

    def _field_at(self, target: str) -> str:
        tag = self.soup.find(id=target[1:])
        inside = tag.find(["input", "select", "textarea"]) if tag else None
        found = tag if tag and tag.get("name") else inside
        return str(found.get("name")) if found else target

    @property
    def address(self) -> str:
        """The whole address of this page."""
        return self.response.request.url

    def go(self, method: str, address: str, data: list[tuple[str, str]]) -> Self:
        """Go on from here with a request, as a browser would make it."""
        headers = {"Referer": self.address}
        if method == "POST":
            response = self.client.post(
                _local(address),
                data=urlencode(data),
                content_type="application/x-www-form-urlencoded",
                headers=headers,
            )
        else:
            query = f"?{urlencode(data)}" if data else ""
            response = self.client.get(_local(address) + query, headers=headers)
        return self._follow(self.client, response)

    @classmethod
    def _follow(cls, client: Client, response: TestResponse) -> Self:
        for _ in range(MAX_REDIRECTS):
            if response.status_code not in REDIRECTIONS:
                return cls(client, response)
            address = urljoin(response.request.url, response.headers["Location"])
            if urlsplit(address).netloc != urlsplit(response.request.url).netloc:
                raise AssertionError(f"a redirect leaves this site: {address}")
            response = client.get(_local(address))
        raise AssertionError(f"more than {MAX_REDIRECTS} redirects, last {response.request.path}")


@dataclass
class Form:
    """A form found on a page, and what it would send."""

    page: Page
    tag: Tag
    data: list[tuple[str, str]] = field(default_factory=list)

    def fill(self, fields: Mapping[str, Value]) -> Self:
        """Fill in fields by label, legend or name, as a person could."""
        for key, value in fields.items():
            self._fill(key, value)
        return self

    def submit(self, button: str | None = None) -> Any:
        """Press the button (the first one unless named) and arrive at the next page."""
        pressed = self._button(button)
        data = [*self.data]
        if pressed is not None and pressed.get("name"):
            data.append((str(pressed["name"]), str(pressed.get("value", ""))))
        action = str((pressed and pressed.get("formaction")) or self.tag.get("action") or "")
        method = str((pressed and pressed.get("formmethod")) or self.tag.get("method") or "get")
        return self.page.go(method.upper(), urljoin(self.page.address, action), data)

    def _button(self, label: str | None) -> Tag | None:
        buttons = [one for one in _buttons(self.tag) if label in {None, _button_words(one)}]
        return buttons[0] if buttons else None

    def _fill(self, key: str, value: Value) -> None:
        found = self._controls(key)
        kind = str(found[0].get("type", "")).lower()
        name = str(found[0]["name"])
        if found[0].name == "select" or kind in {"radio", "checkbox"}:
            chosen = self._chosen(found, key, value)
            self._replace(name, found, chosen)
        else:
            if not isinstance(value, str):
                raise AssertionError(f"{key!r} takes text, not {value!r}")
            self._replace(name, found, [value])

    def _controls(self, key: str) -> list[Tag]:
        usable = [one for one in controls(self.tag) if one.get("name") and not _disabled(one)]
        for match in (lambda one: str(one["name"]), _legend, label_of):
            found = [one for one in usable if match(one) == key]
            if found:
                return found
        known = sorted({f"{label_of(one)} ({one['name']})" for one in usable})
        raise AssertionError(f"no field {key!r} on {self.page.path}; there are {known}")

    def _chosen(self, found: list[Tag], key: str, value: Value) -> list[str]:
        if isinstance(value, bool):
            return [str(found[0].get("value", "on"))] if value else []
        wanted = [value] if isinstance(value, str) else list(value)
        offered = _options(found)
        unknown = [one for one in wanted if one not in offered]
        if unknown:
            raise AssertionError(f"{key!r} does not offer {unknown}; it offers {list(offered)}")
        return [offered[one] for one in wanted]

    def _replace(self, name: str, found: list[Tag], values: list[str]) -> None:
        # A single box named by its own label changes itself alone, not its neighbours.
        own = {str(one.get("value", "on")) for one in found}
        alone = len(found) == 1 and str(found[0].get("type", "")).lower() == "checkbox"
        self.data = [
            (one, value) for one, value in self.data if one != name or (alone and value not in own)
        ]
        self.data += [(name, value) for value in values]


def _options(found: list[Tag]) -> dict[str, str]:
    """What may be chosen: both the words shown and the value sent lead to the value."""
    offered: dict[str, str] = {}
    for control in found:
        if control.name == "select":
            for option in control.find_all("option"):
                value = str(option.get("value", words(option)))
                offered |= {words(option): value, value: value}
        else:
            value = str(control.get("value", "on"))
            offered |= {label_of(control): value, value: value}
    return offered


def _successful(form: Tag) -> list[tuple[str, str]]:
    """The fields that a browser would send, as HTML defines it (buttons left out)."""
    sent: list[tuple[str, str]] = []
    for tag in form.find_all(["input", "select", "textarea"]):
        name = str(tag.get("name", ""))
        if name and not _disabled(tag):
            sent += [(name, value) for value in _current(tag)]
    return sent


def _current(tag: Tag) -> list[str]:
    if tag.name == "textarea":
        return [tag.get_text()]
    if tag.name == "select":
        return _selected(tag)
    kind = str(tag.get("type", "text")).lower()
    if kind in {"radio", "checkbox"}:
        return [str(tag.get("value", "on"))] if tag.has_attr("checked") else []
    return [] if kind in {"submit", "button", "reset", "image"} else [str(tag.get("value", ""))]


def _selected(tag: Tag) -> list[str]:
    options = tag.find_all("option")
    chosen = [one for one in options if one.has_attr("selected")]
    if not chosen and not tag.has_attr("multiple"):
        chosen = options[:1]
    return [str(one.get("value", words(one))) for one in chosen]


def _disabled(tag: Tag) -> bool:
    return tag.has_attr("disabled") or any(
        parent.has_attr("disabled") for parent in tag.find_parents("fieldset")
    )


def _legend(control: Tag) -> str:
    kind = str(control.get("type", "")).lower()
    fieldset = control.find_parent("fieldset") if kind in {"radio", "checkbox"} else None
    legend = fieldset.find("legend") if fieldset else None
    return words(legend) if legend else ""


def _buttons(tag: Tag) -> list[Tag]:
    return [
        one
        for one in tag.find_all(["button", "input"])
        if str(one.get("type", "submit" if one.name == "button" else "")).lower() in BUTTON_TYPES
    ]


def _button_words(button: Tag) -> str:
    return words(button) or str(button.get("value", ""))


def _local(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")
