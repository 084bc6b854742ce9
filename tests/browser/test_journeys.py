"""What people do on the to-do page, with a mouse, with a keyboard, with and without JavaScript."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from accounts.models import User
from tests.builders import make_todo
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
    page.wait_for_url("**/todos/")


def add(page: Page, title: str) -> None:
    page.get_by_label("New to-do").fill(title)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(tick(page, title)).to_be_visible()


def tick(page: Page, title: str):
    return page.get_by_role("checkbox", name=title, exact=True)


def the_whole_way(page: Page) -> None:
    sign_up(page, "carol@example.com")
    add(page, "buy milk")
    expect(page.get_by_text("1 item left")).to_be_visible()
    tick(page, "buy milk").click()
    expect(page.get_by_text("0 items left")).to_be_visible()
    expect(tick(page, "buy milk")).to_be_checked()

    page.get_by_label("Rename “buy milk”").click()
    expect(page.get_by_label("New title of “buy milk”")).to_be_focused()
    page.get_by_label("New title of “buy milk”").fill("buy oat milk")
    page.get_by_role("button", name="Save").click()
    expect(tick(page, "buy oat milk")).to_be_checked()

    page.get_by_role("button", name="Delete “buy oat milk”").click()
    expect(page.get_by_text("Deleted “buy oat milk”.")).to_be_visible()
    expect(tick(page, "buy oat milk")).to_have_count(0)
    expect(page.get_by_text("A clear head starts here")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(tick(page, "buy oat milk")).to_be_checked()
    expect(page.get_by_text("Deleted")).to_have_count(0)

    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("You are logged out.")).to_be_visible()
    page.goto("/todos/")
    expect(page).to_have_url(re.compile(r"/auth/login/\?next=/todos/$"))


def test_from_sign_up_to_log_out(visit):
    page = visit(timezone_id="Asia/Tokyo")

    the_whole_way(page)

    assert User.objects.get().time_zone == "Asia/Tokyo"


def test_from_sign_up_to_log_out_without_javascript(visit):
    the_whole_way(visit(java_script_enabled=False))

    assert [todo.title for todo in Todo.objects.all()] == ["buy oat milk"]


def test_with_javascript_the_page_is_never_loaded_again(visit, alice):
    make_todo(alice, "call mum")
    page = visit(as_=alice)
    page.goto("/todos/")
    page.evaluate("document.body.dataset.first = 'yes'")

    add(page, "buy milk")
    tick(page, "buy milk").click()
    page.get_by_label("Rename “call mum”").click()
    page.get_by_label("New title").fill("call dad")
    page.get_by_role("button", name="Save").click()
    expect(tick(page, "call dad")).to_be_visible()
    page.get_by_role("button", name="Delete “buy milk”").click()
    page.get_by_role("button", name="Undo").click()
    expect(tick(page, "buy milk")).to_be_checked()

    assert page.evaluate("document.body.dataset.first") == "yes"


def press_tab_until(page: Page, name: str) -> None:
    """As a person without a mouse would; fails where the control cannot be reached."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if (
            page.evaluate(
                "document.activeElement.ariaLabel ?? document.activeElement.textContent"
            ).strip()
            == name
        ):
            return
    pytest.fail(f"Tab never reaches {name!r}")


