"""Files as other programs write them, in the shapes that their makers document."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from tests.feeds import check
from tests.todos.transfer.test_hostile_files import codes
from tests.todos.transfer.test_round_trip import imported
from todos.models import List, Todo
from todos.transfer.formats import table

pytestmark = pytest.mark.django_db

NEXTCLOUD = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Nextcloud Tasks v0.16.1
X-WR-CALNAME:Personal
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VTODO
UID:pj5x0w4hkq
CREATED:20261101T081500
LAST-MODIFIED:20261102T101500
DTSTAMP:20261102T101500
SUMMARY:Plan the trip\\, soon
DESCRIPTION:first line\\nsecond li
 ne
PRIORITY:1
PERCENT-COMPLETE:40
STATUS:IN-PROCESS
CATEGORIES:travel,with\\, comma
DTSTART;TZID=Europe/Berlin:20261201T080000
DUE;TZID=Europe/Berlin:20261203T180000
RRULE:FREQ=MONTHLY;INTERVAL=1
X-OC-HIDESUBTASKS:0
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER;RELATED=END:-PT1H
END:VALARM
END:VTODO
BEGIN:VTODO
UID:k2j3h4
SUMMARY:Book a room
STATUS:COMPLETED
PERCENT-COMPLETE:100
COMPLETED:20261105T120000Z
RELATED-TO:pj5x0w4hkq
END:VTODO
END:VCALENDAR
"""

APPLE = """BEGIN:VCALENDAR
CALSCALE:GREGORIAN
PRODID:-//Apple Inc.//Reminders 7.0//EN
VERSION:2.0
X-WR-CALNAME:Home
BEGIN:VTODO
CREATED:20261110T090000Z
DTSTAMP:20261110T090100Z
DTSTART;TZID="W. Europe Standard Time":20261124T093000
DUE;TZID="W. Europe Standard Time":20261124T093000
LAST-MODIFIED:20261110T090100Z
PRIORITY:9
SEQUENCE:0
STATUS:NEEDS-ACTION
SUMMARY:Water the plants
UID:3B1F9C58-6A51-4B63-8B1C-5C6C7D1E2F30
X-APPLE-SORT-ORDER:700000000
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Reminder
TRIGGER;VALUE=DATE-TIME:20261124T083000Z
UID:8E1F9C58-6A51-4B63-8B1C-5C6C7D1E2F31
X-WR-ALARMUID:8E1F9C58-6A51-4B63-8B1C-5C6C7D1E2F31
END:VALARM
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:PT5M
END:VALARM
END:VTODO
BEGIN:VTODO
SUMMARY:Whole day
DTSTART;VALUE=DATE:20261126
DUE;VALUE=DATE:20261126
RRULE:FREQ=HOURLY
UID:whole
CREATED;VALUE=DATE:20261101
no property
END:VTODO
END:VCALENDAR
"""

TODOIST = """TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE
task,Pay rent @home,By transfer,1,1,Ann (1),,every month,en,Europe/Berlin
meta,view_style=list,,,,,,,,
note,Ask for the receipt,,,,Ann (1),,,,
section,Kitchen,,,,,,,,
task,Paint,,4,1,Ann (1),,2026-12-24 09:00,en,Europe/Berlin
task,Buy paint,,3,2,Ann (1),,whenever it rains,en,Europe/Berlin
task,White,,4,3,Ann (1),,,en,
task,Matt,,4,4,Ann (1),,,en,
task,White,,4,3,Ann (1),,,en,
,,,,,,,,,
"""

TODO_TXT = """
(A) Thank Mom for the meatballs @phone
(B) Schedule Goodwill pickup +GarageSale @phone
Post signs around the neighborhood +GarageSale due:2026-11-30
x 2026-03-03 2026-03-02 Review Tim's pull request +TodoTxtTouch @github pri:Z
2026-01-02 xylophone lesson due:soon
"""


def rows(person: Any) -> dict[str, dict[str, Any]]:
    found = {}
    for it in Todo.objects.owned_by(person).order_by("position").prefetch_related("tags"):
        found[it.title] = {
            "list": it.list.name,
            "parent": it.parent and it.parent.title,
            "status": it.status,
            "priority": it.priority,
            "due": it.due and str(it.due),
            "start_on": it.start_on and str(it.start_on),
            "recurrence": it.recurrence,
            "tags": sorted(tag.name for tag in it.tags.all()),
            "notes": it.notes,
        }
    return found


