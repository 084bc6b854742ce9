"""Without a network, in two tabs, beside another device, and after another person."""

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.browser.app import (
    add,
    all_sent,
    eventually,
    go_offline,
    open_detail,
    open_page,
    row,
    stored,
    tick,
)
from tests.builders import make_todo
from tests.conftest import PASSWORD
from todos.models import Todo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]


def controlled(page) -> None:
    """The service worker has the page and its files."""
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")


def rename(page, old: str, new: str) -> None:
    row(page, old).locator(".title").dblclick()
    field = row_field(page)
    field.fill(new)
    field.press("Enter")
    expect(tick(page, new)).to_be_visible()


def row_field(page):
    return page.get_by_role("region", name="To-dos").get_by_label("Title")


def test_a_day_without_a_network(visit, alice, api):
    todos = {name: make_todo(alice, name) for name in ("call mum", "water plants", "post", "pay")}
    page = visit(as_=alice, complains=True)
    open_page(page)
    controlled(page)
    go_offline(page)

    add(page, "one", "two", "three")
    rename(page, "call mum", "call dad")
    rename(page, "water plants", "water the roses")
    tick(page, "post").click()
    row(page, "pay").locator(".title").focus()
    page.keyboard.press("#")
    expect(page.get_by_text(re.compile("Offline · 7 changes wait"))).to_be_visible()
    page.close()
    page = page.context.new_page()
    page.goto("/todos/#/inbox")
    for title in ("one", "two", "three", "call dad", "water the roses"):
        expect(tick(page, title)).to_be_visible()
    for title in ("post", "pay"):
        expect(tick(page, title)).to_have_count(0)

    phone = api(alice)
    for name, title in (("call mum", "call aunt"), ("post", "post the letter")):
        assert phone.patch(f"/api/v1/todos/{todos[name].pk}/", {"title": title}).status_code == 200
    page.context.set_offline(False)
    page.get_by_role("button", name="Decide").click()
    question = page.get_by_role("dialog", name="What should hold?")
    expect(question.get_by_role("row", name="Title here call dad")).to_be_visible()
    expect(question.get_by_role("row", name="Title there call aunt")).to_be_visible()
    question.get_by_role("button", name="Keep mine").click()

    expect(question).to_have_count(0)
    wanted = {"one", "two", "three", "call dad", "water the roses"}
    eventually(lambda: set(stored(alice, status="open")), wanted, page)
    assert stored(alice, status="finished") == ["post the letter"]
    assert Todo.objects.trash_of(alice).get().title == "pay"
    all_sent(page)


def test_two_tabs_are_alike_within_a_second(visit, alice):
    make_todo(alice, "call mum")
    first = visit(as_=alice)
    open_page(first)
    second = first.context.new_page()
    open_page(second)

    add(first, "buy milk")
    expect(tick(second, "buy milk")).to_be_visible(timeout=1000)
    tick(second, "call mum").click()
    expect(tick(first, "call mum")).to_have_count(0, timeout=1000)
    all_sent(first)
    assert (stored(alice, status="open"), stored(alice, status="finished")) == (
        ["buy milk"],
        ["call mum"],
    )


def test_notes_that_somebody_else_changed_while_they_were_written_are_a_question(visit, alice, api):
    todo = make_todo(alice, "call mum", notes="at six")
    page = visit(as_=alice)
    open_page(page)
    open_detail(page, "call mum").get_by_role("button", name="Edit").click()
    page.get_by_label("Notes").fill("at seven")
    phone = api(alice)
    phone.patch(f"/api/v1/todos/{todo.pk}/", {"notes": "at eight"})
    phone.post("/api/v1/todos/", {"title": "post"})
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(tick(page, "post")).to_be_visible()  # so the notes have arrived before it
    page.get_by_label("Notes").press("Escape")

    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("row", name="Notes there at eight")).to_be_visible()
    page.get_by_role("button", name="Take theirs").click()

    all_sent(page)
    assert stored(alice, notes="at eight") == ["call mum"]


