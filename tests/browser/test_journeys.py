"""What people do with the page: by mouse, by keyboard, and without JavaScript."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from tests.browser.app import (
    add,
    all_come,
    all_sent,
    eventually,
    open_detail,
    open_page,
    row,
    rows,
    stored,
    tick,
    titles,
)
from tests.builders import make_list, make_todo
from tests.conftest import PASSWORD
from todos.models import Todo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]


def sign_up(page: Page, email: str) -> None:
    page.goto("/auth/signup/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url("**/todos/**")


def undo(page: Page) -> None:
    page.get_by_role("button", name="Undo").last.click()


def test_from_sign_up_to_log_out(visit):
    page = visit(timezone_id="Asia/Tokyo")
    sign_up(page, "carol@example.com")
    carol = User.objects.get()
    open_page(page)
    add(page, "buy milk")
    row(page, "buy milk").locator(".title").dblclick()
    rows(page).get_by_label("Title").fill("buy oat milk")
    rows(page).get_by_label("Title").press("Enter")
    tick(page, "buy oat milk").click()
    expect(page.get_by_text("Finished buy oat milk")).to_be_visible()
    undo(page)
    expect(tick(page, "buy oat milk")).not_to_be_checked()
    open_detail(page, "buy oat milk").get_by_role("button", name="Move to trash").click()
    undo(page)
    expect(tick(page, "buy oat milk")).to_be_visible()

    all_sent(page)
    assert (stored(carol, status="open"), carol.time_zone) == (["buy oat milk"], "Asia/Tokyo")
    page.get_by_label("Account menu").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="To-dos that text you")).to_be_visible()
    page.goto("/todos/")
    expect(page).to_have_url(re.compile(r"/auth/login/\?next=/todos/$"))


def test_the_whole_way_without_javascript(visit):
    page = visit(java_script_enabled=False)
    sign_up(page, "carol@example.com")
    page.get_by_role("link", name="Your to-dos without JavaScript").click()
    page.get_by_label("New to-do").fill("buy milk")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("checkbox", name="buy milk").click()
    expect(page.get_by_text("0 items left")).to_be_visible()
    page.get_by_label("Rename “buy milk”").click()
    page.get_by_label("New title of “buy milk”").fill("buy oat milk")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Delete “buy oat milk”").click()
    expect(page.get_by_text("A clear head starts here")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("checkbox", name="buy oat milk")).to_be_checked()

    assert [todo.title for todo in Todo.objects.all()] == ["buy oat milk"]


def test_everything_of_a_todo_is_set_in_its_panel(visit, alice):
    home = make_list(alice, "Household")
    make_todo(alice, "buy milk")
    page = visit(as_=alice)
    open_page(page)
    panel = open_detail(page, "buy milk")
    panel.get_by_label("Due").fill("2031-05-02")
    panel.get_by_label("Time").fill("09:30")
    panel.get_by_label("Priority").select_option("Urgent")
    panel.get_by_label("Tags").fill("shop")
    panel.get_by_label("Tags").press("Enter")
    panel.get_by_role("button", name="Add", exact=True).click()
    panel.get_by_label("Notes").fill("two **litres**, see https://example.com/milk")
    panel.get_by_label("Title").click()
    panel.get_by_label("List").select_option("Household")

    expect(panel.get_by_role("strong")).to_have_text("litres")
    expect(panel.get_by_role("link")).to_have_attribute("href", "https://example.com/milk")
    all_sent(page)
    todo = Todo.objects.get()
    assert (str(todo.due.on), str(todo.due.at), todo.priority, todo.list) == (
        "2031-05-02",
        "09:30:00",
        4,
        home,
    )
    assert [tag.name for tag in todo.tags.all()] == ["shop"]
    assert todo.notes == "two **litres**, see https://example.com/milk"


def test_views_search_and_links(visit, alice):
    home = make_list(alice, "Household")
    make_todo(alice, "soap", list=home, tags=["shop"])
    make_todo(alice, "Straße fegen").finish()
    page = visit(as_=alice)
    open_page(page)
    links = page.get_by_role("navigation", name="Views")
    for name, shown in (("Household", "soap"), ("#shop", "soap"), ("Finished", "Straße fegen")):
        links.get_by_role("link", name=name).click()
        eventually(lambda: titles(page), [shown], page)
    page.keyboard.press("/")
    page.get_by_role("searchbox").fill("STRASSE")
    eventually(lambda: titles(page), ["Straße fegen"], page)
    page.reload()
    eventually(lambda: titles(page), ["Straße fegen"], page)
    page.goto(f"/todos/#/todo/{Todo.objects.get(title='soap').pk}")
    expect(page.get_by_role("complementary", name="soap")).to_be_visible()
    expect(page.get_by_role("heading", name="Household")).to_be_visible()


def test_several_at_once_and_undo_several_deep(visit, alice):
    for title in ("four", "three", "two", "one"):
        make_todo(alice, title)
    page = visit(as_=alice)
    open_page(page)
    row(page, "one").locator(".title").click(modifiers=["Control"])
    row(page, "three").locator(".title").click(modifiers=["Shift"])
    bar = page.get_by_role("toolbar", name="Selected to-dos")
    expect(bar.get_by_text("3 selected")).to_be_visible()
    bar.get_by_role("button", name="Finish").click()
    eventually(lambda: titles(page), ["four"], page)
    tick(page, "four").click()
    page.locator("body").press("Control+z")
    page.locator("body").press("Control+z")
    eventually(lambda: titles(page), ["one", "two", "three", "four"], page)
    all_sent(page)
    assert stored(alice, status="open") == ["one", "two", "three", "four"]


def drag(page: Page, source: Locator, target: Locator, down: float = 0.5) -> None:
    """To that part of the target's height, as a hand does: on the way, not at once."""
    begin, end = source.bounding_box(), target.bounding_box()
    assert begin
    assert end
    page.mouse.move(begin["x"] + 120, begin["y"] + begin["height"] / 2)
    page.mouse.down()
    page.mouse.move(begin["x"] + 130, begin["y"] + begin["height"] / 2 + 12, steps=4)
    page.mouse.move(end["x"] + 40, end["y"] + end["height"] * down, steps=12)
    page.wait_for_timeout(200)
    page.mouse.up()