def row(**members: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"list": "Inbox", "parent": None, "status": "open", "priority": 0}
    usual |= {"due": None, "start_on": None, "recurrence": None, "tags": [], "notes": ""}
    return {**usual, **members}


def test_tasks_of_nextcloud(alice):
    report = imported(alice, "ics", NEXTCLOUD.encode())
    assert (report["refused"], report["warnings"]) == (0, 0)
    assert rows(alice) == {
        "Plan the trip, soon": row(
            list="Personal",
            priority=4,
            due="2026-12-03T18:00[Europe/Berlin]",
            start_on="2026-12-01",
            recurrence="FREQ=MONTHLY",
            tags=["travel", "with, comma"],
            notes="first line\nsecond line",
        ),
        "Book a room": row(list="Personal", parent="Plan the trip, soon", status="finished"),
    }
    check(alice)


def test_reminders_of_apple(alice):
    report = imported(alice, "ics", APPLE.replace("\n", "\r\n").encode())
    assert codes(report) == {
        "Water the plants": [("invalid", "reminders")],
        "Whole day": [("invalid", None), ("invalid_recurrence", "recurrence")],
    }
    assert rows(alice) == {
        "Water the plants": row(list="Home", priority=1, due="2026-11-24T09:30[Europe/Berlin]"),
        "Whole day": row(list="Home", due="2026-11-26"),
    }
    [reminder] = Todo.objects.get(title="Water the plants").reminders
    assert reminder.remind_at == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert str(reminder.id) == "8e1f9c58-6a51-4b63-8b1c-5c6c7d1e2f31"
    assert str(Todo.objects.get(title="Water the plants").pk).startswith("3b1f9c58")


@time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC), tick=False)
def test_a_project_of_todoist(alice):
    twice = TODOIST.encode("utf-8-sig")
    report = imported(alice, "todoist", twice)
    told = [(it["title"], [each["code"] for each in it["problems"]]) for it in report["lines"]]
    assert [it for it in told if it[1]] == [("Buy paint", ["invalid"]), ("Matt", ["too_deep"])]
    assert Todo.objects.filter(owner=alice, title="White").count() == 2
    found = rows(alice)
    assert found == {
        "Pay rent": row(
            priority=4,
            due="2026-12-20",
            recurrence=found["Pay rent"]["recurrence"],
            tags=["home"],
            notes="By transfer\n\nAsk for the receipt",
        )
        | {"due": found["Pay rent"]["due"]},
        "Paint": row(due="2026-12-24T09:00", tags=["Kitchen"]),
        "Buy paint": row(parent="Paint", priority=2, tags=["Kitchen"], notes="whenever it rains"),
        "White": row(parent="Buy paint", tags=["Kitchen"]),
        "Matt": row(parent="Buy paint", tags=["Kitchen"]),
    }
    assert found["Pay rent"]["recurrence"].startswith("FREQ=MONTHLY")
    assert imported(alice, "todoist", twice)["new"]["todos"] == 0
    check(alice)


def test_lines_of_todo_txt(alice):
    report = imported(alice, "todotxt", TODO_TXT.encode())
    assert {title: found for title, found in codes(report).items() if found} == {
        "xylophone lesson": [("invalid", "due")]
    }
    assert rows(alice) == {
        "Thank Mom for the meatballs": row(priority=4, tags=["phone"]),
        "Schedule Goodwill pickup": row(list="GarageSale", priority=3, tags=["phone"]),
        "Post signs around the neighborhood": row(list="GarageSale", due="2026-11-30"),
        "Review Tim's pull request": row(
            list="TodoTxtTouch", status="finished", priority=1, tags=["github"]
        ),
        "xylophone lesson": row(),
    }
    done = Todo.objects.get(title="Review Tim's pull request")
    assert (str(done.finished_at)[:10], str(done.created_at)[:10]) == ("2026-03-03", "2026-03-02")


