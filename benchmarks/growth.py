"""Measures every filter and ordering of to-dos, in a small and a thousand times larger database.

Small: 1,000 to-dos, all of the caller. Large: 1,000,000, of which 100,000 are the caller's. Both
databases are on one server, and the queries alternate.

python -m benchmarks.growth [name of a question, to see its plan]
"""

import json
import statistics
import sys
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from benchmarks import stage
from localcloud.lambda_events import CONTEXT, request

if TYPE_CHECKING:
    from accounts.models import User

TODOS, COPIES, STRANGERS = 1_000, 99, 9
TURNS, CALLS = 8, 3
SMALL, LARGE = "postgres", "large"
# While rows are copied: references are known to be valid, and no data must survive a crash.
QUICKLY = {
    "session_replication_role": "replica",
    "statement_timeout": "0",
    "synchronous_commit": "off",
    "maintenance_work_mem": "'512MB'",
}


def main() -> None:
    with stage.database():
        person, headers, queries = furnished()
        names = sys.argv[1:] or list(queries)
        events = {
            name: request("rest_custom_domain", f"/api/v1/todos/?{queries[name]}", headers=headers)
            for name in names
        }
        grow(person)
        print("| question | rows | 1,000 to-dos | 1,000,000 to-dos | ratio |")
        print("|---|---|---|---|---|")
        for name, event in events.items():
            rows, small, large = compared(event)
            print(f"| `{name}` | {rows} | {small:.1f} ms | {large:.1f} ms | {large / small:.2f} |")
        if sys.argv[1:]:
            explain(event)


def furnished() -> "tuple[User, dict[str, str], dict[str, str]]":
    """An account whose to-dos differ in every filtered column."""
    from django.utils import timezone

    from todos.models import Due, List, SavedFilter, Todo

    person = stage.account("person@example.com", TODOS)
    other = List.objects.create(owner=person, name="Other", archived_at=timezone.now())
    today = timezone.now()
    for number, todo in enumerate(Todo.objects.owned_by(person)):
        days = (-9, -2, 0, 0, 3, 30, None, None, None, None)[number % 10]
        due = None if days is None else Due((today + timedelta(days=days)).date())
        todo.change(due=due, priority=number % 5, notes=f"Notes about {number} things.")
        if number % 3 == 0:
            todo.change(status="finished", list=other)
        if number % 7 == 0:
            todo.change(tags=["home"])
    ids = Todo.objects.owned_by(person).values_list("pk", flat=True)[:50]
    saved = SavedFilter.objects.create(owner=person, name="Now", query="is:open due:today")
    day = today.date().isoformat()
    asked = questions(day=day, ids=ids, within=other.pk, saved=saved.pk)
    both = ["status=open&ordering=due", "due=today&ordering=-priority", "due=overdue&ordering=due"]
    queries = {shown(query): query for each in asked.values() for query in each}
    queries |= {"everything": "", **{query: query for query in both}}
    return person, {"Authorization": f"Bearer {stage.token(person)}", "Host": "localhost"}, queries


def questions(*, day: str, ids: Iterable[Any], within: Any, saved: Any) -> dict[str, list[str]]:
    """Queries for each filter of to-dos; a test compares the names with those of the API."""
    from todos.api.filters import ORDERING_CHOICES

    return {
        "archived": ["archived=true", "archived=false"],
        "due": ["due=overdue", "due=today", "due=upcoming", "due=none"],
        "due_after": [f"due_after={day}"],
        "due_before": [f"due_before={day}"],
        "filter": [f"filter={saved}"],
        "ids": [f"ids={','.join(map(str, ids))}"],
        "list": [f"list={within}"],
        "ordering": [f"ordering={name}" for name in ORDERING_CHOICES],
        "parent": ["parent=none"],
        "priority": ["priority=4", "priority=3,4"],
        "q": ["q=things", "q=77", "q=nowhere"],
        "started": ["started=true", "started=false"],
        "status": ["status=open", "status=finished"],
        "tag": ["tag=work"],
    }


def shown(query: str) -> str:
    """The name of a question, without ids."""
    name, value = query.split("=", 1)
    return name if len(value) > 30 else query


