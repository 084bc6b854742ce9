"""Measures how fast messages are accepted over HTTP, and how fast 8 workers deliver them.

The provider is localcloud's stub of Twilio, in its own process, which responds after 50 ms. Workers
are processes, as on Lambda.

python -m benchmarks.sms
"""

import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks import stage

TEXTS, WORKERS, LATENCY, PORT = 1_000, 8, 0.05, 8119
LIMITS = ("DAILY_LIMIT", "DESTINATION_DAILY_LIMIT", "COUNTRY_DAILY_LIMIT", "MONTHLY_SEGMENTS")


def main() -> None:
    with provider(), stage.database():
        accepted, ids = accept()
        bare = timed(ids, post)
        seconds = timed(ids, deliver)
        from sms.models import Message

        assert Message.objects.filter(state="accepted").count() == TEXTS
    ideal = TEXTS * LATENCY / WORKERS
    p95 = statistics.quantiles(accepted, n=20)[-1]
    print(f"| {TEXTS:,} texts, PostgreSQL | measured | goal |")
    print("|---|---|---|")
    print(f"| `POST /api/v1/sms/messages/` answered 202, median | {median(accepted):.1f} ms | |")
    print(f"| the same, 95th percentile | {p95:.1f} ms | 30 ms |")
    print(
        f"| the bare calls by {WORKERS} workers, {LATENCY * 1000:.0f} ms each"
        f" | {bare:.2f} s = {bare / ideal:.2f} x the ideal {ideal:.2f} s | |"
    )
    print(
        f"| delivered by {WORKERS} workers | {seconds:.2f} s = {seconds / ideal:.2f} x the ideal,"
        f" {seconds / bare:.2f} x the bare calls | 1.30 x the ideal |"
    )


def median(values: list[float]) -> float:
    return statistics.median(values)


@contextmanager
def provider() -> Iterator[None]:
    """Run the stub; yields the environment that uses it as the provider."""
    command = ["-m", "localcloud.twilio.stub", "--port", f"{PORT}", "--callbacks", "off"]
    stub = subprocess.Popen(
        [sys.executable, *command, "--latency", f"{LATENCY}"], stdout=subprocess.PIPE, text=True
    )
    assert stub.stdout is not None
    addresses = dict(pair.split("=", 1) for pair in stub.stdout.readline().split() if "=" in pair)
    os.environ.update({f"SMS_{name}": "1000000" for name in LIMITS})
    os.environ.update(
        {**addresses, "FROM_NUMBER": "+15005550006", "TO_NUMBER": "+15005550099", "NO_PROXY": "*"}
    )
    try:
        yield
    finally:
        stub.terminate()
        stub.wait()


def accept() -> tuple[list[float], list[str]]:
    """The milliseconds of every request, and the ids of the undelivered messages."""
    from django.conf import settings
    from django.test import Client

    from sms.models import Allowance

    settings.SMS_PROVIDER = "twilio"
    settings.TASKS = {"default": {"BACKEND": "benchmarks.stage.NoBackend"}}
    person = stage.account("person@example.com", 0)
    Allowance.objects.create(account=person, per_day=1_000_000)
    headers = {"Authorization": f"Bearer {stage.token(person)}", "Host": "localhost"}
    client, times, ids = Client(), [], []
    for number in range(-20, TEXTS):  # the first ones only warm up
        body = {"to": f"+1415555{2000 + number % 1000:04}", "body": f"Text {number}"}
        start = time.perf_counter()
        response = client.post(
            "/api/v1/sms/messages/", body, content_type="application/json", headers=headers
        )
        elapsed = (time.perf_counter() - start) * 1000
        assert response.status_code == 202, response.content
        if number >= 0:
            times.append(elapsed)
            ids.append(response.json()["id"])
    return times, ids


def timed(ids: list[str], task: Callable[[str], None]) -> float:
    """The seconds until workers that start together have delivered all."""
    from django.db import connections

    connections.close_all()  # forked processes must not share it
    context = multiprocessing.get_context("fork")
    ready, go = context.Barrier(WORKERS + 1), context.Queue()
    workers = [context.Process(target=work, args=(ready, go, task)) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for message_id in [*ids, *[None] * WORKERS]:
        go.put(message_id)
    ready.wait()
    start = time.perf_counter()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * WORKERS
    return time.perf_counter() - start


def work(ready: Any, ids: Any, task: Callable[[str], None]) -> None:
    import requests  # noqa: F401 - a warm container has it
    from django.db import connection

    connection.ensure_connection()
    ready.wait()
    while (message_id := ids.get()) is not None:
        task(message_id)


def deliver(message_id: str) -> None:
    from sms import delivery

    delivery.deliver(message_id)


def post(message_id: str) -> None:
    """The lower bound: only the request."""
    import requests
    from django.conf import settings

    account, token = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
    url = f"{settings.TWILIO_API_BASE_URL}/2010-04-01/Accounts/{account}/Messages.json"
    fields = {"To": "+14155552671", "From": "+15005550006", "Body": message_id}
    assert requests.post(url, fields, auth=(account, token), timeout=10).status_code == 201


if __name__ == "__main__":
    main()