def test_a_table_with_the_names_of_others(alice):
    content = (
        "Task,Project,Labels,Due Date,Completed,Priority,Start Date,Unknown\r\n"
        'Read,Books,"a, b",2026-12-01 18:30,yes,high,2026-11-29T20:00-05:00,x\r\n'
        "Write,books,,01.12.2026,no,5,soon,\r\n"
    )
    report = imported(alice, "csv", content.encode("utf-16"))
    assert codes(report) == {
        "Read": [],
        "Write": [("invalid", "due"), ("invalid", "start_on"), ("invalid_choice", "priority")],
    }
    assert rows(alice) == {
        "Read": row(
            list="Books",
            status="finished",
            priority=3,
            due="2026-12-01T18:30",
            start_on="2026-11-30",
            tags=["a", "b"],
        ),
        "Write": row(list="Books"),
    }


def test_what_no_calendar_can_mean_is_left_out(alice):
    todo = "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\nDUE;TZID=Mars/Base:20261201T090000\n"
    report = imported(alice, "ics", f"{todo}DTSTART:soon\nEND:VTODO\nEND:VCALENDAR".encode())
    assert codes(report) == {"x": [("invalid", "due"), ("invalid", "start_on")]}


@pytest.mark.parametrize("is_first", [True, False])
def test_an_exception_of_a_repeated_task_is_refused_wherever_it_stands(alice, bob, is_first):
    master = (
        "BEGIN:VTODO\nUID:a\nSUMMARY:master\nDUE:20261201T090000\nRRULE:FREQ=DAILY\nEND:VTODO\n"
    )
    other = "BEGIN:VTODO\nRECURRENCE-ID:20261202T090000\nUID:a\nSUMMARY:exception\nEND:VTODO\n"
    body = other + master if is_first else master + other
    content = f"BEGIN:VCALENDAR\n{body}END:VCALENDAR\n".encode()
    report = imported(alice, "ics", content)
    assert codes(report) == {"master": [], "exception": [("exception", "recurrence")]}
    assert (report["new"]["todos"], report["refused"]) == (1, 1)
    assert rows(alice) == {"master": row(due="2026-12-01T09:00", recurrence="FREQ=DAILY")}
    assert imported(alice, "ics", content)["new"]["todos"] == 0
    check(alice)


def test_a_moment_of_a_table_is_that_moment_where_the_person_lives(alice, bob):
    alice.time_zone = "Europe/Berlin"
    alice.save()
    words = {
        "2026-01-02T09:00:00Z": "2026-01-02T10:00[Europe/Berlin]",
        "2026-01-02 23:30:59.5-02:00": "2026-01-03T02:30[Europe/Berlin]",
        "2026-10-25T01:30:00+00:00": "2026-10-25T01:30[UTC]",  # the second 02:30 of that night
        "2026-01-02T09:00:59": "2026-01-02T09:00",
        "2026-01-02 09:00": "2026-01-02T09:00",
        "2026-01-02T09:00[Asia/Tokyo]": "2026-01-02T09:00[Asia/Tokyo]",
        "9999-12-31T23:59:00-14:00": None,
        "2026-01-02T09:00:00 CET": None,
        "2026-01-02T09:00:00+0200": None,
    }
    lines = [f"{number},{text}\n" for number, text in enumerate(words)]
    report = imported(alice, "csv", f"title,due\n{''.join(lines)}".encode())
    assert [found["due"] for found in rows(alice).values()] == [*words.values()]
    told = [title for title, found in codes(report).items() if found == [("invalid", "due")]]
    assert told == ["6", "7", "8"]


def test_a_list_is_known_by_the_name_it_came_with_and_must_have_one(alice):
    for title in ("milk", "bread"):
        imported(alice, "csv", f"title,list\n{title},Groceries\n".encode())
        List.objects.filter(owner=alice, is_inbox=False).update(name="Food")
    report = imported(alice, "csv", f"title,list\nx,{'y' * 200}\n".encode())
    assert codes(report) == {"x": [("invalid", "list")]}
    assert {title: it["list"] for title, it in rows(alice).items()} == {
        "milk": "Food",
        "bread": "Food",
        "x": "Inbox",
    }


def test_a_project_without_tasks_brings_nothing(alice):
    head = TODOIST.partition("task,")[0]
    assert imported(alice, "todoist", f"{head}meta,x,,,,,,,,\n".encode())["new"]["todos"] == 0


def test_a_flag_of_a_table_is_one_of_two_words():
    assert [table._flag(word) for word in ("true", "FALSE")] == [True, False]
    with pytest.raises(ValueError, match="not in tuple"):
        table._flag("yes")
