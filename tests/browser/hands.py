"""The three ways to use the page: a mouse, a keyboard alone, and a finger on a phone."""

import re
from dataclasses import dataclass

from playwright.sync_api import CDPSession, Locator, Page, expect

from tests.browser.app import row, rows, tick

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
MOST_STEPS = 150
PASTE = """async () => {
    const data = new DataTransfer();
    data.setData("text/plain", await navigator.clipboard.readText());
    const event = { clipboardData: data, bubbles: true, cancelable: true };
    document.activeElement.dispatchEvent(new ClipboardEvent("paste", event));
}"""


@dataclass
class Mouse:
    page: Page
    way = "mouse"

    def press(self, target: Locator) -> None:
        target.click()

    def fill(self, field: Locator, text: str) -> None:
        """Also a date (2026-12-01) and a time."""
        self.press(field)
        field.fill(text)

    def choose(self, field: Locator, option: str) -> None:
        field.select_option(option)

    def go(self, name: str) -> None:
        self.press(self.page.locator("nav.side").get_by_role("link", name=name).first)
        self.expect_view(name)

    def expect_view(self, name: str) -> None:
        title = re.compile(f"^{re.escape(name)}")
        expect(self.page.get_by_role("heading", level=1, name=title)).to_be_visible()

    def capture(self, *sentences: str) -> None:
        for text in sentences:
            self.press(self.page.get_by_label("New to-do"))
            self.page.keyboard.type(text)
            self.page.keyboard.press("Enter")

    def more(self, name: str) -> None:
        header = self.page.locator("header.top")
        self.press(header.locator("summary"))
        self.press(header.get_by_role("button", name=name))

    def open(self, title: str) -> Locator:
        self.press(row(self.page, title).locator(".title"))
        panel = self.page.get_by_role("complementary", name=title)
        expect(panel).to_be_visible()
        return panel

    def close(self) -> None:
        self.press(self.page.get_by_role("complementary").get_by_role("button", name="Close"))

    def tick(self, title: str) -> None:
        self.press(tick(self.page, title))

    def trash(self, title: str) -> None:
        self.press(self.open(title).get_by_role("button", name="Move to trash"))

    def paste(self) -> None:
        self.press(self.page.get_by_label("New to-do"))
        self.page.keyboard.press("Control+v")

    def undo(self) -> None:
        self.press(self.page.get_by_role("button", name="Undo").last)

    def undo_again(self) -> None:
        self.more("Undo")

    def rename(self, title: str, to: str) -> None:
        row(self.page, title).locator(".title").dblclick()
        rows(self.page).get_by_label("Title").fill(to)
        self.page.keyboard.press("Enter")

    def move_up(self, title: str) -> None:
        """To the place of the row above it."""
        here = row(self.page, title)
        there = here.locator("xpath=preceding-sibling::li[1]")
        self.drag(here, there)

    def drag(self, here: Locator, there: Locator) -> None:
        one, other = here.bounding_box(), there.bounding_box()
        assert one
        assert other
        mouse = self.page.mouse
        mouse.move(one["x"] + 200, one["y"] + one["height"] / 2)
        mouse.down()
        mouse.move(one["x"] + 200, one["y"] + one["height"] / 2 - 10, steps=4)
        mouse.move(other["x"] + 200, other["y"] + 3, steps=12)
        self.page.wait_for_timeout(200)
        mouse.up()

    def select(self, *titles: str) -> None:
        for title in titles:
            row(self.page, title).locator(".title").click(modifiers=["Control"])


