"""The plain page: what it shows and how it goes on."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from django.utils import timezone

from tests.builders import at, make_list, make_todo, position_of
from tests.todos.pages import PAGE, titles
from todos.models import Due, Priority

PAST = datetime(2020, 1, 2, 3, 4, tzinfo=UTC)


def test_stranger_is_sent_to_log_in(client, db):
    response = client.get(PAGE)

    assert response.status_code == 302
    assert response.url == f"/auth/login/?next={PAGE}"


def test_page_shows_own_todos_newest_first_and_counts_open_ones(alice, bob, browser):
    make_todo(bob, "bob's secret")
    make_todo(alice, "buy milk").finish()
    make_todo(alice, "call mum")
    make_todo(alice, "water plants")

    response = browser.get(PAGE)

    assert titles(response) == ["water plants", "call mum", "buy milk"]
    assert "2 items left" in response.text
    assert "What needs to be done?" in response.text
    assert "secret" not in response.text


def test_counter_of_one_is_singular(alice, browser):
    make_todo(alice)

    assert "1 item left" in browser.get(PAGE).text


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("", "A clear head starts here"),
        ("?status=open", "All done"),
        ("?status=finished", "Nothing finished yet"),
    ],
)
def test_empty_list_says_what_to_do(browser, query, hint):
    page = browser.get(PAGE + query).text

    assert hint in page
    assert "0 items left" in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?status=open", ["open one"]),
        ("?status=finished", ["done one"]),
        ("?status=nonsense", ["open one", "done one"]),
        ("?status=%00", ["open one", "done one"]),
    ],
)
def test_filter_shows_its_status_and_counts_all_open(alice, browser, query, shown):
    make_todo(alice, "done one").finish()
    make_todo(alice, "open one")

    response = browser.get(PAGE + query)

    assert titles(response) == shown
    assert "1 item left" in response.text


def test_row_shows_due_priority_tags_and_list(alice, browser):
    alice.time_zone = "Asia/Tokyo"
    alice.save()
    moment = datetime(2031, 5, 1, 20, 30, tzinfo=UTC)  # already the 2nd in Tokyo
    home = make_list(alice, "Household")
    make_todo(
        alice, list=home, due=at(moment), priority=Priority.URGENT, tags=["shop", "cold & fresh"]
    )

    page = browser.get(PAGE).text

    assert "2 May 2031 5:30 a.m." in page
    assert "Urgent" in page
    assert "Household" in page
    assert "shop" in page
    assert "cold &amp; fresh" in page


def test_inbox_is_not_named(alice, browser):
    make_todo(alice)

    assert "Inbox" not in browser.get(PAGE).text


@pytest.mark.parametrize(
    ("days", "words"),
    [(-1, "Yesterday"), (0, "Today"), (1, "Tomorrow")],
)
def test_near_days_are_named_as_the_person_counts_them(alice, browser, monkeypatch, days, words):
    alice.time_zone = "Pacific/Auckland"
    alice.save()
    now = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)  # the 21st in Auckland
    monkeypatch.setattr(timezone, "now", lambda: now)
    make_todo(alice, due=Due(date(2026, 11, 21) + timedelta(days=days)))

    page = browser.get(PAGE).text

    assert words in page
    assert ("Overdue:" in page) == (days < 0)


def test_day_of_this_year_is_shown_without_the_year(alice, browser, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 11, 20, tzinfo=UTC))
    make_todo(alice, due="2026-12-30")

    page = browser.get(PAGE).text

    assert "Wed 30 Dec" in page
    assert "2026" not in page


def test_finished_todo_is_never_overdue(alice, browser):
    make_todo(alice, due=at(PAST)).finish()

    assert "Overdue" not in browser.get(PAGE).text


def test_passed_moment_is_overdue(alice, browser):
    make_todo(alice, due=at(PAST))

    assert "Overdue" in browser.get(PAGE).text


@pytest.mark.parametrize("amount", [3, 30])
def test_queries_do_not_grow_with_the_rows(alice, browser, amount, django_assert_num_queries):
    home = make_list(alice)
    for number in range(amount):
        make_todo(alice, f"number {number}", list=home, tags=["a", f"tag {number}"])

    with django_assert_num_queries(5):  # session, user, open ones, rows, tags
        response = browser.get(PAGE)

    assert len(titles(response)) == amount


def test_show_more_leads_through_all_rows_once(alice, browser):
    for number in range(101):
        make_todo(alice, f"number {number:03}", position=position_of(number // 2))

    first = browser.get(PAGE)
    second = browser.get(f"{PAGE}{first.context['next']}")
    third = browser.get(f"{PAGE}{second.context['next']}")

    pages = [titles(page) for page in (first, second, third)]
    assert [len(page) for page in pages] == [50, 50, 1]
    assert sorted(chain(*pages)) == [f"number {number:03}" for number in range(101)]
    assert third.context["next"] == ""
    assert "Back to the top of the list" in second.text


def test_show_more_keeps_the_filter(alice, browser):
    for number in range(51):
        make_todo(alice, f"open {number}")
    make_todo(alice, "finished", position=position_of(9_999_999)).finish()

    first = browser.get(f"{PAGE}?status=open")
    second = browser.get(f"{PAGE}{first.context['next']}")

    assert "status=open" in str(first.context["next"])
    assert titles(second) == ["open 0"]


@pytest.mark.parametrize(
    "after", ["", "nonsense", "WzEsMl0:1uLjYJ:forged", "%00", "%ff", "é" * 300]
)
def test_bad_place_is_the_first_page(alice, browser, after):
    make_todo(alice)

    response = browser.get(f"{PAGE}?after={after}")

    assert titles(response) == ["buy milk"]
    assert str(response.context["state"]) == ""


def test_place_of_another_account_shows_own_rows_only(alice, bob, browser, web):
    for number in range(51):
        make_todo(bob, f"bob {number}")
    make_todo(alice, position=position_of(9_999_999))
    place = web(bob).get(PAGE).context["next"]

    assert titles(browser.get(f"{PAGE}{place}")) == ["buy milk"]


def forged(signed: str, content: object) -> str:
    """Other content under the signature that was given for the first."""
    payload = urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
    return ":".join([payload, *signed.split(":")[1:]])


@pytest.mark.wide
@pytest.mark.parametrize("content", [[1, str(UUID(int=1))], [], [1], "x", {}, None, [None, None]])
def test_a_place_with_other_content_or_of_another_purpose_is_the_first_page(
    alice, bob, browser, api, content
):
    for number in range(51):
        make_todo(alice, f"number {number}")
    make_todo(bob)
    place = str(browser.get(PAGE).context["next"])
    signed = parse_qs(place.removeprefix("?"))["after"][0]
    link = api(alice).get("/api/v1/todos/?limit=1").json()["next"]
    cursor = parse_qs(urlsplit(link).query)["cursor"][0]
    assert titles(browser.get(PAGE, {"after": signed})) == ["number 0"]
    for wrong in (forged(signed, content), cursor, signed[:-1] + "_-"[signed[-1] == "_"]):
        response = browser.get(PAGE, {"after": wrong})
        assert (len(titles(response)), str(response.context["state"])) == (50, "")