def grow(person: "User") -> None:
    """Copy the small database, and multiply its rows in the copy with SQL."""
    from django.db import connection

    use("template1")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {LARGE} TEMPLATE {SMALL}")
    use(LARGE)
    strangers = [stage.account(f"{number}@example.com", 1) for number in range(STRANGERS)]
    with connection.cursor() as cursor:
        for name, value in QUICKLY.items():
            cursor.execute(f"SET {name} = {value}")
        indexes = dropped(cursor)
        for owner in (person, *strangers):
            copy_rows(cursor, person, owner)
        for statement in indexes:
            cursor.execute(statement)
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT count(*) FROM todos_todo")
        assert cursor.fetchone()[0] >= TODOS * (COPIES + 1) * (STRANGERS + 1)


def dropped(cursor: Any) -> list[str]:
    """Drop indexes and constraints that slow down the copying; returns statements to restore
    indexes.
    """
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes JOIN pg_class ON relname = indexname"
        " WHERE tablename IN ('todos_todo', 'todos_todo_tags')"
        " AND pg_class.oid NOT IN (SELECT conindid FROM pg_constraint)"
    )
    found = dict(cursor.fetchall())
    for name in found:
        cursor.execute(f"DROP INDEX {name}")
    cursor.execute(
        "SELECT conname FROM pg_constraint"
        " WHERE conrelid = 'todos_todo'::regclass AND contype = 'c'"
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f"ALTER TABLE todos_todo DROP CONSTRAINT {name}")
    return list(found.values())


def copy_rows(cursor: Any, person: "User", owner: "User") -> None:
    from todos.models import List, Tag, Todo

    copies = COPIES if owner == person else COPIES + 1
    key = "md5(t.id::text || n || %(owner)s)::uuid"
    names = [str(column.column) for column in Todo._meta.concrete_fields]
    values = {name: f"t.{name}" for name in names}
    values |= {"id": key, "title": "t.title || ' ' || n"}
    values |= {name: f"t.{name} - n * interval '1 hour'" for name in ("created_at", "updated_at")}
    if owner != person:
        values |= {"owner_id": "%(owner)s", "list_id": "%(list)s"}
    given = {"person": person.pk, "owner": str(owner.pk), "copies": copies, "tag": None}
    given["list"] = List.objects.inbox_of(owner).pk
    cursor.execute(
        f"INSERT INTO todos_todo ({', '.join(values)}) SELECT {', '.join(values.values())}"  # noqa: S608 - no input
        " FROM todos_todo AS t, generate_series(1, %(copies)s) AS n WHERE t.owner_id = %(person)s"
        " AND t.title NOT LIKE 'To-do %% %%'",
        given,
    )
    for tag in Tag.objects.owned_by(owner):
        cursor.execute(
            "INSERT INTO todos_todo_tags (todo_id, tag_id)"  # noqa: S608 - no input
            f" SELECT {key}, %(tag)s FROM todos_todo_tags AS link"
            " JOIN todos_tag AS named ON named.id = link.tag_id AND named.name = %(name)s"
            " JOIN todos_todo AS t ON t.id = link.todo_id, generate_series(1, %(copies)s) AS n"
            " WHERE t.owner_id = %(person)s AND t.title NOT LIKE 'To-do %% %%'",
            {**given, "tag": tag.pk, "name": tag.name},
        )


def use(database: str) -> None:
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = database


def compared(event: dict[str, Any]) -> tuple[int, float, float]:
    """The number of rows on the large page, and the median milliseconds in both databases."""
    times: dict[str, list[float]] = {SMALL: [], LARGE: []}
    rows = 0
    for _turn in range(TURNS):
        for database, found in times.items():
            use(database)
            rows = len(asked(event))
            for _call in range(CALLS):
                start = time.perf_counter()
                asked(event)
                found.append((time.perf_counter() - start) * 1000)
    return rows, statistics.median(times[SMALL]), statistics.median(times[LARGE])


def asked(event: dict[str, Any]) -> list[Any]:
    from serverless.handler import handler

    answer = handler(event, CONTEXT)
    assert answer["statusCode"] == 200, answer
    results: list[Any] = json.loads(answer["body"])["results"]
    return results


def explain(event: dict[str, Any]) -> None:
    """The plans of its queries in the large database."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    use(LARGE)
    with CaptureQueriesContext(connection) as captured:
        asked(event)
    with connection.cursor() as cursor:
        for query in captured:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {query['sql']}")
            print("", query["sql"], *(line for (line,) in cursor), sep="\n")


if __name__ == "__main__":
    main()