class Keyboard(Mouse):
    way = "keyboard"

    def reach(self, target: Locator) -> None:
        """By Tab alone."""
        expect(target).to_be_visible()
        for key in ("Tab",) * MOST_STEPS:
            if target.evaluate("it => it === document.activeElement"):
                return
            self.page.keyboard.press(key)
        message = f"{target} is out of reach of Tab"
        raise AssertionError(message)

    def press(self, target: Locator) -> None:
        self.reach(target)
        is_box = target.evaluate("it => it.matches('[role=checkbox], input[type=radio]')")
        self.page.keyboard.press("Space" if is_box else "Enter")

    def fill(self, field: Locator, text: str) -> None:
        self.reach(field)
        kind = field.evaluate("it => it.type")
        if kind == "date":  # as Chromium's own language, not the page's, orders it
            year, month, day = text.split("-")
            text = f"{month}{day}{year}"
        elif kind == "time":
            text = f"{text.replace(':', '')}am"
        else:
            self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def choose(self, field: Locator, option: str) -> None:
        self.reach(field)
        self.page.keyboard.type(option)

    def go(self, name: str) -> None:
        keys = {"Inbox": "i", "Today": "t", "Upcoming": "u", "Finished": "f"}
        if name not in keys:
            return super().go(name)
        self.page.keyboard.press("g")
        self.page.keyboard.press(keys[name])
        return self.expect_view(name)

    def capture(self, *sentences: str) -> None:
        self.page.keyboard.press("n")
        for text in sentences:
            self.page.keyboard.type(text)
            self.page.keyboard.press("Enter")
        self.page.keyboard.press("Escape")

    def at(self, title: str) -> None:
        self.reach(row(self.page, title).locator(".title"))

    def trash(self, title: str) -> None:
        self.at(title)
        self.page.keyboard.press("#")

    def undo(self) -> None:
        self.page.keyboard.press("Control+z")

    undo_again = undo

    def paste(self) -> None:
        self.page.keyboard.press("n")
        self.page.keyboard.press("Control+v")

    def rename(self, title: str, to: str) -> None:
        self.at(title)
        self.page.keyboard.press("e")
        self.page.keyboard.type(to)
        self.page.keyboard.press("Enter")

    def move_up(self, title: str) -> None:
        self.at(title)
        self.page.keyboard.press("Alt+ArrowUp")

    def select(self, *titles: str) -> None:
        for title in titles:
            self.at(title)
            self.page.keyboard.press("v")


@dataclass
class Finger(Mouse):
    way = "touch"
    devtools: CDPSession | None = None

    def press(self, target: Locator) -> None:
        target.tap()

    def go(self, name: str) -> None:
        """By the bar at the bottom, or by the sidebar that it opens."""
        tab = self.page.locator("nav.tabs").get_by_role("link", name=name, exact=True)
        if tab.count():
            self.press(tab)
            return self.expect_view(name)
        self.press(self.page.get_by_role("button", name="Lists", exact=True))
        return super().go(name)

    def capture(self, *sentences: str) -> None:
        for text in sentences:
            if not self.page.get_by_label("New to-do").is_visible():
                self.press(self.page.get_by_role("button", name="Add a to-do"))
            self.page.keyboard.type(text)
            self.page.keyboard.press("Enter")
        self.page.keyboard.press("Escape")

    def paste(self) -> None:
        """As from the menu of a phone."""
        self.press(self.page.get_by_role("button", name="Add a to-do"))
        self.page.evaluate(PASTE)

    def rename(self, title: str, to: str) -> None:
        panel = self.open(title)
        self.fill(panel.get_by_label("Title"), to)
        self.close()

    def drag(self, here: Locator, there: Locator) -> None:
        one, other = here.bounding_box(), there.bounding_box()
        assert one
        assert other
        x, y = one["x"] + 200, one["y"] + one["height"] / 2
        self._touch("touchStart", x, y)
        self.page.wait_for_timeout(400)
        for step in range(1, 11):
            self._touch("touchMove", x, y + (other["y"] + 3 - y) * step / 10)
            self.page.wait_for_timeout(20)
        self.page.wait_for_timeout(200)
        self._touch("touchEnd")

    def _touch(self, kind: str, *point: float) -> None:
        if self.devtools is None:  # it knows which fingers are down
            self.devtools = self.page.context.new_cdp_session(self.page)
        points = [{"x": point[0], "y": point[1]}] if point else []
        self.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def select(self, *titles: str) -> None:
        """The first one by a finger that rests on it."""
        first, *others = titles
        box = row(self.page, first).bounding_box()
        assert box
        self._touch("touchStart", box["x"] + 150, box["y"] + box["height"] / 2)
        self.page.wait_for_timeout(600)
        self._touch("touchEnd")
        expect(self.page.get_by_role("toolbar")).to_be_visible()
        for title in others:
            row(self.page, title).locator(".title").tap()


HANDS: dict[str, type[Mouse]] = {"mouse": Mouse, "keyboard": Keyboard, "touch": Finger}
