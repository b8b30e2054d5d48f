"""Rules that every HTML page keeps, checked on each page that any test draws."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlsplit

import html5lib
from bs4 import BeautifulSoup, Tag
from bs4.builder._html5lib import HTML5TreeBuilder

Rule = Callable[[BeautifulSoup], Iterator[str]]

UNLABELLED_TYPES = {"hidden", "submit", "button", "reset", "image"}
DATA_BLOCKS = {"application/ld+json", "application/json"}
FETCHING = {"src", "srcset", "poster", "data", "background", "action", "formaction"}
LEADING = {"href", "xlink:href"}
REFERRING = {
    "aria-labelledby",
    "aria-describedby",
    "aria-controls",
    "aria-errormessage",
    "aria-owns",
    "headers",
    "for",
    "form",
    "list",
}
# What is drawn by lot on each page: ids of rows, references, tokens in hidden fields.
DRAWN_BY_LOT = re.compile(
    r"(?<![\w-])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9A-Z]{4}(?:-[0-9A-Z]{4}){1,2})"
    r'(?![\w-])|(?<= value=")[\w.-]{32,}(?=")'
)
_clean: set[str] = set()


class BadPage(AssertionError):
    """A page broke at least one rule; the message lists each fault."""


def lint(html: str, where: str = "page") -> None:
    """Raise BadPage with every fault of the page, or return."""
    shape = alike(html)
    if shape in _clean:
        return
    found = faults(html)
    if found:
        listed = "\n".join(f"  - {fault}" for fault in found)
        raise BadPage(f"{where} breaks {len(found)} rule(s):\n{listed}")
    _clean.add(shape)


def alike(html: str) -> str:
    """Write a page so that two are the same where they differ in what is drawn by lot alone.

    Each such thing gets the number of its first appearance: what was equal stays equal, and what
    was not does not become so. No rule asks for more of it.
    """
    numbers: dict[str, int] = {}
    return DRAWN_BY_LOT.sub(
        lambda found: f"\ue000{numbers.setdefault(found[0], len(numbers))}\ue000", html
    )


def faults(html: str) -> list[str]:
    """Name every fault of the page."""
    soup, broken = parsed(html)
    return [*broken, *(fault for rule in RULES for fault in rule(soup))]


class _Builder(HTML5TreeBuilder):
    """Beautiful Soup's own builder, but it keeps what the parser found wrong."""

    broken: tuple[str, ...] = ()

    def feed(self, markup: str | bytes) -> None:
        tree: Any = self.create_treebuilder  # called for a builder, as the parent class does
        parser = html5lib.HTMLParser(tree=tree)
        assert self.underlying_builder is not None
        self.underlying_builder.parser = parser
        parser.parse(markup)
        self.underlying_builder.parser = None
        self.broken = tuple(
            f"broken HTML at line {line}: {code} {detail.get('name', '')}".rstrip()
            for (line, _column), code, detail in parser.errors
        )


@lru_cache(maxsize=4)
def parsed(html: str) -> tuple[BeautifulSoup, tuple[str, ...]]:
    """Read a page once, whoever asks: its elements, to be left as they are, and what is broken."""
    builder = _Builder()
    soup = BeautifulSoup(html, builder=builder)
    return soup, builder.broken


class _Names:
    """The elements of one page in their order, and where its ids and labels lead; the first counts.

    Every rule asks here, so that a page is walked through once and not once for each rule.
    """

    def __init__(self, page: Tag) -> None:
        self.page = page
        self.tags = [one for one in page.descendants if isinstance(one, Tag)]
        self.ids = [_text_of(tag, "id") for tag in self.tags if "id" in tag.attrs]
        self.by_id: dict[str, Tag] = {}
        self.labels: dict[str, Tag] = {}
        for tag in self.tags:
            if "id" in tag.attrs:
                self.by_id.setdefault(_text_of(tag, "id"), tag)
            if tag.name == "label" and "for" in tag.attrs:
                self.labels.setdefault(_text_of(tag, "for"), tag)

    def named(self, *names: str) -> list[Tag]:
        """The elements of these names."""
        return [tag for tag in self.tags if tag.name in names]

    @cached_property
    def summary_links(self) -> list[Tag]:
        """The links of the error summary that lead anywhere."""
        return [
            link for part in self.summaries for link in part.find_all("a") if "href" in link.attrs
        ]

    @cached_property
    def summaries(self) -> list[Tag]:
        """What is marked as an error summary."""
        return [tag for tag in self.tags if "error-summary" in _text_of(tag, "class").split()]


