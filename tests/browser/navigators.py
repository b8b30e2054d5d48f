"""The cast in a browser: what each of them does, said in the words of a story.

Fields are found by name and buttons by what they say, so that the same navigator works with
scripts or without, by pointer or by keys, on any width and in either language.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Self

from playwright.sync_api import Locator, Page

from clinic.screening import questionnaire
from tests.browser.hands import Keys, Pointer
from tests.support.browser import Visitor, fits
from tests.support.open_clinic import OpenClinic
from tests.support.signing_in import Person

# With this variable set, each page that a navigator looks at leaves its picture in that folder.
ALBUM = "BROWSER_ALBUM"
PATIENCE = 15  # seconds
OPEN_QUESTIONS = """() => {
  const seen = (one) => one.checkVisibility();
  const named = (kind) => [...document.querySelectorAll(`#step input[type=${kind}]`)].filter(seen);
  const groups = (kind) => [...new Set(named(kind).map((one) => one.name))].map((name) => {
    const boxes = named(kind).filter((one) => one.name === name);
    return {name, values: boxes.map((one) => one.value), done: boxes.some((one) => one.checked)};
  });
  const filled = (name) =>
    [...document.querySelectorAll("#step input[type=text], #step textarea")]
      .some((one) => one.name.replace(/-(month|day|year)$/, "") === name && one.value);
  return [...groups("radio"), ...groups("checkbox")].filter(({name, done}) =>
    !done && !(name.endsWith("-unsure") && filled(name.replace(/-unsure$/, ""))));
}"""
_pages_seen = count(1)


@dataclass
class Navigator:
    """Somebody in front of a browser; each page they come to is looked at."""

    visitor: Visitor
    clinic: OpenClinic
    hands: Pointer | Keys = field(default_factory=Pointer)
    thorough: bool = True

    @property
    def page(self) -> Page:
        """The page in the browser."""
        return self.visitor.page

    @property
    def heading(self) -> str:
        """The page's one heading of the first level."""
        return " ".join(self.page.locator("h1").inner_text().split())

    @property
    def said(self) -> str:
        """What the main part of the page says."""
        return " ".join(self.page.locator("main").inner_text().split())

    @property
    def path(self) -> str:
        """Where the browser is, without the host."""
        return self.page.url.removeprefix(self.visitor.base_url)

    def opens(self, path: str) -> None:
        """Type an address of the site."""
        self.visitor.open(path)
        self.looks()

    def looks(self) -> None:
        """Check the page as it stands: accessible, no wider than the screen, no fault seen."""
        self.page.wait_for_load_state()
        if self.thorough:
            self.visitor.check_page()
        else:
            fits(self.page, self.visitor.width)
            self.visitor.check_faults()
        album = os.environ.get(ALBUM)
        if album:
            self._keeps_picture(Path(album))

    def waits_for(self, words: str, path: str) -> None:
        """Open a page again and again until it says this; the worker needs its moment."""
        give_up = monotonic() + PATIENCE
        self.visitor.open(path)
        while words not in self.said and monotonic() < give_up:
            self.page.wait_for_timeout(250)
            self.visitor.open(path)
        assert words in self.said, f"{path} does not come to say {words!r}"
        self.looks()

    def writes(self, name: str, text: str) -> None:
        """Put a text into the field of this name."""
        self.hands.write(self._control(name), text)

    def writes_date(self, name: str, month: str, day: str, year: str) -> None:
        """Put a date into its three boxes."""
        for part, text in (("month", month), ("day", day), ("year", year)):
            self.writes(f"{name}-{part}", text)

    def chooses(self, name: str, *values: str) -> None:
        """Choose an answer, or tick boxes, by the value sent."""
        for value in values:
            self.hands.choose(self.page.locator(f'[name="{name}"][value="{value}"]'))

    def ticks(self, *items: str) -> None:
        """Tick boxes of the history, by what they are about."""
        for item in items:
            self.hands.choose(self.box(item))

    def box(self, item: str) -> Locator:
        """The box of the history that is about something."""
        return self.page.locator(f'[name^="ticks-"]:not([name$="-unsure"])[value="{item}"]')

    def picks(self, name: str, label: str) -> None:
        """Pick one line of a list that folds out."""
        self.hands.pick(self._control(name), label)

    def presses(self, label: str, *, within: str = "body") -> None:
        """Press the button that says this, and look at the page that comes."""
        button = self.page.locator(within).get_by_role("button", name=label, exact=True)
        self._goes(lambda: self.hands.press(button))

    def follows(self, label: str | re.Pattern[str]) -> None:
        """Follow the link that says this."""
        exact = isinstance(label, str)
        link = self.page.get_by_role("link", name=label, exact=exact).first
        self._goes(lambda: self.hands.press(link))

    def unfolds(self, label: str) -> None:
        """Open a disclosure."""
        self.hands.press(self.page.locator("summary", has_text=label))

    def another_tab(self) -> Self:
        """Sit at a second tab of the same browser, with the same cookies."""
        tab = self.visitor.context.new_page()
        return replace(self, visitor=replace(self.visitor, page=tab))

    def _goes(self, act: Callable[[], None]) -> None:
        with self.page.expect_navigation():
            act()
        self.looks()

    def _control(self, name: str) -> Locator:
        return self.page.locator(f'[name="{name}"]:visible')

    def _keeps_picture(self, album: Path) -> None:
        album.mkdir(parents=True, exist_ok=True)
        words = re.sub(r"\W+", "-", self.path.partition("?")[0]).strip("-") or "landing"
        name = f"{next(_pages_seen):03}-{self.visitor.width}-{words}"[:90]
        self.page.screenshot(path=album / f"{name}.png", full_page=True)


