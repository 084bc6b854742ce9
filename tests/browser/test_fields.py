"""Fields of the page: what Escape leaves, keys of an input method, and what a field keeps."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.app import (
    all_sent,
    eventually,
    open_detail,
    open_page,
    row,
    rows,
    stored,
    titles,
)
from tests.builders import make_todo
from todos.models import Due, Reminder, Todo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]
# As an input method sends them while it shows its choices; gives whether the field had them alone.
COMPOSE = """() => {
    const field = document.activeElement;
    const text = field.value;
    const init = { isComposing: true, bubbles: true, cancelable: true };
    const alone = ["Enter", "Escape"].map((key) =>
        field.dispatchEvent(new KeyboardEvent("keydown", { ...init, key })));
    return [...alone, document.activeElement === field, field.value === text];
}"""


def test_keys_of_an_input_method_are_left_to_it(visit, alice):
    make_todo(alice, "milk", notes="two")
    page = visit(as_=alice)
    open_page(page)

    def compose(field):
        field.fill("niu")
        field.focus()
        assert page.evaluate(COMPOSE) == [True] * 4, field

    compose(page.get_by_label("New to-do"))
    page.get_by_label("New to-do").fill("")
    row(page, "milk").locator(".title").dblclick()
    compose(rows(page).get_by_label("Title"))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="New list").click()
    compose(page.get_by_label("Name of the new list"))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="New filter").click()
    compose(page.get_by_role("dialog").get_by_label("Name"))
    page.keyboard.press("Escape")
    open_detail(page, "milk")
    panel = page.get_by_role("complementary")
    compose(panel.get_by_label("Title"))
    page.keyboard.press("Escape")
    compose(panel.get_by_label("Tags"))
    panel.get_by_label("Tags").fill("")
    compose(panel.get_by_label("Add a subtask"))
    panel.get_by_label("Repeat", exact=True).select_option("In words …")
    compose(panel.get_by_label("Repeat in words"))
    panel.locator("#detail-notes").click()
    compose(panel.get_by_label("Notes", exact=True))


def test_escape_leaves_only_what_is_innermost(visit, alice):
    make_todo(alice, "milk", notes="two")
    page = visit(as_=alice)
    open_page(page)
    panel = open_detail(page, "milk")

    def escape(focused):
        page.keyboard.press("Escape")
        expect(focused).to_be_focused()
        expect(panel).to_be_visible()

    panel.get_by_label("Title").fill("oat milk")
    page.keyboard.press("Escape")
    expect(panel.get_by_label("Title")).to_have_value("milk")
    expect(panel).to_be_visible()
    panel.get_by_label("Repeat", exact=True).select_option("In words …")
    expect(panel.get_by_label("Repeat in words")).to_be_focused()
    escape(panel.get_by_label("Repeat", exact=True))
    panel.get_by_label("Reminders", exact=True).select_option("At a time …")
    expect(panel.get_by_label("Remind at")).to_be_focused()
    escape(panel.get_by_label("Reminders", exact=True))
    panel.locator("#detail-notes").click()
    panel.get_by_label("Notes", exact=True).fill("three")
    escape(panel.locator("#detail-notes"))
    more = page.get_by_label("More", exact=True)
    more.click()
    page.get_by_role("button", name="Show finished ones").focus()
    escape(more)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    escape(more)
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    all_sent(page)
    assert [(todo.title, todo.notes) for todo in Todo.objects.all()] == [("milk", "three")]


def test_a_field_keeps_what_it_does_not_change(visit, alice):
    before = [Reminder(uuid.uuid4(), minutes_before=10)]
    make_todo(alice, "milk", due=Due.read("2027-12-01T09:00"), reminders=before)
    make_todo(alice, "bread")
    page = visit(as_=alice)
    open_page(page)
    panel = open_detail(page, "milk")
    panel.get_by_label("Due").fill("2027-12-03")
    panel.get_by_label("Tags").fill("#shop")
    page.keyboard.press("Enter")
    reminders = panel.get_by_label("Reminders", exact=True)
    reminders.select_option("10 minutes before")
    reminders.select_option("An hour before")
    panel.get_by_label("Repeat", exact=True).select_option("Every day")
    panel.get_by_label("Title").fill("  ")
    page.keyboard.press("Enter")
    expect(panel.get_by_label("Title")).to_have_value("milk")
    panel = open_detail(page, "bread")
    panel.get_by_role("button", name="Next week").click()
    row(page, "milk").locator(".title").click(modifiers=["Control"])
    bar = page.get_by_role("toolbar", name="Selected to-dos")
    bar.get_by_role("button", name="Finish").click()
    expect(bar).to_be_hidden()
    eventually(lambda: titles(page), ["bread"], page)
    all_sent(page)
    milk = Todo.objects.get(title="milk", status="finished")
    assert milk.due == Due.read("2027-12-03T09:00")
    assert [tag.name for tag in milk.tags.all()] == ["shop"]
    assert sorted(it.minutes_before for it in milk.reminders) == [10, 60]
    bread = Todo.objects.get(title="bread").due.on
    today = timezone.now().date()
    assert (bread.weekday(), timedelta(0) < bread - today <= timedelta(7)) == (0, True)
    assert stored(alice, title="milk", status="open") == ["milk"]