_latest: list[_Names] = []


def _names_of(tag: Tag) -> _Names:
    page = _root(tag)
    if not _latest or _latest[0].page is not page:
        _latest[:] = [_Names(page)]
    return _latest[0]


def _language(soup: BeautifulSoup) -> Iterator[str]:
    if not (soup.html and _text_of(soup.html, "lang")):
        yield "html has no lang"


def _heading(soup: BeautifulSoup) -> Iterator[str]:
    headings = [words(heading) for heading in _names_of(soup).named("h1")]
    title = words(soup.title) if soup.title else ""
    if len(headings) != 1 or not headings[0]:
        yield f"there must be exactly one h1 with words in it, found {headings}"
    elif not title.removeprefix("Error: ").startswith(headings[0]):
        yield f"the title {title!r} does not begin with the h1 {headings[0]!r}"


def _error_title(soup: BeautifulSoup) -> Iterator[str]:
    title = words(soup.title) if soup.title else ""
    if _names_of(soup).summaries and not title.startswith("Error: "):
        yield f"an error summary, but the title {title!r} does not begin with 'Error: '"


def _labels(soup: BeautifulSoup) -> Iterator[str]:
    for control in controls(soup):
        if not label_of(control):
            yield f"no label: {_shown(control)}"
    for picture in _names_of(soup).named("img"):
        if not picture.has_attr("alt"):
            yield f"picture without alt: {_shown(picture)}"


def _worded(soup: BeautifulSoup) -> Iterator[str]:
    for tag in _names_of(soup).named("button", "a"):
        if tag.name == "a" and "href" not in tag.attrs:
            continue
        if words(tag) or _text_of(tag, "aria-label"):
            continue
        if not any(_text_of(picture, "alt") for picture in tag.find_all("img")):
            kind = "button" if tag.name == "button" else "link"
            yield f"{kind} without words: {_shown(tag)}"


def _groups(soup: BeautifulSoup) -> Iterator[str]:
    kinds = {"radio", "checkbox"}
    choices = [one for one in controls(soup) if _text_of(one, "type").lower() in kinds]
    sizes = Counter(_group(one) for one in choices)
    for choice in choices:
        fieldset = choice.find_parent("fieldset")
        legend = fieldset.find("legend") if fieldset else None
        if sizes[_group(choice)] > 1 and not (legend and words(legend)):
            yield f"a choice outside a fieldset with a legend: {_shown(choice)}"


def _ids(soup: BeautifulSoup) -> Iterator[str]:
    counts = Counter(_names_of(soup).ids)
    for name, count in counts.items():
        if count > 1:
            yield f"id {name!r} is used {count} times"
        if not name.strip() or len(name.split()) != 1:
            yield f"id {name!r} is empty or holds spaces"
    for tag in _names_of(soup).tags:
        for attribute in REFERRING.intersection(tag.attrs):
            for name in _text_of(tag, attribute).split():
                if name not in counts:
                    yield f"{attribute}={name!r} points nowhere: {_shown(tag)}"


def _inline_attributes(soup: BeautifulSoup) -> Iterator[str]:
    for tag in _names_of(soup).tags:
        for attribute, value in tag.attrs.items():
            if attribute.lower().startswith("on"):
                yield f"inline handler: {_shown(tag)}"
            if attribute.lower() == "style":
                yield f"inline style: {_shown(tag)}"
            if str(value).strip().lower().startswith("javascript:"):
                yield f"javascript: address: {_shown(tag)}"


def _inline_elements(soup: BeautifulSoup) -> Iterator[str]:
    for tag in _names_of(soup).named("style", "base"):
        yield f"{tag.name} element: {_shown(tag)}"
    for script in _names_of(soup).named("script"):
        if "src" not in script.attrs and _text_of(script, "type").lower() not in DATA_BLOCKS:
            yield f"inline script: {_shown(script)}"