@dataclass
class Patient(Navigator):
    """A patient with a phone and a mailbox."""

    name: str = "Rosa Example"
    email: str = "rosa.example@example.com"
    phone: str = "212 555 0142"
    language: str = "en"

    def starts(self) -> None:
        """Come from the first page and say who asks."""
        self.opens("/")
        self._goes(lambda: self.hands.press(self.page.locator("main a[href='/request/']").first))
        self.introduces_herself()
        self.goes_on()

    def introduces_herself(self) -> None:
        """Fill in who asks and how to reach them."""
        self.writes("name", self.name)
        self.writes_date("birth_date", "4", "2", "1980")
        self.chooses("answered_by", "patient")
        self.writes("phone", self.phone)
        self.writes("email", self.email)
        self.chooses("channel", "email" if self.email else "phone")
        self.chooses("language", self.language)

    def says_where(self, *regions: str, hopes: str = "To lift my grandchild again.") -> None:
        """Tick where it hurts and say what for and when."""
        self.chooses("wanted_regions", *regions)
        self.writes("free_text.hopes", hopes)
        self.chooses("days", "monday", "thursday")
        self.writes("times", "Not before nine.")
        self.goes_on()

    def tells_history(self, **told: Iterable[str] | str) -> None:
        """Answer page by page; whatever is not told is "no"."""
        while "/history/" in self.path:
            self.answers_page(told)
            self.goes_on()

    def answers_page(self, told: Mapping[str, Iterable[str] | str]) -> None:
        """Answer every question of the page that shows; follow-ups show one by one."""
        for name, text in told.items():
            if isinstance(text, str) and self._control(name).count():
                self.writes(name, text)
        while unanswered := self.page.evaluate(OPEN_QUESTIONS):
            question = unanswered[0]
            self.chooses(question["name"], *self._answer(question, told))

    def goes_on(self) -> None:
        """Press the page's main button."""
        self._goes(lambda: self.hands.press(self.page.locator("#step .button-primary")))

    def agrees(self) -> None:
        """Agree to the use of the data."""
        self.chooses("agree", "y")
        self.goes_on()

    def sends(self) -> str:
        """Send the request; return the reference."""
        self._goes(lambda: self.hands.press(self.page.locator("#send .button-primary")))
        return self.page.locator("bdi", has_text=re.compile(r"^[A-Z0-9-]{6,9}$")).first.inner_text()

    def proves_her_address(self) -> None:
        """Have a code mailed on the page that says "sent", and type it there."""
        before = self.clinic.codes_so_far(self.email)
        self.presses("Mail me a code")
        self.types_code("Check the code", after=before)

    def has_chest_pain(self) -> str:
        """Ask for care and answer the first question with yes; return the reference."""
        self.starts()
        self.says_where("knee-left")
        self.ticks("rf-chest-breath")
        self.chooses("rf-chest-breath.worse", "yes")
        self.chooses("rf-chest-breath.after-needling", "no")
        self.goes_on()
        assert self.path == "/request/stop"
        return self.page.locator(".reference").inner_text()

    def asks_a_question(self, question: str) -> None:
        """Come from the first page and write to the clinic."""
        self.opens("/")
        self.follows("Ask a question")
        self.writes("name", self.name)
        self.writes("email", self.email)
        self.writes("question", question)
        self.chooses("language", self.language)
        self.presses("Send my question")

    def opens_her_page(self, about: str) -> None:
        """Follow the link of a letter and prove by a code who she is."""
        self.opens_the_link_in(about)
        self.asks_for_a_code()

    def accepts(self, place: int = 0) -> str:
        """Say yes to one of the times that are offered; return it in words."""
        choice = self.page.locator(".offer-choice").nth(place)
        when = choice.locator(".offer-time").inner_text()
        self._goes(lambda: self.hands.press(choice.get_by_role("button")))
        return when

    def leaves(self) -> None:
        """Close everything in this browser, as on a device that others use too."""
        self.presses("I am done here")

    def opens_the_link_in(self, about: str) -> None:
        """Open the newest letter about something and follow its link."""
        letter = self.clinic.letter(self.email, about)
        self.page.goto(letter.links[0])
        self.looks()

    def asks_for_a_code(self) -> None:
        """Have a code mailed and type it."""
        before = self.clinic.codes_so_far(self.email)
        self.presses("Mail me a code")
        self.types_code("Open my page", after=before)

    def types_code(self, button: str, *, after: int) -> None:
        """Read the newest code in the mailbox, type it, press."""
        self.writes("code", self.clinic.code(self.email, after=after))
        self.presses(button)

    def _answer(
        self, question: Mapping[str, list[str] | str], told: Mapping[str, Iterable[str] | str]
    ) -> Iterable[str]:
        name, values = str(question["name"]), list(question["values"])
        if name in told and not isinstance(told[name], str):
            return told[name]
        ticked = [one for one in values if name.startswith("ticks-") and told.get(one) == ["yes"]]
        if ticked:
            return ticked
        asked = questionnaire.shipped().questions.get(name)
        least = asked.least if asked else ()
        mild = [one for one in (*least, "no", "none", "y", "not_sure") if one in values]
        return mild[:1] or values[:1]


