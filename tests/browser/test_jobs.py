"""The everyday jobs of docs/page.md: each by mouse, and nightly by keyboard alone and by touch."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.app import (
    all_sent,
    eventually,
    go_offline,
    open_page,
    row,
    rows,
    stored,
    tick,
    titles,
)
from tests.browser.hands import HANDS, PHONE
from tests.builders import make_list, make_todo
from todos.models import Due, List, Todo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]
WAYS = ["mouse", *(pytest.param(way, marks=pytest.mark.nightly) for way in ("keyboard", "touch"))]


@pytest.fixture(params=WAYS)
def hands(request, visit, alice, bob):
    """Alice's page; bob has a to-do of his own, which nobody touches."""
    make_todo(bob, "bob's")
    options = PHONE if request.param == "touch" else {}
    page = visit(as_=alice, complains=True, locale="en-GB", **options)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield HANDS[request.param](page)
    assert stored(bob, status="open", deleted_at=None) == ["bob's"]


def begin(hands, view="inbox"):
    open_page(hands.page, view)
    return hands.page


def the(alice, title):
    return Todo.objects.get(owner=alice, title=title)


def test_01_capture_one(hands, alice):
    page = begin(hands)
    hands.capture("buy milk")
    all_sent(page)
    assert (titles(page), stored(alice)) == (["buy milk"], ["buy milk"])


def test_02_capture_twenty_quickly(hands, alice):
    page = begin(hands)
    wanted = [f"title {number}" for number in range(20)]
    hands.capture(*wanted)
    all_sent(page)
    assert stored(alice) == wanted[::-1] == titles(page)


def test_03_capture_three_pasted_lines(hands, alice):
    page = begin(hands)
    page.evaluate(r"navigator.clipboard.writeText('- eggs\n- bread\n- milk')")
    hands.paste()
    hands.press(page.get_by_role("button", name="Add 3 to-dos"))
    all_sent(page)
    assert stored(alice) == ["eggs", "bread", "milk"]


def test_04_date_time_priority_tag_and_list_by_words(hands, alice):
    home = make_list(alice, "Home")
    page = begin(hands)
    hands.capture("Paint @home #wall !3 1 dec 2027 9am")
    all_sent(page)
    made = the(alice, "Paint")
    assert (made.list, made.priority, made.due) == (home, 3, Due.read("2027-12-01T09:00"))
    assert [tag.name for tag in made.tags.all()] == ["wall"]


def test_05_set_or_change_each_of_them_and_notes(hands, alice):
    make_list(alice, "Home")
    make_todo(alice, "paint")
    page = begin(hands)
    panel = hands.open("paint")
    hands.fill(panel.get_by_label("Due"), "2027-12-01")
    hands.fill(panel.get_by_label("Time"), "09:00")
    hands.fill(panel.get_by_label("Not before"), "2027-11-30")
    hands.choose(panel.get_by_label("Priority"), "High")
    hands.choose(panel.get_by_label("List"), "Home")
    hands.fill(panel.get_by_label("Tags"), "wall")
    page.keyboard.press("Enter")
    hands.press(panel.locator("#detail-notes"))
    page.keyboard.type("two litres")
    page.keyboard.press("Escape")
    all_sent(page)
    made = the(alice, "paint")
    assert (made.list.name, made.priority, made.notes) == ("Home", 3, "two litres")
    assert (made.due, str(made.start_on)) == (Due.read("2027-12-01T09:00"), "2027-11-30")
    assert [tag.name for tag in made.tags.all()] == ["wall"]


def test_06_see_today_overdue_and_upcoming(hands, alice):
    today = timezone.now().date()
    for title, days in (("late", -2), ("now", 0), ("soon", 1)):
        make_todo(alice, title, due=Due(today + timedelta(days=days)))
    page = begin(hands)
    hands.go("Today")
    eventually(lambda: titles(page), ["late", "now"], page)
    expect(rows(page).get_by_role("heading", name="Overdue")).to_be_visible()
    hands.go("Upcoming")
    eventually(lambda: titles(page), ["now", "soon"], page)


def test_07_open_one_list(hands, alice):
    make_todo(alice, "paint", list=make_list(alice, "Home"))
    make_todo(alice, "elsewhere")
    page = begin(hands)
    hands.go("Home")
    eventually(lambda: titles(page), ["paint"], page)


def test_08_open_one_tag(hands, alice):
    make_todo(alice, "paint", tags=["wall"])
    make_todo(alice, "elsewhere")
    page = begin(hands)
    hands.go("#wall")
    eventually(lambda: titles(page), ["paint"], page)


def test_09_sort(hands, alice):
    for title, priority in (("low", 1), ("urgent", 4), ("high", 3)):
        make_todo(alice, title, priority=priority)
    page = begin(hands)
    hands.more("By priority")
    eventually(lambda: titles(page), ["urgent", "high", "low"], page)


def test_10_search(hands, alice):
    make_todo(alice, "Straße fegen", notes="Besen")
    make_todo(alice, "elsewhere")
    page = begin(hands)
    if hands.way == "keyboard":
        page.keyboard.press("/")
    else:
        hands.press(page.get_by_role("link", name="Search").locator("visible=true").first)
    hands.fill(page.get_by_role("searchbox"), "strasse besen")
    eventually(lambda: titles(page), ["Straße fegen"], page)