def test_everything_by_keyboard(visit, alice):
    page = visit(as_=alice)
    page.goto("/todos/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("New to-do")).to_be_focused()
    page.keyboard.type("buy milk")
    page.keyboard.press("Enter")
    expect(tick(page, "buy milk")).to_be_visible()
    expect(page.get_by_label("New to-do")).to_be_focused()

    while not tick(page, "buy milk").evaluate("tick => tick === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(tick(page, "buy milk")).to_be_checked()
    expect(tick(page, "buy milk")).to_be_focused()

    press_tab_until(page, "Rename “buy milk”")
    page.keyboard.press("Enter")
    expect(page.get_by_label("New title")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type(" and eggs")
    page.keyboard.press("Enter")
    expect(tick(page, "buy milk and eggs")).to_be_focused()

    press_tab_until(page, "Delete “buy milk and eggs”")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(tick(page, "buy milk and eggs")).to_be_focused()


def test_escape_leaves_the_edit_form_and_changes_nothing(visit, alice):
    todo = make_todo(alice)
    page = visit(as_=alice)
    page.goto("/todos/")

    page.get_by_label("Rename “buy milk”").click()
    page.get_by_label("New title").fill("something else")
    page.keyboard.press("Escape")

    expect(tick(page, "buy milk")).to_be_focused()
    todo.refresh_from_db()
    assert (todo.title, todo.version) == ("buy milk", 1)


def test_refused_titles_are_explained_and_kept(visit, alice):
    make_todo(alice)
    page = visit(as_=alice)
    page.goto("/todos/")
    field = page.get_by_label("New to-do")

    field.fill("x" * 129)
    field.press("Enter")
    expect(page.get_by_text("At most 128 characters fit; this is 129.")).to_be_visible()
    expect(field).to_have_value("x" * 129)
    expect(field).to_be_focused()
    field.fill("short")
    field.press("Enter")
    expect(tick(page, "short")).to_be_visible()
    expect(page.get_by_text("At most 128")).to_have_count(0)

    page.get_by_label("Rename “short”").click()
    page.get_by_label("New title").fill("   ")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Write what needs to be done.")).to_be_visible()
    expect(page.get_by_label("New title")).to_be_focused()


def test_what_is_typed_while_the_first_title_is_under_way_is_kept(visit, alice):
    page = visit(as_=alice)
    page.goto("/todos/")
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/todos/", hold)
    field = page.get_by_label("New to-do")

    field.fill("buy milk")
    field.press("Enter")
    expect(field).to_have_value("")
    field.press_sequentially("buy eggs")
    waiting[0].continue_()
    page.unroute("**/todos/")
    expect(tick(page, "buy milk")).to_be_visible()
    expect(field).to_have_value("buy eggs")
    field.press("Enter")
    expect(tick(page, "buy eggs")).to_be_visible()

    expect(page.get_by_text("2 items left")).to_be_visible()


def test_lost_connection_is_said_and_the_title_given_back(visit, alice):
    page = visit(as_=alice)
    page.goto("/todos/")
    page.route("**/todos/", lambda route: route.fulfill(status=404, body=""))
    field = page.get_by_label("New to-do")

    field.fill("buy milk")
    field.press("Enter")

    expect(page.get_by_text("That did not arrive.")).to_be_visible()
    expect(field).to_have_value("buy milk")


def test_session_that_ended_leads_to_the_log_in(visit, alice):
    make_todo(alice)
    page = visit(as_=alice)
    page.goto("/todos/")
    page.context.clear_cookies(name="sessionid")

    tick(page, "buy milk").click()

    page.wait_for_url("**/auth/login/?next=/todos/")


def test_filters_empty_hint_and_show_more(visit, alice):
    for number in range(60):
        make_todo(alice, f"number {number}")
    page = visit(as_=alice)
    page.goto("/todos/?status=open")

    expect(page.locator(".todo")).to_have_count(50)
    page.get_by_role("link", name="Show more").press("Enter")
    expect(page.locator(".todo")).to_have_count(60)
    expect(tick(page, "number 9")).to_be_focused()
    tick(page, "number 9").click()
    expect(page.locator(".todo")).to_have_count(59)
    page.get_by_role("link", name="Finished").click()
    expect(page.locator(".todo")).to_have_count(1)
    tick(page, "number 9").click()
    expect(page.get_by_text("Nothing finished yet")).to_be_visible()


def test_second_account_sees_nothing(visit, alice, bob):
    todo = make_todo(alice, "alice's secret")
    page = visit(as_=bob)

    page.goto("/todos/")
    expect(page.get_by_text("A clear head starts here")).to_be_visible()
    answer = page.goto(f"/todos/{todo.pk}/")

    assert answer
    assert answer.status == 404
    assert "secret" not in page.content()


def test_markup_in_a_title_is_never_run(visit, alice):
    make_todo(alice, "<img src=x onerror=alert(1)><script>alert(1)</script>")
    page = visit(as_=alice)
    page.on("dialog", lambda dialog: pytest.fail(f"a title was run: {dialog.message}"))

    page.goto("/todos/")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Deleted “<img src=x")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("1 item left")).to_be_visible()

    expect(page.locator("#todos img, #messages img")).to_have_count(0)