@dataclass
class Staff(Navigator):
    """Somebody who works at the clinic."""

    who: Person | None = None

    def signs_in(self) -> None:
        """Sign in with both proofs; the first time, the app is set up on the way."""
        person = self._person()
        self.opens("/staff/")
        self.writes("email", person.email)
        self.writes("password", person.password)
        self.presses("Continue", within="main")
        if not person.secret:
            self.sets_up_the_app()
            return
        self.writes("code", person.code_in_time())
        self.presses("Sign in")

    def sets_up_the_app(self) -> None:
        """Type the key by hand into an app, its first code into the page; keep the other codes."""
        person = self._person()
        self.unfolds("I cannot scan it")
        person.secret = self.page.locator(".reference").inner_text().replace(" ", "")
        self.writes("code", person.code_in_time())
        self.presses("Finish set-up")
        self.presses("I have kept them")

    def _person(self) -> Person:
        assert self.who is not None, "nobody was told to sit here"
        return self.who


@dataclass
class Desk(Staff):
    """The front desk."""

    def finds(self, name: str) -> None:
        """Look for somebody in the queue and open the request."""
        self.opens("/staff/")
        if self.page.locator(".filter-way").is_visible():  # on a phone
            self.follows("Search and filter")
        self.writes("q", name)
        self.presses("Search", within="form[role=search]")
        self.follows(name)

    def records_call(self, outcome: str) -> None:
        """Record how a call ended."""
        self.presses(outcome, within="section[aria-labelledby=call]")

    def offers_a_time_with(self, therapist: str) -> str:
        """Offer the first time of the second day shown; return the day in words."""
        self.follows("Offer a visit with needling")
        self.looks_for_times(therapist=therapist)
        assert not re.search(r"\d{4}-\d\d-\d\d", self.said), "days are written in words"
        day = self.page.locator("fieldset.region-group").nth(1)
        when = str(day.locator("legend").text_content()).strip()
        self.unfolds(when)
        first = day.locator("input").first
        self.hands.choose(first)
        self.presses("Hold and offer")
        return when

    def looks_for_times(self, **wanted: str) -> None:
        """Look for free times with somebody, somewhere."""
        for name, label in wanted.items():
            self.picks(name, label)
        self.presses("Filter", within="form[role=search]")

    def ticks_times(self, *places: int) -> list[str]:
        """Tick times of the first day shown, by their place in its list; return their ids."""
        boxes = self.page.locator("fieldset.region-group").first.locator("input")
        count = boxes.count()
        ticked = [boxes.nth(place % count) for place in places]
        for box in ticked:
            self.hands.choose(box)
        return [str(box.get_attribute("value")) for box in ticked]

    def keys_the_call_of(self, caller: Patient) -> str:
        """Write down a whole request for somebody on the phone; return the reference."""
        self.opens("/staff/keying/new")
        writes = replace(caller, visitor=self.visitor, thorough=self.thorough)
        writes.introduces_herself()
        writes.goes_on()
        writes.says_where("knee-left")
        writes.tells_history()
        writes.agrees()
        return writes.sends()


@dataclass
class Therapist(Staff):
    """A therapist, who reads and decides."""

    def reads(self, reference: str) -> None:
        """Open a medical history."""
        self.opens(f"/staff/review/{reference}")

    def signs(
        self, decision: str, reason: str = "", *, grounds: str = "", **ticked: Iterable[str]
    ) -> None:
        """Decide, say why, sign."""
        self.chooses("decision", decision)
        for name, values in ticked.items():
            self.chooses(name, *values)
        if grounds:
            self._grounds(grounds, reason)
        self.writes("reason", reason)
        self.presses("Sign this decision")

    def withdraws(self, why: str) -> None:
        """Take a clearance back."""
        self.writes("why", why)
        self.presses("Withdraw the clearance")

    def closes_the_flag(self) -> None:
        """Close an urgent flag."""
        self.presses("Close the urgent flag")

    def _grounds(self, grounds: str, reason: str) -> None:
        """Give the ground and the sentence for each finding that asks for one of its own."""
        codes = self.page.locator("select[name^=overrides-][name$=-code]:visible")
        names = [str(codes.nth(place).get_attribute("name")) for place in range(codes.count())]
        if not names:
            self.picks("grounds", grounds)
        for name in names:
            self.picks(name, grounds)
            self.writes(name.removesuffix("code") + "reason", reason)
