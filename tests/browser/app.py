"""Words of the tests about the page: what a person does, and what the server has then."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from todos.models import Todo

SECONDS = 60


def open_page(page: Page, view: str = "inbox") -> None:
    """A view, drawn with the data of the server."""
    page.goto(f"/todos/#/{view}")
    expect(page.locator("main[aria-busy=false]")).to_be_visible()


def add(page: Page, *titles: str) -> None:
    field = page.get_by_label("New to-do")
    for title in titles:
        field.fill(title)
        field.press("Enter")
        expect(tick(page, title)).to_be_visible()


def tick(page: Page, title: str) -> Locator:
    return rows(page).get_by_role("checkbox", name=title, exact=True)


def row(page: Page, title: str) -> Locator:
    return rows(page).locator("li[data-id]").filter(has=page.get_by_text(title, exact=True))


def rows(page: Page) -> Locator:
    return page.get_by_role("region", name="To-dos")


def titles(page: Page) -> list[str]:
    return rows(page).locator(".title [dir] bdi").all_inner_texts()


def open_detail(page: Page, title: str) -> Locator:
    row(page, title).locator(".title").click()
    panel = page.get_by_role("complementary", name=title)
    expect(panel).to_be_visible()
    return panel


def stored(person: User, **filters: Any) -> list[str]:
    """The titles that the server has, in the order of the list."""
    found = Todo.objects.owned_by(person).filter(**filters).order_by("position", "id")
    return list(found.values_list("title", flat=True))


def eventually(read: Callable[[], Any], wanted: Any, page: Page, seconds: float = SECONDS) -> None:
    """`read` gives `wanted` before long; the page's policy forbids Playwright's own way to wait."""
    for _ in range(int(seconds * 20)):
        if read() == wanted:
            break
        page.wait_for_timeout(50)
    assert read() == wanted


def all_come(page: Page) -> None:
    """All parts of the page are here, as after a moment."""
    eventually(lambda: page.evaluate("document.documentElement.dataset.whole"), "yes", page)


def go_offline(page: Page) -> None:
    all_come(page)
    page.context.set_offline(True)


def all_sent(page: Page) -> None:
    """Nothing waits in the browser any more, neither in its database nor on the way there."""
    count = """async () => {
        const shown = Number(localStorage.getItem("nudge.waiting"));
        const [known] = await indexedDB.databases();
        if (!known) return -1;
        const open = indexedDB.open(known.name);
        const db = await new Promise((done) => { open.onsuccess = () => done(open.result); });
        const asked = db.transaction("operations").objectStore("operations").count();
        const count = await new Promise((done) => { asked.onsuccess = () => done(asked.result); });
        db.close();
        return count || shown;
    }"""
    eventually(lambda: page.evaluate(count), 0, page)
