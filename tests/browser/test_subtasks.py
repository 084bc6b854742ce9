"""To-dos below to-dos: made, ticked, moved and folded, by mouse and keyboard, also offline."""

import pytest
from playwright.sync_api import expect

from tests.browser.app import (
    all_sent,
    eventually,
    go_offline,
    open_detail,
    open_page,
    row,
    rows,
    tick,
    titles,
)
from tests.builders import make_list, make_todo
from todos.models import Todo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]


def below(owner):
    found = Todo.objects.filter(owner=owner, parent__isnull=False).order_by("position", "id")
    return [(todo.title, todo.parent.title, todo.status) for todo in found]


def test_a_parent_takes_its_subtasks_along_offline_and_undo_brings_them_back(visit, alice, bob):
    party = make_todo(bob, "party")
    make_todo(bob, "cake", parent=party)
    make_todo(alice, "party", list=make_list(alice, "Home"))
    page = visit(as_=alice, complains=True)
    open_page(page, f"list/{alice.lists.get(is_inbox=False).pk}")
    go_offline(page)
    panel = open_detail(page, "party")
    field = panel.get_by_label("Add a subtask")
    for title in ("cake", "guests", "music"):
        field.fill(title)
        field.press("Enter")
    eventually(lambda: titles(page), ["party", "cake", "guests", "music"], page)
    panel.get_by_role("checkbox", name="cake").click()
    expect(panel.get_by_text("1 of 3")).to_be_visible()
    panel.get_by_role("link", name="music").press("Alt+ArrowUp")
    eventually(lambda: titles(page), ["party", "music", "guests"], page)

    tick(page, "party").click()
    expect(page.get_by_text("Finished with 2 subtasks")).to_be_visible()
    eventually(lambda: titles(page), [], page)
    page.get_by_role("button", name="Undo").last.click()
    eventually(lambda: titles(page), ["party", "music", "guests"], page)
    page.context.set_offline(False)
    all_sent(page)
    assert below(alice) == [
        ("cake", "party", "finished"),
        ("music", "party", "open"),
        ("guests", "party", "open"),
    ]
    assert below(bob) == [("cake", "party", "open")]

    tick(page, "party").click()
    all_sent(page)
    eventually(lambda: [status for *_, status in below(alice)], ["finished"] * 3, page)
    page.keyboard.press("Control+z")
    eventually(lambda: titles(page), ["party", "music", "guests"], page)
    all_sent(page)
    assert [status for *_, status in below(alice)] == ["finished", "open", "open"]


def test_a_row_becomes_a_subtask_is_folded_and_moves_out(visit, alice):
    for title in ("shop", "walls", "paint"):  # the last one stands first
        make_todo(alice, title)
    page = visit(as_=alice)
    open_page(page)
    row(page, "walls").locator(".title").focus()
    page.keyboard.press("Alt+ArrowRight")
    expect(row(page, "paint").get_by_text("0/1")).to_be_visible()
    rows(page).get_by_role("button", name="Subtasks of paint").click()
    eventually(lambda: titles(page), ["paint", "shop"], page)
    rows(page).get_by_role("button", name="Subtasks of paint").click()
    all_sent(page)
    assert below(alice) == [("walls", "paint", "open")]

    row(page, "walls").locator(".title").focus()
    page.keyboard.press("Alt+ArrowLeft")
    all_sent(page)
    assert (below(alice), titles(page)) == ([], ["paint", "walls", "shop"])
    panel = open_detail(page, "shop")
    panel.get_by_label("Part of").select_option("walls")
    all_sent(page)
    assert below(alice) == [("shop", "walls", "open")]
    open_detail(page, "walls").get_by_role("button", name="Move shop out").click()
    all_sent(page)
    assert (below(alice), titles(page)) == ([], ["paint", "walls", "shop"])


def test_a_move_that_the_server_refuses_is_told(visit, alice):
    walls, paint = make_todo(alice, "walls"), make_todo(alice, "paint")
    page = visit(as_=alice, complains=True)
    open_page(page)
    go_offline(page)
    open_detail(page, "paint").get_by_label("Part of").select_option("walls")
    walls.change(parent=paint)
    page.context.set_offline(False)
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("A to-do cannot be its own subtask.")).to_be_visible()
    page.get_by_role("button", name="Discard my change").click()
    eventually(lambda: titles(page), ["paint", "walls"], page)
