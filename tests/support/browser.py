"""Debian's Chromium for the tests, watched: a page may ask this site alone and break no policy."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import axe_playwright_python
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    sync_playwright,
)

Width = Literal["phone", "desktop"]
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing but this machine can be reached, whatever a page asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
WATCH_POLICY = """
addEventListener("securitypolicyviolation", (event) => {
  window.reportPolicyViolation(
    `${event.effectiveDirective} refused ${event.blockedURI} on ${event.documentURI}`);
});
"""
# With scripts off a page's timers never fire, and axe would wait for its own for ever.
TIMERS_AT_ONCE = """
window.setTimeout = (work, wait, ...given) => {
  if (typeof work === "function" && !(wait > 50)) Promise.resolve().then(() => work(...given));
  return 0;
};
"""
RUN_AXE = """
async () => {
  const result = await axe.run(document, {resultTypes: ["violations"]});
  return result.violations.map((rule) => ({
    id: rule.id, impact: rule.impact, help: rule.help,
    nodes: rule.nodes.map((node) => `${node.target.join(" ")}  ${node.html.slice(0, 160)}`),
  }));
}
"""


class ChromiumMissing(Exception):
    """Debian's Chromium is not on this machine."""


@dataclass
class Visitor:
    """A person's browser window on one site, and everything the page did wrong in it."""

    page: Page
    context: BrowserContext
    base_url: str
    width: Width
    javascript: bool = True
    faults: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a path of the site."""
        self.page.goto(self.base_url + path)
        return self.page

    def check_page(self) -> None:
        """Axe finds nothing, nothing sticks out sideways, and no fault was seen so far."""
        if not self.javascript:
            self.page.evaluate(TIMERS_AT_ONCE)
        axe_clean(self.page)
        fits(self.page, self.width)
        self.check_faults()

    def check_faults(self) -> None:
        """Fail with every fault seen so far."""
        if self.faults:
            raise AssertionError("the browser saw:\n" + "\n".join(self.faults))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Lend a headless Chromium for the length of a block."""
    executable = find_chromium()
    if executable is None:
        raise ChromiumMissing("Chromium is missing (on Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def find_chromium() -> str | None:
    """Where Chromium is, if anywhere."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def visitor(
    browser: Browser,
    base_url: str,
    *,
    width: Width = "desktop",
    javascript: bool = True,
    **context_options: Any,
) -> Iterator[Visitor]:
    """Lend a fresh window; leaving the block without an error fails on any fault it saw."""
    across, down = SIZES[width]
    context = browser.new_context(
        viewport={"width": across, "height": down},
        java_script_enabled=javascript,
        is_mobile=width == "phone",
        has_touch=width == "phone",
        reduced_motion="reduce",
        **{"locale": "en-US", "timezone_id": "America/New_York", **context_options},
    )
    context.set_default_timeout(15_000)
    try:
        guest = Visitor(context.new_page(), context, base_url.rstrip("/"), width, javascript)
        _watch(guest)
        yield guest
        guest.check_faults()
    finally:
        context.close()


def axe_clean(page: Page) -> None:
    """Fail if axe finds anything on the page as it stands."""
    # Evaluated, not added as a script element, which the content policy refuses.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(RUN_AXE)
    if found:
        listed = [
            "\n    ".join([f"{rule['id']} ({rule['impact']}): {rule['help']}", *rule["nodes"]])
            for rule in found
        ]
        raise AssertionError(f"axe on {page.url}:\n" + "\n".join(listed))


def fits(page: Page, width: Width) -> None:
    """Fail if the page can be scrolled sideways."""
    across = page.evaluate("document.documentElement.scrollWidth")
    if across > SIZES[width][0]:
        raise AssertionError(f"{page.url} is {across} px wide in a window of {SIZES[width][0]} px")


def _watch(guest: Visitor) -> None:
    def asked(request: Request) -> None:
        if not _own(request.url, guest.base_url):
            guest.faults.append(f"request leaves this site: {request.url[:200]}")

    def said(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            guest.faults.append(f"policy: {message.text[:300]}")

    def popped_up(dialog: Dialog) -> None:
        guest.faults.append(f"dialog: {dialog.message[:200]}")
        dialog.dismiss()

    def violated(message: str) -> None:
        guest.faults.append(f"policy: {message}")

    guest.context.on("request", asked)
    guest.context.on("console", said)
    guest.context.on("dialog", popped_up)
    guest.context.on("weberror", lambda error: guest.faults.append(f"script: {error.error}"))
    guest.context.expose_function("reportPolicyViolation", violated)
    guest.context.add_init_script(WATCH_POLICY)


def _own(url: str, base_url: str) -> bool:
    parts, own = urlsplit(url), urlsplit(base_url)
    return (parts.scheme, parts.netloc) == (own.scheme, own.netloc) or url == "about:blank"
