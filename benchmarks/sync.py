"""Measures a pull of 10,000 to-dos, and a push of 1,000 operations, 100 per request.

For comparison with the pull: the same rows, fetched with psycopg and written by json.dumps.

python -m benchmarks.sync
"""

import json
import time
import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from benchmarks import stage
from localcloud.lambda_events import CONTEXT, request

if TYPE_CHECKING:
    from accounts.models import User

TODOS, PAGE, ROUNDS, BATCH = 10_000, 500, 5, 100
Ask = Callable[..., Any]


def main() -> None:
    with stage.database():
        person = stage.account("person@example.com", TODOS)
        stage.account("stranger@example.com", 1_000)
        ask = asker(person)
        report_pull(person, ask)
        print()
        report_push(person, ask)
        print()
        report_memory(ask)


def asker(person: "User") -> Ask:
    from serverless.handler import handler

    headers = {"Authorization": f"Bearer {stage.token(person)}", "Host": "localhost"}
    headers["Content-Type"] = "application/json"

    def ask(query: str = "", **sent: Any) -> Any:
        event = request("rest_custom_domain", f"/api/v1/sync/?{query}", headers=headers, **sent)
        answer = handler(event, CONTEXT)
        assert answer["statusCode"] == 200, answer
        return json.loads(answer["body"])

    return ask


# --- Pull -----------------------------------------------------------------------------------------


def report_pull(person: "User", ask: Ask) -> None:
    pages = list(pulled(ask))
    changes = sum(len(page["changes"]) for page in pages)
    assert changes >= TODOS
    times = stage.interleaved(ROUNDS, sync=lambda: list(pulled(ask)), raw=lambda: raw(person))
    print("| pull, PostgreSQL, median of 5 | requests | Nudge | raw fetch, json.dumps | ratio |")
    print("|---|---|---|---|---|")
    print(
        f"| {changes:,} changes | {len(pages)} | {times['sync']:.0f} ms | {times['raw']:.0f} ms"
        f" | {times['sync'] / times['raw']:.2f} |"
    )


def pulled(ask: Ask) -> Iterator[Any]:
    query, more = f"limit={PAGE}", True
    while more:
        page = ask(query)
        yield page
        query, more = f"limit={PAGE}&cursor={page['cursor']}", page["has_more"]


def raw(person: "User") -> None:
    """Fetch every row of the person in as many pages, and parse each page as for the pull."""
    from django.db import connection

    from todos.models import Todo

    names = sorted((str(it.column) for it in Todo._meta.concrete_fields), key=lambda it: it != "id")
    last = uuid.UUID(int=0)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {', '.join(names)} FROM todos_todo WHERE owner_id = %s AND id > %s"  # noqa: S608 - no input
                " ORDER BY id LIMIT %s",
                [person.pk, last, PAGE],
            )
            rows = cursor.fetchall()
            cursor.execute(
                "SELECT link.todo_id, tag.name FROM todos_todo_tags AS link"
                " JOIN todos_tag AS tag ON tag.id = link.tag_id WHERE link.todo_id = ANY(%s)",
                [[row[0] for row in rows]],
            )
            tags = cursor.fetchall()
        if not rows:
            return
        last = rows[-1][0]
        shown = [dict(zip(names, row, strict=True)) for row in rows]
        json.loads(json.dumps({"changes": shown, "tags": tags}, default=str))


# --- Push -----------------------------------------------------------------------------------------


def report_push(person: "User", ask: Ask) -> None:
    """The operations in the life of each kind of object, for a hundred of them per request."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    keys = [[str(uuid.uuid4()) for _ in range(BATCH)] for _ in range(6)]
    keys.append([str(person.pk)] * BATCH)
    cursor = list(pulled(ask))[-1]["cursor"]
    with connection.cursor() as raw_cursor:
        raw_cursor.execute("ANALYZE")  # as autovacuum does after so many new rows
    print("| push, 100 operations in a request | queries an operation | ms each | processor |")
    print("|---|---|---|---|")
    for kind, verb, which, fields in LIFE:
        operations = [operation(kind, verb, *it, fields) for it in enumerate(keys[which])]
        body = {"account": str(person.pk), "cursor": cursor, "sent_at": "2026-11-26T12:00:00Z"}
        sent = json.dumps({**body, "operations": operations})
        connection.queries_log.clear()  # Django's query log holds at most 9,000
        with CaptureQueriesContext(connection) as captured:
            began, used = time.perf_counter(), time.process_time()
            answer = ask(method="POST", body=sent)
            took, used = time.perf_counter() - began, time.process_time() - used
        assert {it["status"] for it in answer["results"]} <= {"applied", "merged"}, answer
        queries, took, used = len(captured) / BATCH, took * 1000 / BATCH, used * 1000 / BATCH
        print(f"| {kind}: {verb} | {queries:.2f} | {took:.1f} ms | {used:.1f} ms |")
        cursor = answer["cursor"]


NAMED: dict[str, Any] = {"name": "{name}"}
# By kind and verb: which of the keys, and the fields.
LIFE: tuple[tuple[str, str, int, dict[str, Any]], ...] = (
    ("todo", "create", 0, {"title": "To-do"}),
    ("todo", "create", 1, {"title": "To-do", "tags": ["home"]}),
    ("todo", "create", 2, {"title": "To-do", "tags": ["home"]}),
    ("todo", "update", 0, {"title": "Another", "notes": "Two litres."}),
    ("todo", "update", 1, {"title": "Another", "tags": ["work"]}),
    ("todo", "move", 0, {"position": "a0V"}),
    ("todo", "finish", 0, {}),
    ("todo", "reopen", 0, {}),
    ("todo", "trash", 1, {}),
    ("todo", "restore", 1, {}),
    ("todo", "purge", 2, {}),
    *(("list", verb, 3, NAMED) for verb in ("create", "update")),
    ("list", "move", 3, {"position": "a0V"}),
    ("list", "purge", 3, {}),
    *(("filter", verb, 4, {**NAMED, "query": "milk"}) for verb in ("create", "update")),
    ("filter", "move", 4, {"position": "a0V"}),
    ("filter", "purge", 4, {}),
    ("tag", "create", 5, NAMED),
    ("tag", "update", 5, NAMED),
    ("tag", "purge", 5, {}),
    ("profile", "update", 6, NAMED),
)


def operation(
    kind: str, verb: str, number: int, key: str, fields: dict[str, Any]
) -> dict[str, Any]:
    built = {} if verb == "create" else {"base_version": 2**40}  # as if it had seen everything
    named = {"op_id": str(uuid.uuid4()), "kind": kind, "id": key, "op": verb}
    filled = json.loads(json.dumps(fields).replace("{name}", f"{verb} {number}"))
    return {**named, **built, "fields": filled}


# --- Memory ---------------------------------------------------------------------------------------


def report_memory(ask: Ask) -> None:
    """The peak memory of Python, at the beginning and the end of a pull."""
    peaks = []
    tracemalloc.start()
    for _page in pulled(ask):
        peaks.append(tracemalloc.get_traced_memory()[1] / 2**20)
        tracemalloc.reset_peak()
    tracemalloc.stop()
    print("| memory of a pull | first page | last full page |")
    print("|---|---|---|")
    print(f"| peak | {peaks[0]:.1f} MiB | {peaks[-2]:.1f} MiB |")


if __name__ == "__main__":
    main()
