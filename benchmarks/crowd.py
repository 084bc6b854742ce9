"""Simulates load peaks: many cold starts, a backlog of messages, exhausted database connections.

The starts are simulated with the code's pauses, against AWS's rate for the parameters of an
account. The sweep hands out the backlog, which is delivered for real, on PostgreSQL, minute by
minute of a simulated clock. The requests are also real, one thread each.

python -m benchmarks.crowd [--starts 1000] [--texts 5000] [--people 100]
"""

import argparse
import collections
import heapq
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import stage
from core.tasks import TaskBackend

RATE = 40.0  # GetParameter calls a second that AWS allows (Service Quotas, Systems Manager)
PER_MINUTE = 600
CONNECTIONS = 20
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)  # in the past, because deliveries read the real clock


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--starts", type=int, default=1000)
    parser.add_argument("--texts", type=int, default=5000)
    parser.add_argument("--people", type=int, default=100)
    options = parser.parse_args()
    random.seed(1)
    late = starts(options.starts)
    with stage.database():
        minutes, twice, seconds = backlog(options.texts)
        seen = full_database(options.people)
        pooled = behind_a_pooler(options.people)
    print("| crowd | what happens |")
    print("|---|---|")
    print(
        f"| {options.starts:,} cold starts in one second | {options.starts - late:,} get their "
        f"parameters within 7 s; {late:,} answer 503 with `Retry-After` and try again |"
    )
    print(
        f"| {options.texts:,} messages due at once, `SMS_PER_MINUTE={PER_MINUTE}` | all accepted "
        f"after {minutes} minutes, {twice} handed out twice, no minute above {PER_MINUTE}; "
        f"{seconds / options.texts * 1000:.0f} ms of work each |"
    )
    for where, answers in (("", seen), (" behind PgBouncer", pooled)):
        print(
            f"| {options.people} requests at once, {CONNECTIONS} connections{where} | "
            + ", ".join(f"{count} x {status}" for status, count in sorted(answers.items()))
            + " |"
        )


def starts(count: int) -> int:
    """How many starts get no parameters within their time limit (serverless/aws.py)."""
    from serverless import aws

    tokens, at = RATE, 0.0
    began = [number / count for number in range(count)]
    waits = [aws.pauses() for _ in range(count)]
    calls, late = [(when, number) for number, when in enumerate(began)], 0
    while calls:
        now, number = heapq.heappop(calls)
        tokens, at = min(RATE, tokens + (now - at) * RATE), now
        if tokens >= 1:
            tokens -= 1
        elif (again := now + next(waits[number])) <= began[number] + aws.BUDGET_SECONDS:
            heapq.heappush(calls, (again, number))
        else:
            late += 1
    return late


class Queue(TaskBackend):
    """A replacement of SQS; `waiting` has the ids in order."""

    waiting: list[str] = []

    def enqueue(self, task: Any, ids: tuple[str, ...]) -> None:
        self.waiting.extend(ids)


def backlog(texts: int) -> tuple[int, int, float]:
    """The minutes until all are accepted, how many were handed out twice, seconds of work."""
    from django.conf import settings

    from sms import delivery, sweep
    from sms.models import Allowance, Message

    settings.SMS_PROVIDER = "memory"
    settings.SMS_PER_MINUTE = PER_MINUTE
    settings.SMS_ALLOWED_REGIONS = ["US"]
    settings.TASKS = {"default": {"BACKEND": f"{__name__}.{Queue.__name__}"}}
    person = stage.account("crowd@example.com", 0)
    Allowance.objects.create(account=person, per_day=1_000_000)
    rows = [
        Message(
            sender=person,
            to=f"+1415555{number % 10_000:04}",
            body=f"Reminder {number}",
            provider="memory",
            created_at=NOON,
            next_attempt_at=NOON,
        )
        for number in range(texts)
    ]
    Message.objects.bulk_create(rows, batch_size=1000)
    seen: collections.Counter[str] = collections.Counter()
    minute, began = 0, time.perf_counter()
    while Message.objects.waiting().exists():
        # Only the clock of the sweep moves, so that messages count in the minute when it hands them
        # out.
        sweep.sweep(at=NOON + minute * timedelta(minutes=1), seconds=600)
        assert 0 < len(Queue.waiting) <= PER_MINUTE
        seen.update(Queue.waiting)
        for message_id in Queue.waiting:
            delivery.deliver(message_id)
        Queue.waiting.clear()
        minute += 1
    seconds = time.perf_counter() - began
    assert Message.objects.filter(state="accepted").count() == texts
    return minute, sum(count - 1 for count in seen.values()), seconds


def full_database(people: int) -> collections.Counter[str]:
    """The responses if the database has connections for only a few people."""
    from django.db import connection, connections

    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE ROLE crowd LOGIN CONNECTION LIMIT {CONNECTIONS} IN ROLE pg_read_all_data;"
            "GRANT pg_write_all_data TO crowd"
        )
    connections.close_all()
    return answers_at_once(people, {"USER": "crowd"})


def behind_a_pooler(people: int) -> collections.Counter[str]:
    """The responses if a pooler has these connections."""
    from django.db import connection, connections

    from config import database
    from localcloud.pooler import pgbouncer

    with (
        tempfile.TemporaryDirectory(prefix="nudge-pooler-") as folder,
        pgbouncer(Path(folder), connection.settings_dict, CONNECTIONS) as port,
    ):
        connections.close_all()
        pooler = {"ENGINE": database.POSTGRESQL, "HOST": "127.0.0.1", "PORT": str(port)}
        return answers_at_once(people, database.tuned(pooler))


def answers_at_once(people: int, reached: dict[str, Any]) -> collections.Counter[str]:
    """The number of each response, with these database settings for everyone.

    Each thread holds its connection until all have a response, as processes of Lambda do.
    """
    from django.db import connections
    from django.test import Client

    with reaching(reached):
        person = stage.account(f"{people}-{len(reached)}@example.com", 50)
        headers = {"Authorization": f"Bearer {stage.token(person)}", "Host": "localhost"}
    connections.close_all()
    seen: collections.Counter[str] = collections.Counter()
    together = threading.Barrier(people)

    def ask() -> None:
        with reaching(reached):
            together.wait()
            answer = Client(raise_request_exception=False).get("/api/v1/todos/", headers=headers)
            again = " with `Retry-After`" if "Retry-After" in answer.headers else ""
            seen[f"{answer.status_code}{again}"] += 1
            together.wait()

    threads = [threading.Thread(target=ask) for _ in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


@contextmanager
def reaching(settings: dict[str, Any]) -> Iterator[None]:
    """The connection of this thread, by these settings."""
    from django.db import connections

    usual = dict(connections["default"].settings_dict)
    connections["default"].settings_dict.update(settings)
    try:
        yield
    finally:
        connections.close_all()
        connections["default"].settings_dict.update(usual)


if __name__ == "__main__":
    main()
