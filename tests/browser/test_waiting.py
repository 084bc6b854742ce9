"""What a person does before the part of the page that it needs is there: kept, in its order."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.app import all_sent, eventually, open_page, row, stored, tick, titles
from tests.browser.hands import PHONE, Finger, Mouse
from tests.builders import make_todo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]
NEVER_IDLE = "globalThis.requestIdleCallback = () => 0;"
EARLY = ("theme.js", "hold.js", "line.js", "browser.js")  # they keep what comes before the rest
WAITS = "document.documentElement.hasAttribute('data-waits')"
LOST = "What you have typed or pressed since is not done."
SECOND = 1000  # milliseconds


class Slow:
    """A network that keeps the scripts back until `come()`."""

    def __init__(self, page: Page, *but: str) -> None:
        self.page, self.but = page, but
        self.is_slow = True
        self.kept: list[Route] = []
        page.route("**/static/**/*.js*", self._keep)

    def _keep(self, route: Route) -> None:
        name = route.request.url.split("?")[0].rsplit("/", 1)[-1]
        if self.is_slow and name not in self.but:
            self.kept.append(route)
        else:
            route.fallback()

    def asked(self) -> None:
        """Until a script was asked for."""
        eventually(lambda: bool(self.kept), wanted=True, page=self.page)

    def come(self, seconds: float = 1) -> None:
        """After so long, those that were asked for; all that waited for them is done then."""
        self.page.wait_for_timeout(seconds * SECOND)
        self.asked()
        self.is_slow = False
        for route in self.kept:
            route.fallback()
        eventually(lambda: self.page.evaluate(WAITS), wanted=False, page=self.page)

    def fail(self) -> None:
        self.asked()
        self.is_slow = False
        for route in self.kept:
            route.abort()


def keys(page: Page, *some: str) -> None:
    """Each at once; what begins with a quote is typed."""
    for key in some:
        if key.startswith('"'):
            page.keyboard.type(key[1:])
        else:
            page.keyboard.press(key)


@contextmanager
def slow(page: Page, seconds: float = 1) -> Iterator[None]:
    """What is done inside is done before a part has come."""
    network = Slow(page)
    yield
    network.come(seconds)


@pytest.fixture
def page(visit, alice, bob):
    """A list of three, in a browser that loads no part before it is needed."""
    for title in ("three", "two", "one"):
        make_todo(alice, title)
    make_todo(bob, "bob's")
    page = visit(as_=alice, complains=True)
    page.add_init_script(NEVER_IDLE)
    yield page
    assert stored(bob, status="open") == ["bob's"]


def test_keys_pressed_before_the_page_stands_are_not_lost(page, alice):
    network = Slow(page, *EARLY)
    page.goto("/todos/#/inbox", wait_until="commit")
    eventually(lambda: page.evaluate(WAITS), wanted=True, page=page)
    keys(page, "n", '"buy bread', "ArrowLeft", "Backspace", '"i', "Enter", "Escape")
    keys(page, "?", "Escape", "q", '"tea', "Enter", "Escape", "/", '"bre')
    assert titles(page) == []
    network.come(seconds=2)
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("bre")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    eventually(lambda: titles(page), ["buy breid"], page)
    all_sent(page)
    assert sorted(stored(alice)) == ["buy breid", "one", "tea", "three", "two"]


@pytest.mark.parametrize(
    ("pressed", "focused"),
    [
        (("d",), "Due"),
        (("p",), "Priority"),
        (("r",), "Repeat"),
        (("l",), "List"),
        (("t", '"shop'), "Tags"),
        (("m", '"my notes'), "Notes"),
        (("s", '"a part'), "Add a subtask"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_the_first_key_that_opens_a_field_takes_what_is_typed_next(page, pressed, focused):
    open_page(page)
    with slow(page, seconds=0.3):
        keys(page, "j", *pressed)
    panel = page.get_by_role("complementary", name="one")
    field = panel.get_by_label(focused, exact=True)
    expect(field).to_be_focused()
    if len(pressed) > 1:
        expect(field).to_have_value(pressed[1][1:])


def test_the_first_keys_that_need_parts_are_done_in_their_order(page, alice):
    open_page(page)
    with slow(page):
        keys(page, "j", "Alt+ArrowDown", "Alt+ArrowDown", "e", '"last', "Enter", "k", "x")
    eventually(lambda: titles(page), ["two", "last"], page)
    with slow(page, seconds=3):
        keys(page, "g", "i", "?", "Escape", "/", '"tw')
    expect(page.get_by_role("dialog")).to_have_count(0)
    eventually(lambda: titles(page), ["two"], page)
    with slow(page):
        keys(page, "Tab", "Tab", "Escape")
        page.locator("nav").get_by_role("link", name="Inbox").click()
        keys(page, "j", "v", "j", "v", "#")
    eventually(lambda: titles(page), [], page)
    all_sent(page)
    assert stored(alice) == ["three"]  # the others are in the trash
    assert stored(alice, status="finished") == ["three"]


def test_the_first_row_that_is_dragged_moves(page, alice):
    open_page(page)
    with slow(page):
        Mouse(page).drag(row(page, "three"), row(page, "one"))
    eventually(lambda: titles(page), ["three", "one", "two"], page)
    Mouse(page).drag(row(page, "two"), row(page, "three"))
    eventually(lambda: titles(page), ["two", "three", "one"], page)
    eventually(lambda: stored(alice), ["two", "three", "one"], page)


def test_a_row_that_is_held_when_rows_become_movable_goes_with_the_hand(page):
    open_page(page)
    network = Slow(page)
    here, there = row(page, "one").bounding_box(), row(page, "three").bounding_box()
    assert here
    assert there
    page.mouse.move(here["x"] + 200, here["y"] + here["height"] / 2)
    page.mouse.down()
    network.come()
    expect(page.locator(".sortable-chosen")).to_be_visible()
    page.mouse.move(here["x"] + 200, here["y"] + here["height"], steps=4)
    page.mouse.move(there["x"] + 200, there["y"] + there["height"] - 3, steps=12)
    page.wait_for_timeout(200)
    page.mouse.up()
    eventually(lambda: titles(page), ["two", "three", "one"], page)


def test_a_click_that_is_no_drag_waits_for_no_drag(page):
    open_page(page)
    network = Slow(page)
    tick(page, "one").click()
    eventually(lambda: titles(page), ["two", "three"], page)
    network.come(seconds=0)


def test_the_first_finger_that_rests_on_a_row_selects_it(visit, alice, bob):
    make_todo(alice, "one")
    make_todo(bob, "bob's")
    page = visit(as_=alice, complains=True, **PHONE)
    page.add_init_script(NEVER_IDLE)
    open_page(page)
    with slow(page, seconds=0.3):
        box = row(page, "one").bounding_box()
        assert box
        finger = Finger(page)
        finger._touch("touchStart", box["x"] + 150, box["y"] + box["height"] / 2)
        page.wait_for_timeout(600)
        finger._touch("touchEnd")
    expect(page.get_by_role("toolbar", name="Selected to-dos")).to_contain_text("1 selected")


def test_clicks_and_tabs_wait_for_the_menu_that_was_opened(page):
    open_page(page)
    with slow(page):
        page.locator("header.top summary").click()
        keys(page, "Tab", "Tab", "Enter")
    chosen = "localStorage.getItem('nudge.sort.inbox.')"
    eventually(lambda: page.evaluate(chosen), "due", page)


def test_a_part_that_cannot_come_is_missed_with_what_was_typed_for_it(page, alice):
    open_page(page)
    network = Slow(page)
    keys(page, "j", "d", "x", "#")
    network.fail()
    eventually(lambda: page.evaluate(WAITS), wanted=False, page=page)
    expect(page.get_by_text(LOST)).to_be_visible()
    assert (titles(page), stored(alice, status="open")) == (["one", "two", "three"],) * 2

    keys(page, "d")
    due = page.get_by_role("complementary", name="one").get_by_label("Due", exact=True)
    expect(due).to_be_focused()
    keys(page, "Escape", "x")
    all_sent(page)
    assert stored(alice, status="finished") == ["one"]


def test_a_date_that_only_the_browser_can_take_is_told(page):
    open_page(page)
    with slow(page, seconds=0.3):
        keys(page, "j", "d", "1")
    expect(page.get_by_text(LOST)).to_be_visible()
