"""An account with to-dos of every shape, made of a seed."""

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle
from typing import Any
from uuid import UUID

from accounts.models import User
from core.order_keys import between
from todos import service
from todos.models import Due, List, Reminder, Tag, Todo

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TITLES = (
    "buy milk",
    "=1+1",
    "'=quoted",
    "+49 30 1234",
    "@bob, call back",
    "x marks the spot",
    "2026-12-01 is a day",
    "(A) is no priority",
    "due:tomorrow id:7 t:x",
    "a  b\tc",
    'say "hello", twice; then \\n',
    "back\\slash \\; \\, \\@bob",
    r"C:\New folder\next; a\\N, \N",
    "买牛奶 🥛 déjà vu",
    "\u202ertl",
    "100% +x @y",
    "-",
    "x" * 128,
)
NOTES = (
    "",
    "one\ntwo\n\nthree",
    "=cmd|' /C calc'!A0",
    "a,b;c\\d\ttab",
    "C:\\New\\next;\nD:\\N",
    "\n leading",
    "é" * 300,
    " ",
)
DUES = (
    None,
    Due(date(2026, 12, 1)),
    Due(date(2026, 12, 1), time(9)),
    Due(date(2027, 3, 28), time(2, 30), "Europe/Berlin"),
    Due(date(2026, 12, 1), time(23, 59), "UTC"),
    Due(date(1900, 1, 2)),
    Due(date(9998, 12, 30), time(0), "Asia/Tokyo"),
)
RULES = (
    *(None, None, "FREQ=DAILY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=SU"),
    *("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=7", "FREQ=YEARLY;BYMONTH=2;UNTIL=20301231"),
)
TAGS = ("home", "a, b", '"quoted"', "=x", "two words", "100%", "买", "a;b\\c", r"D:\N, \n")
LISTS = ("Groceries", r"C:\New; home, \n", "=List", "100% +@x", "买菜, 等")


def reminders(number: int) -> tuple[Reminder, ...]:
    key = UUID(int=number + 1)
    made = (
        Reminder(key, minutes_before=30, channel="email"),
        Reminder(UUID(int=number + 1_000_000), remind_at=NOON + timedelta(days=400)),
        Reminder(UUID(int=number + 2_000_000), minutes_before=0),
    )
    return made[: number % 4]


def fill(person: User, amount: int) -> None:
    """So many to-dos; what two of them share changes with another period for each member."""
    chance = random.Random(7)  # noqa: S311
    lists = [service.add_list(actor=person, name=name, color="#aabbcc") for name in LISTS]
    service.add_filter(actor=person, name="=soon", query="is:open due:today", color="")
    Tag.objects.named(person, TAGS)
    Tag.objects.filter(owner=person, name="home").update(color="#112233")
    turns: dict[str, Any] = {"title": cycle(TITLES), "notes": cycle(NOTES), "due": cycle(DUES)}
    turns |= {"recurrence": cycle(RULES), "priority": cycle(range(5))}
    position, rows, tags = "a0", list[Todo](), list[list[str]]()
    for number in range(amount):
        position = between(position, None)
        columns = {name: next(turn) for name, turn in turns.items()}
        row = Todo(owner=person, position=position, created_by=person.pk, **columns)
        row.list = lists[number % 5] if number % 6 else List.objects.inbox_of(person)
        row.start_on = (None, date(2026, 11, 30), date(2026, 12, 1), date(2027, 1, 1))[number % 4]
        row.recurrence_from = "completion" if number % 7 == 0 else "due"
        row.created_at = row.updated_at = NOON - timedelta(days=number % 90, milliseconds=number)
        row.reminders = reminders(number)
        if number % 5 == 4:
            row.status, row.finished_at = "finished", NOON - timedelta(days=number % 20)
        if number % 11 == 10:
            row.deleted_at = NOON
        if number % 3 == 1 and rows:
            _below(row, rows[-1])
        rows.append(row)
        tags.append(chance.sample(TAGS, number % 4))
    for start in range(0, amount, 500):
        Todo.insert_all(person, rows[start : start + 500], tags[start : start + 500])


def _below(row: Todo, above: Todo) -> None:
    """As a part of it goes where it goes."""
    row.parent, row.list = above, above.list
    if above.deleted_at:
        row.deleted_at, row.trashed_with = above.deleted_at, above.pk
    elif above.is_finished and not row.is_finished:
        row.status, row.finished_at = "finished", above.finished_at
        row.finished_with = above.pk
