"""What the first sight does not need comes when it is needed, and is missed in plain words."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.app import (
    add,
    all_sent,
    eventually,
    go_offline,
    open_detail,
    open_page,
    row,
    titles,
)
from tests.builders import make_list, make_todo
from todos.models import Todo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]
MISSING = "This part of the page is not on this device yet. Try again with a network."
LATE = "Added as written. Days and tags in it are read when there is a network."
NEVER_IDLE = "globalThis.requestIdleCallback = () => 0;"


def busy(visit, person) -> tuple[Page, list[str]]:
    """A page whose browser is never idle, and the names of the scripts that it has fetched."""
    page = visit(as_=person, complains=True)
    page.add_init_script(NEVER_IDLE)
    fetched: list[str] = []

    def note(request: Request) -> None:
        if request.resource_type == "script":
            fetched.append(request.url.split("?")[0].split("/static/")[-1])

    page.on("request", note)
    open_page(page)
    return page, fetched


@contextmanager
def without(page: Page, *names: str) -> Iterator[None]:
    """These modules do not come."""

    def abort(route: Route) -> None:
        route.abort()

    for name in names:
        page.route(f"**/static/app/{name}?*", abort)
    yield
    for name in names:
        page.unroute(f"**/static/app/{name}?*", abort)


def test_a_part_comes_when_it_is_needed(visit, alice, bob):
    make_todo(alice, "milk")
    make_todo(bob, "bread")
    page, fetched = busy(visit, alice)
    assert "app/main.js" in fetched
    assert not {"app/views/detail.js", "app/drag.js", "app/views/understood.js"} & {*fetched}

    page.keyboard.press("j")
    page.keyboard.press("d")
    expect(page.get_by_role("complementary", name="milk").get_by_label("Due")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("mil")
    expect(row(page, "milk")).to_be_visible()
    page.get_by_role("link", name="Inbox").first.click()
    page.keyboard.press("j")
    page.keyboard.press("v")
    expect(page.get_by_role("toolbar", name="Selected to-dos")).to_be_visible()
    page.locator("header.top").get_by_label("More").click()
    expect(page.get_by_role("button", name="Show finished ones")).to_be_visible()
    assert {"app/views/detail.js", "app/views/menus.js", "app/views/selection.js"} < {*fetched}


def test_a_sentence_entered_before_quick_add_is_there_is_read_when_it_comes(visit, alice, bob):
    office = make_list(alice, "Office")
    make_list(bob, "Office")
    page, _fetched = busy(visit, alice)
    with without(page, "views/understood.js"):
        page.keyboard.press("n")
        page.keyboard.type("Report @office #work !3 every friday at 9am")
        page.keyboard.press("Enter")
        eventually(lambda: titles(page), ["Report @office #work !3 every friday at 9am"], page)
        expect(page.get_by_text(LATE)).to_be_visible()
        page.keyboard.type("Plain")
        page.keyboard.press("Enter")
        eventually(lambda: titles(page)[0], "Plain", page)
    page.keyboard.type("Milk #shop")
    expect(page.get_by_label("Understood")).to_be_visible()
    eventually(lambda: titles(page), ["Plain"], page)
    page.keyboard.press("Enter")
    all_sent(page)

    made = Todo.objects.get(title="Report")
    assert (made.list, made.priority, made.recurrence) == (office, 3, "FREQ=WEEKLY;BYDAY=FR")
    assert f"{made.due.at:%H:%M}" == "09:00"
    assert [tag.name for tag in made.tags.all()] == ["work"]
    assert {*Todo.objects.owned_by(alice).values_list("title", flat=True)} == {"Report", "Plain", "Milk"}  # fmt: skip # noqa: E501
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    eventually(lambda: titles(page), [], page)


def test_a_part_that_cannot_come_is_missed_in_words_and_nothing_typed_is_lost(visit, alice):
    make_todo(alice, "milk")
    page, _fetched = busy(visit, alice)
    page.context.set_offline(True)

    row(page, "milk").locator(".title").click()
    expect(page.get_by_text(MISSING)).to_be_visible()
    assert page.evaluate("location.hash") == "#/inbox"
    page.get_by_label("Dismiss").click()
    page.get_by_label("New list").click()
    page.get_by_label("Name of the new list").fill("Office")
    page.keyboard.press("Enter")
    expect(page.get_by_text(MISSING)).to_be_visible()
    expect(page.get_by_label("Name of the new list")).to_have_value("Office")
    add(page, "bread #shop")

    page.context.set_offline(False)
    page.get_by_label("Name of the new list").press("Enter")
    expect(page.get_by_role("heading", name="Office")).to_be_visible()
    page.get_by_role("link", name="Inbox").first.click()
    open_detail(page, "milk")
    page.get_by_label("New to-do").focus()
    eventually(lambda: titles(page), ["bread", "milk"], page)


def test_all_of_it_works_offline_from_the_first_visit_on(visit, alice):
    for title in ("milk", "eggs", "bread"):
        make_todo(alice, title)
    page = visit(as_=alice, complains=True)
    open_page(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    go_offline(page)
    page.reload()
    expect(page.locator("main[aria-busy=false]")).to_be_visible()

    page.keyboard.press("n")
    page.keyboard.type("tea #shop tomorrow")
    expect(page.get_by_label("Understood")).to_be_visible()
    page.keyboard.press("Enter")
    expect(row(page, "tea")).to_be_visible()
    first, second = (row(page, title).bounding_box() for title in titles(page)[1:3])
    assert first
    assert second
    before = titles(page)
    page.mouse.move(first["x"] + 200, first["y"] + 20)
    page.mouse.down()
    page.mouse.move(second["x"] + 200, second["y"] + second["height"] - 4, steps=12)
    page.mouse.up()
    eventually(lambda: titles(page), [before[0], before[2], before[1], before[3]], page)
    open_detail(page, "tea").get_by_role("button", name="Close").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("tag:shop")
    expect(row(page, "tea")).to_be_visible()
    eventually(lambda: titles(page), ["tea"], page)
