"""Quick add and what comes again: the page reads a sentence as the server does, also offline."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app import (
    add,
    all_sent,
    eventually,
    go_offline,
    open_detail,
    open_page,
    row,
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


def type_sentence(page: Page, text: str) -> None:
    page.keyboard.press("n")
    page.keyboard.type(text)
    expect(page.get_by_label("Understood")).to_be_visible()


def test_a_sentence_shows_what_was_understood_and_becomes_that(visit, alice):
    office = make_list(alice, "Office")
    page = visit(as_=alice, locale="en-GB")
    open_page(page)
    type_sentence(page, "Report @office #work #x !3 every month on the last day at 9am")

    chips = page.get_by_label("Understood").get_by_role("listitem")
    said = ["Office".lower(), "work", "x", "High", "Every month on the last day"]
    assert [text.strip() for text in chips.all_inner_texts()[:5]] == said
    page.get_by_label("Do not understand “#x”").click()
    page.keyboard.press("Enter")
    all_sent(page)

    made = Todo.objects.get()
    assert (made.title, made.list, made.priority) == ("Report #x", office, 3)
    assert [tag.name for tag in made.tags.all()] == ["work"]
    assert (made.recurrence, f"{made.due.at:%H:%M}") == ("FREQ=MONTHLY;BYMONTHDAY=-1", "09:00")


def test_a_rule_is_set_changed_finished_offline_and_cleared(visit, alice, bob):
    make_todo(alice, "water plants")
    make_todo(bob, "water plants", recurrence="FREQ=DAILY")
    page = visit(as_=alice, complains=True)
    open_page(page)
    panel = open_detail(page, "water plants")
    panel.get_by_label("Repeat", exact=True).select_option("Every day")
    expect(row(page, "water plants").get_by_text("Comes again")).to_be_attached()
    panel.get_by_label("Repeat", exact=True).select_option("In words …")
    panel.get_by_label("Repeat in words").fill("every second friday")
    panel.get_by_role("button", name="Set").click()
    expect(panel.get_by_label("Repeat", exact=True)).to_have_value(
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR"
    )
    panel.get_by_label("Counted from").select_option("the day it is finished")
    all_sent(page)
    before = Todo.objects.get(owner=alice)
    assert (before.recurrence, before.recurrence_from) == (
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR",
        "completion",
    )

    go_offline(page)
    page.get_by_text("Offline").wait_for()
    tick(page, "water plants").click()
    expect(page.get_by_text("Finished; the next one comes after the next sync")).to_be_visible()
    eventually(lambda: titles(page), [], page)
    page.context.set_offline(False)
    eventually(lambda: titles(page), ["water plants"], page)
    all_sent(page)
    assert Todo.objects.filter(owner=alice, status="open").get().pk != before.pk

    panel = open_detail(page, "water plants")
    panel.get_by_label("Repeat", exact=True).select_option("Never")
    all_sent(page)
    assert Todo.objects.get(owner=alice, status="open").recurrence is None


@pytest.mark.nightly
def test_the_words_are_there_without_a_network(visit, alice):
    page = visit(as_=alice, complains=True)
    open_page(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    go_offline(page)
    page.reload()
    expect(page.get_by_label("New to-do")).to_be_visible()
    add(page, "plain")
    type_sentence(page, "Milk tomorrow")
    expect(page.get_by_label("Understood").get_by_text("Tomorrow")).to_be_visible()