def test_11_reorder(hands, alice):
    for title in ("three", "two", "one"):
        make_todo(alice, title)
    page = begin(hands)
    hands.move_up("three")
    eventually(lambda: titles(page), ["one", "three", "two"], page)
    all_sent(page)
    assert stored(alice) == ["one", "three", "two"]


def test_12_move_to_another_list(hands, alice):
    make_list(alice, "Home")
    make_todo(alice, "paint")
    page = begin(hands)
    hands.choose(hands.open("paint").get_by_label("List"), "Home")
    all_sent(page)
    assert the(alice, "paint").list.name == "Home"
    eventually(lambda: titles(page), [], page)


def test_13_rename(hands, alice):
    make_todo(alice, "pain")
    page = begin(hands)
    hands.rename("pain", "paint")
    all_sent(page)
    assert (stored(alice), titles(page)) == (["paint"], ["paint"])


def test_14_tick_and_untick(hands, alice):
    make_todo(alice, "paint")
    page = begin(hands)
    hands.more("Show finished ones")
    hands.tick("paint")
    expect(tick(page, "paint")).to_be_checked()
    all_sent(page)
    assert stored(alice, status="finished") == ["paint"]
    hands.tick("paint")
    all_sent(page)
    assert stored(alice, status="open") == ["paint"]


def test_15_undo_a_tick(hands, alice):
    make_todo(alice, "paint")
    page = begin(hands)
    hands.tick("paint")
    expect(tick(page, "paint")).to_have_count(0)
    hands.undo()
    expect(tick(page, "paint")).not_to_be_checked()
    all_sent(page)
    assert stored(alice, status="open") == ["paint"]


def test_16_delete_and_undo_twice(hands, alice):
    for title in ("three", "two", "one"):
        make_todo(alice, title)
    page = begin(hands)
    hands.trash("one")
    hands.trash("two")
    eventually(lambda: titles(page), ["three"], page)
    hands.undo()
    hands.undo_again()
    eventually(lambda: titles(page), ["one", "two", "three"], page)
    all_sent(page)
    assert stored(alice, deleted_at=None) == ["one", "two", "three"]


def test_17_subtasks(hands, alice):
    make_todo(alice, "party")
    page = begin(hands)
    panel = hands.open("party")
    hands.fill(panel.get_by_label("Add a subtask"), "cake")
    page.keyboard.press("Enter")
    hands.press(panel.get_by_role("checkbox", name="cake"))
    expect(panel.get_by_text("1 of 1")).to_be_visible()
    all_sent(page)
    assert (the(alice, "cake").parent, the(alice, "cake").status) == (
        the(alice, "party"),
        "finished",
    )


def test_18_recurring(hands, alice):
    make_todo(alice, "plants")
    page = begin(hands)
    hands.choose(hands.open("plants").get_by_label("Repeat", exact=True), "Every day")
    hands.close()
    all_sent(page)
    hands.tick("plants")
    all_sent(page)
    eventually(lambda: titles(page), ["plants"], page)
    assert stored(alice, status="open") == ["plants"]
    assert stored(alice, status="finished") == ["plants"]


def test_19_reminders(hands, alice):
    make_todo(alice, "paint", due=Due.read("2027-12-01T09:00"))
    page = begin(hands)
    panel = hands.open("paint")
    hands.choose(panel.get_by_label("Reminders", exact=True), "10 minutes before")
    all_sent(page)
    assert [it.minutes_before for it in the(alice, "paint").reminders] == [10]
    hands.press(panel.get_by_label("Remove reminder 10 minutes before"))
    all_sent(page)
    assert [*the(alice, "paint").reminders] == []


def test_20_change_several_at_once(hands, alice):
    for title in ("three", "two", "one"):
        make_todo(alice, title)
    page = begin(hands)
    hands.select("one", "two")
    bar = page.get_by_role("toolbar")
    hands.choose(bar.get_by_label("Priority"), "High")
    all_sent(page)
    changed = Todo.objects.filter(owner=alice, priority=3).order_by("title")
    assert [*changed.values_list("title", flat=True)] == ["one", "two"]
    hands.press(bar.get_by_role("button", name="Finish"))
    all_sent(page)
    assert stored(alice, status="open") == ["three"]


def test_21_see_what_was_finished_latest_first_and_clear_it(hands, alice):
    make_todo(alice, "open")
    for title in ("first", "second"):
        make_todo(alice, title).finish()
    page = begin(hands)
    hands.go("Finished")
    eventually(lambda: titles(page), ["second", "first"], page)
    hands.more("Move all of them to the trash")
    eventually(lambda: titles(page), [], page)
    all_sent(page)
    assert stored(alice, deleted_at=None) == ["open"]


def test_22_all_of_it_offline_and_the_second_tab_follows(hands, alice):
    make_todo(alice, "paint")
    page = begin(hands)
    other = page.context.new_page()
    open_page(other)
    page.bring_to_front()
    go_offline(page)
    hands.capture("milk tomorrow", "eggs #shop")
    hands.rename("paint", "paint walls")
    hands.tick("milk")
    hands.trash("eggs")
    hands.undo()
    eventually(lambda: titles(other), ["eggs", "paint walls"], other, seconds=3)
    expect(row(other, "eggs").get_by_text("#shop")).to_be_visible()
    assert stored(alice) == ["paint"]
    page.context.set_offline(False)
    all_sent(page)
    assert stored(alice, status="open", deleted_at=None) == ["eggs", "paint walls"]
    assert List.objects.filter(owner=alice).count() == 1