def test_an_edit_of_what_was_deleted_elsewhere_can_bring_it_back(visit, alice, api):
    todo = make_todo(alice, "call mum")
    page = visit(as_=alice, service_workers="block", complains=True)
    open_page(page)
    page.route("**/api/v1/sync/**", lambda route: route.abort())
    rename(page, "call mum", "call dad")
    api(alice).delete(f"/api/v1/todos/{todo.pk}/")
    page.unroute("**/api/v1/sync/**")
    page.evaluate("dispatchEvent(new Event('online'))")

    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("it was deleted on another device")).to_be_visible()
    page.get_by_role("button", name="Bring it back with my change").click()

    eventually(lambda: stored(alice), ["call dad"], page)


def test_what_was_deleted_for_good_elsewhere_comes_back_whole(visit, alice, api):
    phone = api(alice)
    members = {
        "notes": "at six",
        "priority": 3,
        "due": {"on": "2026-12-24", "at": "08:00", "time_zone": "Europe/Berlin"},
        "start_on": "2026-12-01",
        "recurrence": "FREQ=YEARLY",
        "recurrence_from": "completion",
        "tags": ["family"],
        "reminders": [{"id": str(uuid.uuid4()), "minutes_before": 10}],
    }
    sent = phone.post("/api/v1/todos/", {"title": "call mum", **members}).json()
    page = visit(as_=alice, service_workers="block", complains=True)
    open_page(page)
    page.route("**/api/v1/sync/**", lambda route: route.abort())
    rename(page, "call mum", "call dad")
    phone.delete(f"/api/v1/todos/{sent['id']}/")
    phone.delete(f"/api/v1/trash/{sent['id']}/")
    page.unroute("**/api/v1/sync/**")
    page.evaluate("dispatchEvent(new Event('online'))")

    page.get_by_role("button", name="Decide").click()
    page.get_by_role("button", name="Bring it back with my change").click()

    eventually(lambda: stored(alice), ["call dad"], page)
    (shown,) = phone.get("/api/v1/todos/").json()["results"]
    own = {"id", "title", "created_at", "updated_at", "version"}
    assert {name: it for name, it in shown.items() if name not in own} == {
        name: it for name, it in sent.items() if name not in own
    }


def log_in(page, person) -> None:
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/todos/**")


def test_who_is_logged_out_elsewhere_loses_nothing_that_is_typed(visit, alice):
    page = visit(as_=alice, complains=True)
    open_page(page)
    controlled(page)
    page.context.clear_cookies(name="sessionid")
    add(page, "buy milk")

    page.get_by_role("button", name="Log in", exact=True).click()
    log_in(page, alice)

    expect(tick(page, "buy milk")).to_be_visible()
    eventually(lambda: stored(alice), ["buy milk"], page)
    add(page, "the token of before the log-in is none")
    all_sent(page)


def test_another_person_sees_nothing_and_nothing_of_the_first_is_sent(visit, alice, bob):
    make_todo(alice, "alice's secret")
    page = visit(as_=alice, complains=True)
    open_page(page)
    controlled(page)
    page.context.clear_cookies(name="sessionid")
    add(page, "alice's second")
    page.goto("/auth/login/?next=/todos/%23/inbox")
    log_in(page, bob)

    add(page, "bob's own")
    eventually(lambda: stored(bob), ["bob's own"], page)
    page.reload()
    expect(tick(page, "bob's own")).to_be_visible()
    assert "alice" not in page.locator("body").inner_text()
    assert stored(alice) == ["alice's secret"]


def test_log_out_asks_about_changes_that_wait_and_leaves_nothing(visit, alice):
    page = visit(as_=alice, service_workers="block", complains=True)
    open_page(page)
    page.route("**/api/v1/sync/**", lambda route: route.abort())
    add(page, "buy milk")
    page.get_by_label("Account menu").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("1 change has not reached the server.")).to_be_visible()
    page.get_by_role("button", name="Stay logged in").click()
    expect(tick(page, "buy milk")).to_be_visible()

    page.unroute("**/api/v1/sync/**")
    page.evaluate("dispatchEvent(new Event('online'))")
    all_sent(page)
    page.get_by_label("Account menu").click()
    page.get_by_role("button", name="Log out").click()

    expect(page.get_by_role("heading", name="To-dos that text you")).to_be_visible()
    assert page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
    assert page.evaluate("localStorage.getItem('nudge.account')") is None