def _foreign(soup: BeautifulSoup) -> Iterator[str]:
    for tag in _names_of(soup).tags:
        # Links for people (a, area) may lead away; whatever a browser fetches or posts to may not.
        linking = tag.name in {"a", "area"}
        names = FETCHING if linking else FETCHING | LEADING
        for name in names.intersection(tag.attrs):
            for address in _addresses(name, _text_of(tag, name)):
                parts = urlsplit(address)
                if (parts.scheme or parts.netloc) and not _canonical(tag):
                    yield f"{name} leaves this site: {_shown(tag)}"


def _canonical(tag: Tag) -> bool:
    relations = {"canonical", "alternate"}
    return tag.name == "link" and bool(relations & set(_text_of(tag, "rel").split()))


def _links_land(soup: BeautifulSoup) -> Iterator[str]:
    for link in _names_of(soup).named("a"):
        target = _text_of(link, "href")
        if target.startswith("#") and not _at(soup, target):
            yield f"the link {target!r} lands nowhere"


def _summary_lands_on_controls(soup: BeautifulSoup) -> Iterator[str]:
    named = {"input", "select", "textarea", "fieldset"}
    seen = _names_of(soup)
    for link in seen.summary_links:
        target = _text_of(link, "href")
        landed = _at(soup, target) if target.startswith("#") else None
        if landed and landed.name not in named:
            yield f"the error summary's {target!r} lands on {landed.name}, not on a field"
    invalid = any(tag.attrs.get("aria-invalid") == "true" for tag in seen.tags)
    if invalid and not seen.summary_links:
        yield "a field is invalid, but no error summary links to it"


def _forms(soup: BeautifulSoup) -> Iterator[str]:
    for form in _names_of(soup).named("form"):
        posts = _text_of(form, "method").lower() == "post"
        token = form.find("input", attrs={"name": "csrf_token", "type": "hidden"})
        if posts and not (token and _text_of(token, "value")):
            yield f"a form posts without a CSRF token: {_shown(form)}"
        if not posts and token:
            yield f"a form carries its CSRF token into the address: {_shown(form)}"


RULES: tuple[Rule, ...] = (
    _language,
    _heading,
    _error_title,
    _labels,
    _worded,
    _groups,
    _ids,
    _inline_attributes,
    _inline_elements,
    _foreign,
    _links_land,
    _summary_lands_on_controls,
    _forms,
)


def controls(soup: BeautifulSoup | Tag) -> list[Tag]:
    """Every control that a person fills in, in the order of the page."""
    return [
        tag
        for tag in soup.find_all(["input", "select", "textarea"])
        if tag.name != "input" or _text_of(tag, "type").lower() not in UNLABELLED_TYPES
    ]


def label_of(control: Tag) -> str:
    """The words that name a control, empty if there are none."""
    names = _names_of(control)
    named = _text_of(control, "aria-labelledby").split()
    if named:
        return " ".join(words(names.by_id[one]) for one in named if one in names.by_id).strip()
    name = _text_of(control, "id")
    label = names.labels.get(name) if name else None
    label = label or control.find_parent("label")
    return words(label) if label and words(label) else _text_of(control, "aria-label").strip()


def words(tag: Tag) -> str:
    """The text of an element with its white space made single."""
    return " ".join(tag.get_text(" ").split())


def _at(soup: BeautifulSoup, target: str) -> Tag | None:
    return _names_of(soup).by_id.get(target[1:])


def _root(tag: Tag) -> Tag:
    while tag.parent is not None:
        tag = tag.parent
    return tag


def _group(choice: Tag) -> tuple[int, str]:
    return id(choice.find_parent("form")), _text_of(choice, "name")


def _text_of(tag: Tag, attribute: str) -> str:
    value = tag.get(attribute)
    return " ".join(value) if isinstance(value, list) else str(value or "")


def _addresses(attribute: str, value: str) -> list[str]:
    if attribute == "srcset":
        return [part.split()[0] for part in value.split(",") if part.strip()]
    return [value.strip()] if value.strip() else []


def _shown(tag: Tag) -> str:
    return str(tag).split(">", maxsplit=1)[0][:150] + ">"
