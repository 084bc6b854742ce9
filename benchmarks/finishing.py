"""Measures finishing a recurring to-do, in accounts with few and many of them.

python -m benchmarks.finishing
"""

import statistics
import time
from typing import TYPE_CHECKING

from benchmarks import stage

if TYPE_CHECKING:
    from accounts.models import User
    from todos.models import Todo

SIZES = (100, 1_000, 10_000, 100_000)
TURNS, EACH = 3, 30


def main() -> None:
    with stage.database():
        held = {size: recurring(stage.account(f"{size}@example.com", 0), size) for size in SIZES}
        analyze()
        queries = {size: asked(held[size].pop()) for size in SIZES}
        wall, busy = measured(held)
        print("| to-dos that come again | queries | finish one | processor time |")
        print("|---|---|---|---|")
        for size in SIZES:
            print(f"| {size:,} | {queries[size]} | {wall[size]:.1f} ms | {busy[size]:.1f} ms |")


def recurring(owner: "User", amount: int) -> "list[Todo]":
    """The to-dos to finish, in an account with `size` of them."""
    from todos.models import Due, List, Todo

    given = {"list": List.objects.inbox_of(owner), "recurrence": "FREQ=DAILY"}
    due = Due.read("2026-12-01T09:00")
    rows = (
        Todo(owner=owner, title=str(n), due=due, position=f"h{n:08}", **given)
        for n in range(amount)
    )
    return list(Todo.objects.bulk_create(rows, batch_size=1_000))


def analyze() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def asked(todo: "Todo") -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as found:
        todo.finish()
    return len(found)


def measured(held: "dict[int, list[Todo]]") -> tuple[dict[int, float], dict[int, float]]:
    """The median milliseconds; the accounts take turns."""
    wall: dict[int, list[float]] = {size: [] for size in held}
    busy: dict[int, list[float]] = {size: [] for size in held}
    for _turn in range(TURNS):
        for size, todos in held.items():
            for todo in [todos.pop() for _ in range(EACH)]:
                start, begin = time.perf_counter(), time.process_time()
                todo.finish()
                busy[size].append((time.process_time() - begin) * 1000)
                wall[size].append((time.perf_counter() - start) * 1000)
    return (
        {size: statistics.median(each) for size, each in wall.items()},
        {size: statistics.median(each) for size, each in busy.items()},
    )


if __name__ == "__main__":
    main()
