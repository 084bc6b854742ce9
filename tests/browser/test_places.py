"""Saved filters and tags: made, changed and removed on the page, shown at once."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app import all_sent, eventually, go_offline, open_page, row, titles
from tests.builders import make_todo
from todos.models import SavedFilter, Tag

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]


def act(page: Page, name: str) -> None:
    page.locator("header.top").get_by_label("More").click()
    page.locator("header.top").get_by_role("button", name=name).click()


def test_a_search_is_saved_changed_and_deleted(visit, alice, bob):
    make_todo(alice, "urgent", priority=4, tags=["shop"])
    make_todo(alice, "later", priority=1, tags=["shop"])
    make_todo(bob, "urgent", priority=4, tags=["shop"])
    page = visit(as_=alice)
    open_page(page, "search")
    page.get_by_role("searchbox").fill("tag:shop priority:4")
    eventually(lambda: titles(page), ["urgent"], page)
    page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Important")
    dialog.get_by_label("Words").fill("tag:shop priority:9")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Not understood: priority:9")).to_be_visible()
    dialog.get_by_label("Words").fill("tag:shop priority:4")
    dialog.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading", level=1, name="Important")).to_be_visible()
    eventually(lambda: titles(page), ["urgent"], page)
    act(page, "Change this filter")
    dialog.get_by_label("Words").fill("tag:shop priority:1,4")
    dialog.get_by_label("Colour 3").check()
    dialog.get_by_role("button", name="Save").click()
    eventually(lambda: titles(page), ["later", "urgent"], page)
    all_sent(page)
    saved = SavedFilter.objects.get()
    assert (saved.owner, saved.name, saved.query) == (alice, "Important", "tag:shop priority:1,4")

    act(page, "Delete this filter")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("link", name="Important")).to_have_count(0)
    all_sent(page)
    assert not SavedFilter.objects.exists()


def test_a_tag_is_renamed_coloured_and_deleted_also_offline(visit, alice, bob):
    make_todo(alice, "milk", tags=["shop", "a"])
    make_todo(bob, "milk", tags=["shop"])
    page = visit(as_=alice, complains=True)
    open_page(page, "tag/shop")
    go_offline(page)
    act(page, "Change this tag")
    page.get_by_role("dialog").get_by_label("Name").fill("market")
    page.get_by_role("dialog").get_by_label("Colour 2").check()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(row(page, "milk").get_by_text("#market")).to_be_visible()
    expect(page.get_by_role("link", name="#market")).to_be_visible()
    expect(row(page, "milk").locator(".dot")).to_have_css("background-color", "rgb(180, 84, 31)")

    page.context.set_offline(False)
    all_sent(page)
    names = Tag.objects.filter(owner=alice).order_by("name").values_list("name", flat=True)
    assert [*names] == ["a", "market"]
    act(page, "Delete this tag")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    open_page(page)
    eventually(lambda: row(page, "milk").locator(".meta li").all_inner_texts(), ["#a"], page)
    all_sent(page)
    assert [*names.all()] == ["a"]
    assert Tag.objects.get(owner=bob).name == "shop"
