"""Two ways to use a page: with a pointer, and with the keyboard alone."""

from playwright.sync_api import Locator, Page

FURTHEST = 150  # tabs to the next control; a page on which it is further off is unfit for keys
IS_HERE = "(one) => one === document.activeElement"
IS_REACHED = """(one) => one === document.activeElement || one.type === "radio"
    && document.activeElement.type === "radio" && one.name === document.activeElement.name"""
FOCUS_SHOWS = """() => {
  const here = document.activeElement;
  const parts = [here, here.nextElementSibling].filter(Boolean).map((one) => getComputedStyle(one));
  return parts.some((style) => style.outlineStyle !== "none" && style.outlineWidth !== "0px");
}"""


class Pointer:
    """A finger or a mouse."""

    def write(self, field: Locator, text: str) -> None:
        """Put a text into a field."""
        field.fill(text)

    def choose(self, box: Locator) -> None:
        """Choose one answer or tick one box."""
        box.check()

    def pick(self, menu: Locator, label: str) -> None:
        """Pick a line of a list that folds out."""
        menu.select_option(label=label)

    def press(self, button: Locator) -> None:
        """Press a button, a link or the head of a disclosure."""
        button.click()


class Keys:
    """The keyboard alone: Tab to get somewhere, arrows, space and Enter; focus must show."""

    def write(self, field: Locator, text: str) -> None:
        """Tab to a field and type."""
        keyboard = self._reach(field).keyboard
        keyboard.press("ControlOrMeta+a")
        keyboard.press("Delete")
        keyboard.type(text)

    def choose(self, box: Locator) -> None:
        """Tab to a group and choose in it."""
        keyboard = self._reach(box).keyboard
        for _ in range(FURTHEST):
            if box.evaluate(IS_HERE):
                break
            keyboard.press("ArrowDown")
        if not box.is_checked():
            keyboard.press("Space")
        assert box.is_checked()

    def pick(self, menu: Locator, label: str) -> None:
        """Tab to a list and type the beginning of the line."""
        self._reach(menu).keyboard.type(label)
        assert menu.evaluate("(one) => one.selectedOptions[0].label") == label

    def press(self, button: Locator) -> None:
        """Tab to a button or link and press Enter."""
        self._reach(button).keyboard.press("Enter")

    def _reach(self, target: Locator) -> Page:
        page, control = target.page, target.element_handle()
        for _ in range(FURTHEST):
            if control.evaluate(IS_REACHED):
                assert page.evaluate(FOCUS_SHOWS), f"focus does not show on {target}"
                return page
            page.keyboard.press("Tab")
        raise AssertionError(f"{target} on {page.url} cannot be reached by Tab")
