"""To-dos that come again: one next for each finished one, whatever happens in between."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from uuid import uuid5

import pytest
import time_machine
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from tests.builders import make_list, make_todo
from todos.models import Due, Todo
from todos.models.recurrence import NAME, rule_of
from todos.models.usage import Usage

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)  # a Thursday
MONDAY = date(2026, 11, 30)
TODOS = "/api/v1/todos/"


def weekly(owner, **fields):
    given = {"due": Due(MONDAY, time(9)), "recurrence": "FREQ=WEEKLY", **fields}
    return make_todo(owner, "water plants", **given)


def following(todo, number=1):
    key = uuid5(todo.pk, NAME if number == 1 else f"{NAME} {number}")
    return Todo.objects.filter(pk=key).first()


def shown(phone, key):
    return phone.get(f"{TODOS}{key}/").json()


# --- Finishing -----------------------------------------------------------------------------------


def test_finishing_makes_the_next_with_all_that_was_said(api, alice, bob):
    weekly(bob)
    garden = make_list(alice, "Garden")
    start = MONDAY - timedelta(days=2)
    todo = weekly(alice, list=garden, tags=["home"], notes="a lot", priority=3, start_on=start)
    phone = api(alice)
    before = shown(phone, todo.pk)
    done = phone.post(f"{TODOS}{todo.pk}/finish/").json()
    assert done == {**before, **{name: done[name] for name in ("finished_at", "updated_at")},
                    "status": "finished", "version": 2}  # fmt: skip
    made = shown(phone, uuid5(todo.pk, "next"))
    times = {name: made[name] for name in ("created_at", "updated_at")}
    assert made == {
        **before, **times, "id": str(uuid5(todo.pk, "next")), "version": 1,
        "start_on": "2026-12-05", "due": {"on": "2026-12-07", "at": "09:00", "time_zone": None},
    }  # fmt: skip
    assert Todo.objects.of(alice.pk).count() == 2
    assert [it.title for it in Todo.objects.mentioning("home")] == ["water plants"] * 2


def test_what_has_nothing_below_it_does_not_look_there(alice, django_assert_max_num_queries):
    todo = weekly(alice)
    with django_assert_max_num_queries(20):
        todo.finish()
    assert following(todo)


def test_a_start_behind_the_end_of_the_calendar_is_left_out(alice):
    todo = weekly(alice, start_on=date(9998, 12, 31), recurrence="FREQ=YEARLY;INTERVAL=2")
    todo.finish()
    assert following(todo).start_on is None


def test_finishing_again_and_again_makes_one(api, alice):
    todo, phone = weekly(alice), api(alice)
    for verb in ("finish", "finish", "reopen", "finish", "reopen", "reopen", "finish"):
        assert phone.post(f"{TODOS}{todo.pk}/{verb}/").status_code == 200
    assert Todo.objects.of(alice.pk).count() == 2
    assert following(todo).deleted_at is None


@pytest.mark.parametrize("way", ["finish", "patch", "put", "sync", "page", "admin", "model"])
def test_every_way_of_finishing_makes_the_next(api, web, alice, staff, way):
    todo = weekly(alice)
    phone, browser = api(alice), web(alice)
    path = f"{TODOS}{todo.pk}/"
    operation = {
        "op_id": str(uuid5(todo.pk, "op")), "kind": "todo", "id": str(todo.pk), "op": "finish",
        "base_version": 1,
    }  # fmt: skip
    batch = {"account": str(alice.pk), "sent_at": "2026-11-26T10:00:00Z", "operations": [operation]}
    finished = {"title": "x", "status": "finished", "recurrence": "FREQ=WEEKLY",
                "due": {"on": "2026-11-30", "at": "09:00"}}  # fmt: skip
    action = {"action": "finish", "_selected_action": str(todo.pk)}
    ways = {
        "finish": lambda: phone.post(f"{path}finish/"),
        "patch": lambda: phone.patch(path, {"status": "finished"}),
        "put": lambda: phone.put(path, finished, headers={"If-Match": "*"}),
        "sync": lambda: [phone.post("/api/v1/sync/", batch) for _ in range(2)],
        "page": lambda: browser.post(f"/todos/plain/{todo.pk}/finish/"),
        "admin": lambda: web(staff).post("/admin/todos/todo/", action),
        "model": todo.finish,
    }
    ways[way]()
    todo.refresh_from_db()
    assert todo.is_finished
    assert following(todo).due == Due(date(2026, 12, 7), time(9))
    assert Todo.objects.of(alice.pk).count() == 2


def test_a_to_do_without_a_rule_makes_nothing(alice):
    make_todo(alice).finish()
    assert Todo.objects.of(alice.pk).count() == 1
    assert rule_of(Todo(recurrence="FREQ=SECONDLY")) is None  # written past all checks


# --- When the next is due ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "kind", "due", "expected"),
    [
        ("FREQ=DAILY;INTERVAL=3", "due", Due(MONDAY), Due(date(2026, 12, 3))),
        ("FREQ=DAILY;INTERVAL=3", "completion", Due(MONDAY), Due(date(2026, 11, 30))),
        ("FREQ=WEEKLY;BYDAY=SA", "completion", Due(MONDAY, time(9)),
         Due(date(2026, 11, 28), time(9))),
        ("FREQ=DAILY", "due", None, Due(date(2026, 11, 28))),
        ("FREQ=DAILY", "due", Due(date(2026, 10, 1)), Due(date(2026, 10, 2))),  # none is skipped
        ("FREQ=MONTHLY", "due", Due(date(2026, 12, 31)), Due(date(2027, 1, 31))),
        ("FREQ=MONTHLY", "due", Due(date(2027, 1, 31)), Due(date(2027, 3, 31))),
        ("FREQ=DAILY", "completion", Due(MONDAY, time(9), "America/Los_Angeles"),
         Due(date(2026, 11, 27), time(9), "America/Los_Angeles")),
    ],
)  # fmt: skip
def test_the_next_is_due_by_the_rule(alice, rule, kind, due, expected):
    """Finished at 02:00 of the 27th in Sydney, where alice lives."""
    User.objects.filter(pk=alice.pk).update(time_zone="Australia/Sydney")
    todo = weekly(alice, recurrence=rule, recurrence_from=kind, due=due)
    todo.finish(at=datetime(2026, 11, 26, 15, tzinfo=UTC))
    assert following(todo).due == expected
    assert following(todo).recurrence_from == kind


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        ("FREQ=WEEKLY;COUNT=1", Due(MONDAY)),
        ("FREQ=WEEKLY;UNTIL=20261206", Due(MONDAY)),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=TU", Due(MONDAY)),
        ("FREQ=DAILY", Due(date(9998, 12, 31))),
        ("FREQ=DAILY", Due(date(9998, 12, 30), time(23), "America/Los_Angeles")),
    ],
)
def test_the_last_one_makes_no_next(alice, rule, due):
    todo = weekly(alice, recurrence=rule, due=due)
    todo.finish()
    todo.reopen()
    assert Todo.objects.of(alice.pk).count() == 1


def test_a_count_goes_down(alice):
    todo = weekly(alice, recurrence="FREQ=WEEKLY;COUNT=3")
    rules = []
    while todo:
        rules.append(todo.recurrence)
        todo.finish()
        todo = following(todo)
    assert rules == [f"FREQ=WEEKLY;COUNT={left}" for left in (3, 2, 1)]


@given(
    rule=st.sampled_from(
        ["FREQ=DAILY", "FREQ=DAILY;INTERVAL=5", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO",
         "FREQ=MONTHLY;BYDAY=-1SU", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=YEARLY;BYMONTH=3,10"]
    ),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Chatham", "Asia/Tehran"]),
    start=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    minute=st.integers(0, 24 * 60 - 1),
)  # fmt: skip
@settings(max_examples=settings().max_examples // 25, deadline=None)
def test_a_series_is_that_of_dateutil_across_the_clock_changes(rule, zone, start, minute):
    """No day is skipped or doubled, and the time of day stays."""
    at = time(minute // 60, minute % 60)
    owner = User.objects.get_or_create(email="series@example.com")[0]
    todo = weekly(owner, recurrence=rule, due=Due(start, at, zone))
    judged = rrulestr(rule, dtstart=datetime.combine(start, at))
    expected = [day for day in islice(judged, 4) if day.date() != start][:3]
    for moment in expected:
        todo.finish(at=NOW)
        todo = following(todo)
        assert todo.due == Due(moment.date(), at, zone)


# --- Reopening -----------------------------------------------------------------------------------


def test_reopening_takes_an_untouched_next_back(api, alice):
    todo, phone = weekly(alice), api(alice)
    phone.post(f"{TODOS}{todo.pk}/finish/")
    phone.post(f"{TODOS}{todo.pk}/reopen/")
    assert following(todo).deleted_at is not None
    phone.patch(f"{TODOS}{todo.pk}/", {"title": "water all plants", "tags": ["home"]})
    phone.post(f"{TODOS}{todo.pk}/finish/")
    made = shown(phone, following(todo).pk)
    assert (made["title"], made["tags"], made["version"]) == ("water all plants", ["home"], 3)
    phone.post(f"{TODOS}{todo.pk}/reopen/")
    assert following(todo).deleted_at is not None  # nobody has touched it since


def test_reopening_leaves_a_next_that_somebody_touched(api, alice):
    todo, phone = weekly(alice), api(alice)
    todo.finish()
    phone.patch(f"{TODOS}{following(todo).pk}/", {"notes": "use the can"})
    todo.reopen()
    todo.finish()
    made = following(todo)
    assert (made.notes, made.deleted_at, made.version) == ("use the can", None, 2)
    assert Todo.objects.of(alice.pk).count() == 2


def test_reopening_without_a_next_changes_nothing_else(alice):
    todo = weekly(alice)
    todo.finish()
    following(todo).trash()
    version = following(todo).version
    todo.reopen()
    assert following(todo).version == version


def test_an_id_that_is_dead_or_another_persons_is_passed_over(alice, bob):
    """Nobody keeps another person from finishing by taking the id before."""
    todo = weekly(alice)
    make_todo(bob, "mine", id=uuid5(todo.pk, "next"))
    todo.finish()
    assert following(todo).owner == bob
    assert following(todo, 2).owner == alice
    todo.reopen()
    following(todo, 2).delete()
    todo.finish()
    assert following(todo, 3).owner == alice
    assert Todo.objects.of(alice.pk).count() == 2


def test_a_finished_next_in_the_trash_comes_back_open(alice):
    todo = weekly(alice)
    todo.finish()
    following(todo).finish()
    following(todo).trash()
    todo.reopen()
    todo.finish()
    made = following(todo)
    assert (made.status, made.finished_at, made.deleted_at) == ("open", None, None)
    assert following(made).deleted_at is not None


def test_the_next_takes_room_but_is_never_refused(alice, settings):
    todo = weekly(alice, notes="é")
    settings.QUOTA_TODOS = 1
    todo.finish()
    held = Usage.objects.get(owner=alice)
    assert (held.todos, held.bytes) == (2, 4)


# --- What clients write and read -----------------------------------------------------------------


def test_a_rule_is_answered_in_one_spelling_and_a_wrong_one_refused(api, alice):
    phone = api(alice)
    made = phone.post(TODOS, {"title": "x", "recurrence": "rrule:byday=fr,mo;freq=weekly"}).json()
    assert (made["recurrence"], made["recurrence_from"]) == ("FREQ=WEEKLY;BYDAY=MO,FR", "due")
    path = f"{TODOS}{made['id']}/"
    refused = phone.patch(path, {"recurrence": "FREQ=HOURLY"})
    assert refused.status_code == 400
    assert [(it["attr"], it["code"]) for it in refused.json()["errors"]] == [
        ("recurrence", "invalid_recurrence")
    ]
    cleared = phone.patch(path, {"recurrence": None, "recurrence_from": "completion"}).json()
    assert (cleared["recurrence"], cleared["recurrence_from"]) == (None, "completion")


def test_words_are_in_the_language_of_the_person_or_else_of_the_request(api, alice, settings):
    settings.LANGUAGES = [("en", "English"), ("zh-hans", "Chinese")]
    todo = weekly(alice, recurrence="FREQ=WEEKLY;INTERVAL=2;BYDAY=FR")
    path = f"{TODOS}{todo.pk}/occurrences/"

    def told(asked, language):
        User.objects.filter(pk=alice.pk).update(language=language)
        answer = api(alice).get(path, headers={"Accept-Language": asked})
        return answer.json()["words"], answer["Content-Language"]

    english, chinese = ("every second Friday", "en"), ("每两周的星期五", "zh-hans")
    assert [told("en", ""), told("zh-Hans", "")] == [english, chinese]
    assert [told("zh-CN", "en"), told("en", "zh-hans")] == [english, chinese]


@time_machine.travel(NOW, tick=False)
def test_occurrences_preview_a_rule(api, alice, bob):
    phone = api(alice)
    days = [{"on": day, "at": "09:00", "time_zone": None} for day in ("2026-11-30", "2026-12-14")]
    todo = weekly(alice, recurrence="FREQ=WEEKLY;INTERVAL=2;BYDAY=MO")
    answer = phone.get(f"{TODOS}{todo.pk}/occurrences/?limit=2")
    assert answer.json() == {"words": "every second Monday", "results": days}
    plain = make_todo(alice)
    assert phone.get(f"{TODOS}{plain.pk}/occurrences/").json() == {"words": None, "results": []}
    undue = make_todo(alice, recurrence="FREQ=DAILY;COUNT=1")
    today = [{"on": "2026-11-26", "at": None, "time_zone": None}]
    assert phone.get(f"{TODOS}{undue.pk}/occurrences/").json()["results"] == today
    assert phone.get(f"{TODOS}{weekly(bob).pk}/occurrences/").status_code == 404
    for limit in ("0", "101", "x"):
        assert phone.get(f"{TODOS}{todo.pk}/occurrences/?limit={limit}").status_code == 400