def test_rows_are_dragged_to_a_place_and_into_a_list(visit, alice):
    home = make_list(alice, "Household")
    for title in ("three", "two", "one"):
        make_todo(alice, title)
    page = visit(as_=alice)
    open_page(page)
    all_come(page)  # the library of dragging too
    drag(page, row(page, "one"), row(page, "three"), down=0.9)
    eventually(lambda: titles(page), ["two", "three", "one"], page)
    link = page.get_by_role("navigation", name="Views").get_by_role("link", name="Household")
    drag(page, row(page, "two"), link)
    eventually(lambda: titles(page), ["three", "one"], page)
    all_sent(page)
    assert stored(alice, list=home) == ["two"]


def test_everything_by_keyboard(visit, alice):
    make_todo(alice, "call mum")
    page = visit(as_=alice)
    open_page(page)
    page.keyboard.press("n")
    page.keyboard.type("buy milk")
    page.keyboard.press("Enter")
    expect(tick(page, "buy milk")).to_be_visible()
    page.keyboard.press("Escape")
    for key in ("j", "Alt+ArrowDown"):
        page.keyboard.press(key)
    eventually(lambda: titles(page), ["call mum", "buy milk"], page)
    page.keyboard.press("e")
    page.keyboard.type("buy oat milk")
    page.keyboard.press("Enter")
    expect(row(page, "buy oat milk").locator(".title")).to_be_focused()
    page.keyboard.press("p")
    expect(page.get_by_label("Priority")).to_be_focused()
    page.keyboard.press("Escape")
    expect(row(page, "buy oat milk").locator(".title")).to_be_focused()
    page.keyboard.press("x")
    expect(row(page, "call mum").locator(".title")).to_be_focused()
    page.keyboard.press("#")
    page.keyboard.press("Control+z")
    page.keyboard.press("g")
    page.keyboard.press("f")
    eventually(lambda: titles(page), ["buy oat milk"], page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    all_sent(page)
    assert (stored(alice, status="open"), stored(alice, status="finished")) == (
        ["call mum"],
        ["buy oat milk"],
    )


LATE_FRAMES = "window.requestAnimationFrame = (draw) => setTimeout(draw, 60_000)"


def test_no_key_waits_for_the_next_picture(visit, alice):
    for title in ("four", "three", "two", "one"):
        make_todo(alice, title)
    page = visit(as_=alice)
    page.add_init_script(LATE_FRAMES)
    open_page(page)
    for key in ("j", "Alt+ArrowDown", "Alt+ArrowDown", "Alt+ArrowDown", "e"):
        page.keyboard.press(key)
    page.keyboard.type("last")
    for key in ("Enter", "m"):
        page.keyboard.press(key)
    page.keyboard.type("my notes")
    for key in ("Escape", "Escape", "k", "d"):
        page.keyboard.press(key)
    expect(page.get_by_label("Due", exact=True)).to_be_focused()
    for key in ("Escape", "x", "?", "Escape", "/"):
        page.keyboard.press(key)
    page.keyboard.type("tw")
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("tw")
    eventually(lambda: titles(page), ["two"], page)
    all_sent(page)
    assert stored(alice, status="open") == ["two", "three", "last"]
    assert stored(alice, status="finished") == ["four"]
    assert Todo.objects.get(title="last").notes == "my notes"


LATE_NEWS = """
    const listen = addEventListener;
    globalThis.addEventListener = (kind, hear, ...rest) => listen(
        kind, kind === "hashchange" ? (event) => setTimeout(hear, 500, event) : hear, ...rest,
    );
"""


def test_no_key_waits_for_a_link(visit, alice, bob):
    for title in ("three", "two", "one"):
        make_todo(alice, title)
    make_todo(bob, "bob's")
    page = visit(as_=alice)
    page.add_init_script(LATE_NEWS)
    open_page(page, "search?q=two")
    eventually(lambda: titles(page), ["two"], page)
    links = page.locator("nav").get_by_role("link", name="Inbox")
    links.click()
    for key in ("j", "v", "j", "j", "v", "#"):
        page.keyboard.press(key)
    assert titles(page) == ["two"]
    all_sent(page)
    assert stored(alice, deleted_at=None) == ["two"]
    with page.context.expect_page() as opened:
        links.click(modifiers=["Control"])
    eventually(lambda: titles(opened.value), ["two"], opened.value)


def test_who_clicks_out_of_a_title_types_where_they_have_clicked(visit, alice):
    make_todo(alice, "buy milk")
    page = visit(as_=alice)
    open_page(page)
    row(page, "buy milk").locator(".title").dblclick()
    page.keyboard.type("buy oat milk")
    page.get_by_label("New to-do").click()
    page.keyboard.type("buy bread", delay=20)
    page.keyboard.press("Enter")
    eventually(lambda: titles(page), ["buy bread", "buy oat milk"], page)


HOSTILE = "<img src=x onerror=alert(1)><script>alert(1)</script>{{7*7}}"


def test_markup_is_text_everywhere(visit, alice):
    home = make_list(alice, HOSTILE)
    notes = f"{HOSTILE}\n[x](javascript:alert(1)) <javascript:alert(1)>"
    make_todo(alice, HOSTILE, notes=notes, tags=[HOSTILE[:50]], list=home)
    page = visit(as_=alice)
    page.on("dialog", lambda dialog: pytest.fail(f"text was run: {dialog.message}"))
    open_page(page, f"list/{home.pk}")
    panel = open_detail(page, HOSTILE)
    expect(panel.locator(".prose")).to_contain_text("{{7*7}}")
    tick(page, HOSTILE).click()
    expect(page.get_by_text(f"Finished {HOSTILE}")).to_be_visible()

    assert page.locator("#app img, #app script, #app a[href^='javascript']").count() == 0


def test_second_account_sees_nothing(visit, alice, bob):
    todo = make_todo(alice, "alice's secret")
    page = visit(as_=bob)
    open_page(page, f"todo/{todo.pk}")
    all_come(page)  # the detail too

    assert "secret" not in page.content()
