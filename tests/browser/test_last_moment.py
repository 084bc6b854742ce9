"""A change that is made in the last moment of a page, or while the browser stores nothing."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.app import all_sent, eventually, open_detail, open_page, row, rows, stored, tick
from tests.builders import make_todo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]

# What a full disk does to a write, as long as the page says so.
FULL = """
    const add = IDBObjectStore.prototype.add;
    IDBObjectStore.prototype.add = function (...row) {
        if (self.isFull) throw new DOMException("no room", "QuotaExceededError");
        return add.apply(this, row);
    };
"""


def test_what_is_done_in_the_last_moment_of_a_page_is_done(visit, alice):
    for title in ("call mum", "water plants"):
        make_todo(alice, title)
    page = visit(as_=alice, complains=True)
    open_page(page)

    with page.expect_navigation():
        tick(page, "call mum").evaluate("(box) => { box.click(); location.reload(); }")

    expect(tick(page, "water plants")).to_be_visible()
    expect(tick(page, "call mum")).to_have_count(0)
    eventually(lambda: stored(alice, status="finished"), ["call mum"], page)
    all_sent(page)


def test_what_is_still_written_when_the_page_ends_is_kept(visit, alice):
    todo = make_todo(alice, "call mum")
    page = visit(as_=alice, complains=True)
    open_page(page)
    row(page, "call mum").locator(".title").dblclick()
    rows(page).get_by_label("Title").fill("call dad")
    page.reload()
    panel = open_detail(page, "call dad")
    panel.get_by_role("button", name="Add", exact=True).click()
    page.get_by_label("Notes").fill("at seven")
    page.reload()
    expect(page.get_by_text("at seven")).to_be_visible()
    panel.get_by_label("Title").fill("call aunt")
    page.reload()

    expect(page.get_by_role("complementary", name="call aunt")).to_be_visible()
    all_sent(page)
    todo.refresh_from_db()
    assert (todo.title, todo.notes) == ("call aunt", "at seven")


def test_a_full_disk_loses_nothing(visit, alice):
    for title in ("call mum", "water plants"):
        make_todo(alice, title)
    page = visit(as_=alice, complains=True)
    page.add_init_script(FULL)
    open_page(page)
    page.evaluate("self.isFull = true")
    tick(page, "call mum").click()
    expect(page.get_by_text(re.compile("could not store your last change"))).to_be_visible()
    assert stored(alice, status="finished") == []

    asked = []

    def stays(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stays)
    page.evaluate("location.assign('/')")
    eventually(lambda: asked, ["beforeunload"], page)
    expect(row(page, "water plants")).to_be_visible()

    page.evaluate("self.isFull = false")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text(re.compile("could not store your last change"))).to_have_count(0)
    eventually(lambda: stored(alice, status="finished"), ["call mum"], page)
    all_sent(page)
