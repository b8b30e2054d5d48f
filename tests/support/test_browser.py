"""The browser's watch must see each fault that it promises to see."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser

from tests.support.browser import visitor

POLICY = "default-src 'none'; script-src 'self'; img-src 'self'"
WITHOUT_POLICY = {"/foreign"}  # the policy would keep the request from being made at all
GOOD = """<!doctype html><html lang="en"><head><title>Good</title>
<meta name="viewport" content="width=device-width"></head>
<body><main><h1>Good</h1>%s</main></body></html>"""
PAGES = {
    "/good": GOOD % "<p>Fine</p>",
    "/inline": GOOD % "<script>document.title = 'changed'</script>",
    "/foreign": GOOD % '<p>Fine</p><script src="/load.js"></script>',
    "/load.js": "fetch('https://example.com/a')",
    "/unlabelled": GOOD % "<input>",
    "/broken": GOOD % '<script src="/broken.js"></script>',
    "/broken.js": "nothing.here()",
    "/dialog": GOOD % '<script src="/dialog.js"></script>',
    "/dialog.js": "alert(1)",
    "/wide": GOOD % ("<p>" + "W" * 400 + "</p>"),
    "/changing": GOOD % '<p id="word">Before</p><script src="/changing.js"></script>',
    "/changing.js": "document.getElementById('word').textContent = 'After'",
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGES.get(self.path, "")
        self.send_response(200 if body else 404)
        kind = "text/javascript" if self.path.endswith(".js") else "text/html"
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        if self.path not in WITHOUT_POLICY:
            self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_good_page_passes_at_phone_width(
    chromium: Browser, site: str, *, javascript: bool
) -> None:
    with visitor(chromium, site, width="phone", javascript=javascript) as guest:
        guest.open("/good")
        guest.check_page()


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/inline", "policy"),
        ("/foreign", "leaves this site: https://example.com/a"),
        ("/broken", "script"),
        ("/dialog", "dialog: 1"),
    ],
)
def test_a_fault_is_seen(chromium: Browser, site: str, path: str, seen: str) -> None:
    with visitor(chromium, site) as guest:
        guest.open(path)
        guest.page.wait_for_timeout(300)

        with pytest.raises(AssertionError, match=seen):
            guest.check_faults()
        guest.faults.clear()


@pytest.mark.proves("HDR-2")
def test_leaving_with_a_fault_fails_by_itself(chromium: Browser, site: str) -> None:
    window = visitor(chromium, site)
    guest = window.__enter__()
    guest.open("/inline")
    guest.page.wait_for_timeout(300)

    with pytest.raises(AssertionError, match="policy"):
        window.__exit__(None, None, None)


@pytest.mark.parametrize("javascript", [True, False])
def test_axe_is_run_and_heard(chromium: Browser, site: str, *, javascript: bool) -> None:
    with visitor(chromium, site, javascript=javascript) as guest:
        guest.open("/unlabelled")

        with pytest.raises(AssertionError, match="label"):
            guest.check_page()


def test_a_page_that_sticks_out_is_named(chromium: Browser, site: str) -> None:
    with visitor(chromium, site, width="phone") as guest:
        guest.open("/wide")

        with pytest.raises(AssertionError, match="px wide in a window of 390 px"):
            guest.check_page()


@pytest.mark.parametrize(("javascript", "word"), [(True, "After"), (False, "Before")])
def test_script_can_be_switched_off(
    chromium: Browser, site: str, word: str, *, javascript: bool
) -> None:
    with visitor(chromium, site, javascript=javascript) as guest:
        page = guest.open("/changing")

        assert page.inner_text("#word") == word
