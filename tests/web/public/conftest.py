"""A small clinic whose public pages are read, in either language."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests.support import databases
from tests.support.page import Page

Reader = Callable[..., Page]


@pytest.fixture
def app() -> Iterator[Flask]:
    """The app on SQLite alone: no other database could change these pages."""
    with databases.fresh_database("sqlite") as url, databases.running_app(url) as made:
        yield made


@pytest.fixture
def read(app: Flask) -> Reader:
    """Open a page as somebody without any history here."""

    def opened(path: str, *, language: str = "en") -> Page:
        client = app.test_client()
        client.set_cookie("language", language)
        return Page.get(client, path)

    return opened
