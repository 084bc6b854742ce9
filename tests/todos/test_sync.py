"""`/api/v1/sync/`: devices that write at once or offline lose nothing, and deletions stay."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db.models import QuerySet

from core.feed import FeedCounter
from core.feed_repair import VERSIONS_APART
from tests.builders import make_list, make_todo
from tests.feeds import check, living
from todos.models import List, SyncOperation, Tag, Todo
from todos.sync.kinds import KINDS
from todos.sync.merge import LAST_ONE_HOLDS, LATER_ONE_HOLDS

pytestmark = pytest.mark.django_db
SYNC, TODOS = "/api/v1/sync/", "/api/v1/todos/"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


def moment(value: datetime) -> str:
    """As answers write it."""
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def code(response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


def operation(kind: str, key: Any, op: str, **more: Any) -> dict[str, Any]:
    return {"op_id": str(uuid.uuid4()), "kind": kind, "id": str(key), "op": op, **more}


class Device:
    """A phone that keeps a copy, as docs/sync.md says."""

    def __init__(self, client: Any, account: Any) -> None:
        self.client, self.account = client, account
        self.cursor: str | None = None
        self.copy: dict[tuple[str, str], dict[str, Any]] = {}

    def take(self, page: dict[str, Any]) -> None:
        for change in page["changes"]:
            key = change["kind"], change["id"]
            if change["op"] == "purge":
                self.copy.pop(key, None)
            else:
                self.copy[key] = change[change["kind"]]
        self.cursor = page["cursor"]

    def pull(self, limit: int = 500) -> int:
        """How many pages it took."""
        pages = 0
        while True:
            query = {"limit": limit} | ({"cursor": self.cursor} if self.cursor else {})
            page = self.client.get(SYNC, query).json()
            assert page["account"] == str(self.account.pk)
            self.take(page)
            pages += 1
            if not page["has_more"]:
                return pages

    def send(self, *operations: dict[str, Any]) -> dict[str, Any]:
        body = {
            "account": str(self.account.pk),
            "sent_at": NOW.isoformat(),
            "operations": list(operations),
        }
        if self.cursor:
            body["cursor"] = self.cursor
        response = self.client.post(SYNC, body)
        assert response.status_code == 200, response.content
        return response.json()

    def push(self, *operations: dict[str, Any]) -> list[dict[str, Any]]:
        answer = self.send(*operations)
        self.take(answer)
        return answer["results"]

    def versions(self) -> dict[tuple[str, str], int]:
        return {key: row["version"] for key, row in self.copy.items()}


@pytest.fixture
def phone(api, alice, bob) -> Device:
    make_todo(bob, "bob's", tags=["shop"])
    return Device(api(alice), alice)


@pytest.fixture
def tablet(api, alice) -> Device:
    return Device(api(alice), alice)


# --- Reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 3, 500])
def test_a_copy_is_what_the_tables_hold(phone, alice, limit):
    todos = [make_todo(alice, str(n), tags=["a"], list=make_list(alice, str(n))) for n in range(4)]
    todos[0].trash()
    todos[1].delete()
    pages = phone.pull(limit)
    assert phone.versions() == living(alice)
    assert pages >= len(phone.copy) // limit
    assert phone.copy["todo", str(todos[2].pk)] == phone.client.get(f"{TODOS}{todos[2].pk}/").json()
    assert phone.copy["profile", str(alice.pk)] == phone.client.get("/api/v1/account/").json()
    assert phone.copy["todo", str(todos[0].pk)]["deleted_at"] is not None


def test_a_snapshot_is_told_of_no_deletion_and_a_copy_of_each(phone, tablet, alice):
    todo, other = make_todo(alice), make_todo(alice)
    phone.pull()
    todo.delete()
    first = tablet.client.get(SYNC, {"limit": 2}).json()
    other.delete()
    tablet.take(first)
    tablet.pull()
    phone.pull()
    assert phone.versions() == tablet.versions() == living(alice)
    page = phone.client.get(SYNC).json()
    assert {change["op"] for change in page["changes"]} == {"upsert"}


def test_a_copy_that_begins_is_told_what_its_own_operations_have_deleted(phone, alice):
    """Results may have shown it: here of a creation that is sent again."""
    key = uuid.uuid4()
    made = operation("todo", key, "create", fields={"title": "x"})
    gone = operation("todo", key, "purge", after=made["op_id"])
    phone.push(made)
    phone.cursor = None
    answer = phone.send(made, gone)
    assert [it["status"] for it in answer["results"]] == ["replayed", "applied"]
    assert answer["results"][0]["todo"]["id"] == str(key)
    assert (answer["changes"][-1]["op"], answer["changes"][-1]["id"]) == ("purge", str(key))


def test_a_purge_after_a_restore_is_no_conflict(phone, alice):
    """The versions were raised, but nobody has changed anything."""
    todo = make_todo(alice)
    call_command("begin_epoch", stdout=StringIO())
    [result] = phone.push(operation("todo", todo.pk, "purge", base_version=1))
    assert (result["status"], result["version"]) == ("applied", VERSIONS_APART + 2)


def test_a_version_of_the_lost_time_has_not_seen_what_came_after_a_restore(phone, alice):
    todo = make_todo(alice)
    call_command("begin_epoch", stdout=StringIO())
    todo.rename("since")
    [result] = phone.push(
        operation("todo", todo.pk, "update", base_version=9, fields={"title": "lost"})
    )
    assert (result["status"], result["conflicting"]) == ("conflict", ["title"])


def test_a_cursor_that_is_held_is_304_until_something_changes(phone, alice):
    phone.pull()
    held = {"If-None-Match": f'"{phone.cursor}"'}
    query = {"cursor": phone.cursor}
    nothing = phone.client.get(SYNC, query, headers=held)
    assert (nothing.status_code, nothing["ETag"]) == (304, f'"{phone.cursor}"')
    make_todo(alice)
    assert phone.client.get(SYNC, query, headers=held).status_code == 200
    assert phone.client.get(SYNC, query).status_code == 200


def test_a_page_ends_at_a_megabyte(phone, alice):
    for number in range(40):
        make_todo(alice, str(number), notes="👍" * 10_000)
    page = phone.client.get(SYNC)
    assert len(page.content) < 1_100_000
    assert page.json()["has_more"] is True
    assert phone.pull() == 2
    assert phone.versions() == living(alice)


def test_a_cursor_of_another_account_or_epoch_is_410(phone, api, bob):
    phone.pull()
    stranger = Device(api(bob), bob)
    for wrong in (phone.cursor, "x", f"{phone.cursor}x"):
        assert code(stranger.client.get(SYNC, {"cursor": wrong})) == (410, "resync")
    FeedCounter.objects.filter(account=phone.account).update(epoch=uuid.uuid4())
    assert code(phone.client.get(SYNC, {"cursor": phone.cursor})) == (410, "resync")


def test_a_cursor_ahead_of_the_counter_is_410(phone):
    """A database was restored from before the cursor."""
    phone.pull()
    FeedCounter.objects.filter(account=phone.account).update(seq=0)
    assert code(phone.client.get(SYNC, {"cursor": phone.cursor})) == (410, "resync")


@pytest.mark.parametrize(
    ("query", "expected"),
    [("limit=0", "min_value"), ("limit=501", "max_value"), ("foo=1", "unknown_field")],
)
def test_a_wrong_question_is_400(phone, query, expected):
    assert code(phone.client.get(f"{SYNC}?{query}")) == (400, expected)


def test_the_queries_stay_the_same_with_many_changes(phone, alice, django_assert_num_queries):
    for number in range(30):
        make_todo(alice, str(number), tags=["a"], list=make_list(alice, str(number)))
    with django_assert_num_queries(9):  # session, person, counter, entries; 4 kinds and tags
        phone.client.get(SYNC)


def test_after_a_restore_every_device_reads_anew(phone, alice):
    phone.pull()
    call_command("begin_epoch", stdout=StringIO())
    assert code(phone.client.get(SYNC, {"cursor": phone.cursor})) == (410, "resync")
    phone.cursor, phone.copy = None, {}
    phone.pull()
    assert phone.versions() == living(alice)


def test_the_table_of_merging_has_every_member_that_a_device_may_write():
    text = (ROOT / "docs" / "sync.md").read_text().split("## Merging")[1].split("\n## ")[0]
    named = {
        name
        for line in text.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    for kind in KINDS.values():
        fields = kind.serializer().fields
        assert {name for name, it in fields.items() if not it.read_only} - {"id"} <= named
    assert {*LAST_ONE_HOLDS, *LATER_ONE_HOLDS} <= named


def test_a_long_holiday_fits_into_one_request(phone, alice):
    notes = {"title": "x", "notes": "n" * 10_000}
    made = [operation("todo", uuid.uuid4(), "create", fields=notes) for _ in range(90)]
    assert {result["status"] for result in phone.push(*made)} == {"applied"}
    body = {"operations": made * 2, "account": str(alice.pk), "sent_at": NOW.isoformat()}
    assert code(phone.client.post(SYNC, body)) == (413, "body_too_large")


def test_an_operation_over_the_quota_is_refused_alone(phone, alice, settings):
    todo = make_todo(alice)
    settings.QUOTA_TODOS = 1
    results = phone.push(
        operation("todo", uuid.uuid4(), "create", fields={"title": "x"}),
        operation("todo", todo.pk, "finish", base_version=1),
    )
    assert [(it["status"], it.get("code")) for it in results] == [
        ("refused", "quota_reached"),
        ("applied", None),
    ]


# --- Writing --------------------------------------------------------------------------------------


def test_what_was_made_offline_is_made_once(phone, tablet, alice):
    home, todo = uuid.uuid4(), uuid.uuid4()
    made = operation("list", home, "create", fields={"name": "Home"})
    fields = {"title": "milk", "list": str(home), "tags": ["shop"]}
    added = operation("todo", todo, "create", fields=fields)
    renamed = operation("todo", todo, "update", after=added["op_id"], fields={"title": "bread"})
    batch = (made, added, renamed)
    first = phone.push(*batch)
    assert [result["status"] for result in first] == ["applied"] * 3
    assert [result["version"] for result in first] == [1, 1, 2]
    assert first[2]["todo"] == phone.client.get(f"{TODOS}{todo}/").json()
    again = phone.push(*batch)
    assert [result["status"] for result in again] == ["replayed"] * 3
    assert again[2]["todo"] == first[2]["todo"]
    tablet.pull()
    assert tablet.versions() == phone.versions() == living(alice)
    check(alice)


def test_changes_of_different_members_both_hold(phone, alice):
    todo = make_todo(alice)
    todo.rename("by page")
    [result] = phone.push(
        operation("todo", todo.pk, "update", base_version=1, fields={"notes": "n", "priority": 2})
    )
    assert (result["status"], result["version"]) == ("merged", 3)
    assert (result["todo"]["title"], result["todo"]["notes"]) == ("by page", "n")


def test_two_values_of_one_member_are_a_conflict_that_both_sides_are_told(phone, alice):
    todo = make_todo(alice)
    todo.rename("by page")
    sent = operation(
        "todo", todo.pk, "update", base_version=1, fields={"title": "by phone", "notes": "n"}
    )
    for _ in range(2):  # a repeat is told the same
        [result] = phone.push(sent)
        assert (result["status"], result["conflicting"]) == ("conflict", ["title"])
        assert (result["version"], result["todo"]["title"]) == (2, "by page")
    assert Todo.objects.get(pk=todo.pk).notes == ""
    [solved] = phone.push({**sent, "op_id": str(uuid.uuid4()), "base_version": 2})
    assert (solved["status"], solved["todo"]["title"]) == ("applied", "by phone")


def test_the_same_value_is_no_conflict(phone, alice):
    todo = make_todo(alice)
    todo.rename("milk")
    [result] = phone.push(
        operation("todo", todo.pk, "update", base_version=1, fields={"title": " milk "})
    )
    assert (result["status"], result["version"]) == ("merged", 2)


def test_a_device_does_not_collide_with_itself(phone, alice):
    todo = make_todo(alice)
    first = operation("todo", todo.pk, "update", base_version=1, fields={"title": "one"})
    second = operation("todo", todo.pk, "update", after=first["op_id"], fields={"title": "two"})
    third = operation("todo", todo.pk, "update", after=second["op_id"], fields={"title": "three"})
    assert [it["status"] for it in phone.push(first, second)] == ["applied"] * 2
    [result] = phone.push(third)  # the answer to the others was lost
    assert (result["status"], result["todo"]["title"]) == ("applied", "three")


def test_what_a_device_has_not_seen_is_a_conflict_even_behind_its_own_change(phone, alice):
    todo = make_todo(alice)
    todo.change(notes="by page")
    first = operation("todo", todo.pk, "update", base_version=1, fields={"title": "one"})
    second = operation("todo", todo.pk, "update", after=first["op_id"], fields={"notes": "n"})
    results = phone.push(first, second)
    assert [result["status"] for result in results] == ["merged", "conflict"]
    assert results[1]["conflicting"] == ["notes"]


def test_what_builds_on_a_refused_operation_is_judged_by_what_that_one_had_seen(phone, alice):
    todo = make_todo(alice)
    todo.rename("by page")
    first = operation("todo", todo.pk, "update", base_version=1, fields={"title": "one"})
    second = operation("todo", todo.pk, "update", after=first["op_id"], fields={"priority": 1})
    results = phone.push(first, second)
    assert [result["status"] for result in results] == ["conflict", "merged"]


@pytest.mark.parametrize("after", [uuid.uuid4(), "other"])
def test_an_operation_that_builds_on_an_unknown_one_is_refused(phone, alice, after):
    todo, other = make_todo(alice), make_todo(alice)
    first = operation("todo", other.pk, "finish", base_version=1)
    named = first["op_id"] if after == "other" else str(after)
    second = operation("todo", todo.pk, "update", after=named, fields={"title": "x"})
    result = phone.push(first, second)[1]
    assert (result["status"], result["code"]) == ("refused", "unknown_operation")
    assert result["todo"]["title"] == "buy milk"


def test_tags_are_sets_that_both_sides_change(phone, alice):
    todo = make_todo(alice, tags=["a", "b"])
    todo.change(tags=["b", "c"])
    [result] = phone.push(
        operation(
            "todo",
            todo.pk,
            "update",
            base_version=1,
            fields={"tags_added": ["d"], "tags_removed": ["b"]},
        )
    )
    assert (result["status"], result["todo"]["tags"]) == ("merged", ["c", "d"])
    whole = {"tags": ["x"]}
    [result] = phone.push(operation("todo", todo.pk, "update", base_version=1, fields=whole))
    assert (result["status"], result["conflicting"]) == ("conflict", ["tags"])
    wrong = {"tags_added": [1]}
    [result] = phone.push(operation("todo", todo.pk, "update", base_version=3, fields=wrong))
    assert (result["status"], result["errors"][0]["attr"]) == ("invalid", "tags_added.0")


@pytest.mark.parametrize(("minutes", "status"), [(-5, "finished"), (5, "open")])
def test_of_finishing_and_reopening_the_later_one_holds(phone, alice, minutes, status):
    todo = make_todo(alice, status="finished")
    with time_machine.travel(NOW - timedelta(minutes=10), tick=False):
        todo.reopen()
    at = (NOW - timedelta(minutes=10 + minutes)).isoformat()
    [result] = phone.push(operation("todo", todo.pk, "finish", base_version=1, at=at))
    assert (result["status"], result["todo"]["status"]) == ("merged", status)
    assert result.get("code") == ("changed_later" if status == "open" else None)


def test_finishing_twice_is_once_and_dated_by_the_device(phone, alice):
    todo = make_todo(alice)
    at = NOW - timedelta(hours=3)
    finished = operation("todo", todo.pk, "finish", base_version=1, at=at.isoformat())
    [first] = phone.push(finished)
    [second] = phone.push(operation("todo", todo.pk, "finish", base_version=1))
    assert first["todo"]["finished_at"] == moment(at)
    assert second["todo"] == first["todo"]
    [reopened] = phone.push(operation("todo", todo.pk, "reopen", base_version=2))
    assert reopened["todo"]["status"] == "open"


@pytest.mark.parametrize(("days", "expected"), [(1, 0), (-1, -1), (-100, -90)])
def test_a_clock_that_is_wrong_dates_within_reason(phone, alice, days, expected):
    todo = make_todo(alice)
    at = NOW + timedelta(days=days)
    [result] = phone.push(operation("todo", todo.pk, "finish", base_version=1, at=at.isoformat()))
    finished_at = NOW + timedelta(days=expected)
    assert result["todo"]["finished_at"] == moment(finished_at)


def test_the_skew_of_the_device_is_taken_off(phone, alice):
    todo = make_todo(alice)
    fast = NOW + timedelta(days=1)
    body = {
        "account": str(alice.pk),
        "sent_at": fast.isoformat(),
        "operations": [
            operation(
                "todo",
                todo.pk,
                "finish",
                base_version=1,
                at=(fast - timedelta(hours=1)).isoformat(),
            )
        ],
    }
    phone.client.post(SYNC, body)
    assert Todo.objects.get(pk=todo.pk).finished_at == NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("sent_at", "at"),
    [
        ("1900-01-01T00:00:00Z", "9998-12-31T23:59:59Z"),
        ("9998-12-31T23:59:59Z", "1900-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"),
        ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"),
    ],
)
def test_a_clock_at_the_end_of_the_calendar_or_behind_it_is_no_error(phone, alice, sent_at, at):
    todo = make_todo(alice)
    finished = operation("todo", todo.pk, "finish", base_version=1, at=at)
    beyond = operation("todo", todo.pk, "reopen", base_version=2**63)
    body = {"account": str(alice.pk), "sent_at": sent_at, "operations": [finished, beyond]}
    results = phone.client.post(SYNC, body).json()["results"]
    assert [it["status"] for it in results] == ["applied", "invalid"]
    dated = NOW if sent_at < at else NOW - timedelta(days=90)
    assert Todo.objects.get(pk=todo.pk).finished_at == dated


def test_the_last_position_holds(phone, alice):
    todo = make_todo(alice)
    todo.change(position="a7")
    [result] = phone.push(
        operation("todo", todo.pk, "move", base_version=1, fields={"position": "a9"})
    )
    assert (result["status"], result["todo"]["position"]) == ("merged", "a9")
    [result] = phone.push(operation("todo", todo.pk, "move", base_version=3, fields={"title": "x"}))
    assert (result["status"], result["errors"][0]["attr"]) == ("invalid", "fields")


def test_trash_against_edit_tells_the_edit_what_was_deleted(phone, alice):
    todo = make_todo(alice)
    todo.trash()
    edit = operation("todo", todo.pk, "update", base_version=1, fields={"title": "x"})
    back = operation("todo", todo.pk, "restore", base_version=2)
    results = phone.push(edit, back, {**edit, "op_id": str(uuid.uuid4())})
    assert [result["status"] for result in results] == ["deleted", "applied", "merged"]
    assert results[0]["todo"]["deleted_at"] is not None
    assert results[2]["todo"]["title"] == "x"


def test_what_is_deleted_for_good_stays_deleted(phone, alice):
    todo = make_todo(alice)
    purged = operation("todo", todo.pk, "purge", base_version=1)
    create = operation("todo", todo.pk, "create", fields={"title": "x"})
    edit = operation("todo", todo.pk, "update", base_version=1, fields={"title": "x"})
    results = phone.push(purged, create, edit, operation("todo", todo.pk, "trash", base_version=1))
    assert [result["status"] for result in results] == ["applied", *["deleted"] * 3]
    assert [result.get("version") for result in results[1:]] == [2, 2, 2]
    assert not Todo.objects.owned_by(alice).exists()
    [replayed] = phone.push(purged)
    assert (replayed["status"], "todo" in replayed) == ("replayed", False)


def test_a_purge_of_what_somebody_has_changed_is_a_conflict(phone, alice):
    todo = make_todo(alice)
    todo.rename("by page")
    [result] = phone.push(operation("todo", todo.pk, "purge", base_version=1))
    assert (result["status"], result["todo"]["title"]) == ("conflict", "by page")
    trashed = operation("todo", todo.pk, "trash", base_version=1)
    [result] = phone.push(trashed)
    assert (result["status"], result["todo"]["deleted_at"]) == (
        "merged",
        moment(NOW),
    )


def test_a_move_may_name_a_neighbor(phone, alice, bob):
    home = make_list(alice)
    todo, other, theirs = make_todo(alice), make_todo(alice, list=home), make_todo(bob)
    beside = {"list": str(home.pk), "after": str(other.pk)}

    def moved(**fields: object) -> dict:
        [result] = phone.push(operation("todo", todo.pk, "move", base_version=1, fields=fields))
        return result

    for fields, status, why in (
        ({"after": str(other.pk)}, "refused", "not_found"),
        ({"before": str(theirs.pk)}, "refused", "not_found"),
        ({**beside, "position": "a0"}, "invalid", "fields"),
        ({**beside, "before": str(other.pk)}, "invalid", None),
        ({"after": 7}, "invalid", "after"),
    ):
        result = moved(**fields)
        told = result["code"] if status == "refused" else result["errors"][0]["attr"]
        assert (result["status"], told) == (status, why)
    result = moved(**beside)
    assert (result["status"], result["todo"]["list"], result["version"]) == (
        "applied",
        str(home.pk),
        2,
    )
    assert result["todo"]["position"] > other.position
    fields = {"before": str(List.objects.inbox_of(alice).pk)}
    [result] = phone.push(operation("list", home.pk, "move", base_version=1, fields=fields))
    assert (result["status"], result["list"]["position"] < "Zz") == ("applied", True)


@pytest.mark.parametrize("trashes", [True, False])
def test_a_list_that_has_gone_meanwhile_is_the_inbox(phone, alice, trashes):
    home = make_list(alice)
    todo, inside = make_todo(alice), make_todo(alice, list=home)
    fields = {"todos": "trash"} if trashes else {}
    gone = operation("list", home.pk, "purge", base_version=1, fields=fields)
    moved = operation(
        "todo", todo.pk, "move", base_version=1, fields={"list": str(home.pk), "position": "a3"}
    )
    made = operation(
        "todo", uuid.uuid4(), "create", fields={"title": "x", "list": str(home.pk).upper()}
    )
    results = phone.push(gone, moved, made)
    assert results[0]["version"] == 2
    inbox = str(List.objects.inbox_of(alice).pk)
    assert [(it["status"], it.get("code")) for it in results] == [
        ("applied", None),
        ("merged", "list_gone"),
        ("merged", "list_gone"),
    ]
    assert {result["todo"]["list"] for result in results[1:]} == {inbox}
    assert (Todo.objects.get(pk=inside.pk).deleted_at is not None) is trashes
    check(alice)


def test_a_tag_of_the_same_name_is_that_tag(phone, alice):
    make_todo(alice, tags=["Home"])
    tag = Tag.objects.get(owner=alice)
    [result] = phone.push(operation("tag", uuid.uuid4(), "create", fields={"name": "home"}))
    assert (result["status"], result["code"], result["id"]) == (
        "merged",
        "same_name",
        str(tag.uuid),
    )
    key = uuid.uuid4()
    results = phone.push(
        operation("tag", key, "create", fields={"name": "shop"}),
        operation("tag", key, "create", fields={"name": "shop"}),
        operation("tag", tag.uuid, "update", base_version=1, fields={"name": "House"}),
        operation("tag", key, "update", base_version=1, fields={"name": "HOUSE"}),
        operation("tag", key, "purge", base_version=1),
    )
    assert [(it["status"], it.get("code")) for it in results] == [
        ("applied", None),
        ("applied", None),
        ("applied", None),
        ("refused", "same_name"),
        ("applied", None),
    ]
    assert [row["tags"] for (kind, _), row in phone.copy.items() if kind == "todo"] == [["House"]]


def test_a_creation_meets_what_is_there(phone, api, alice, bob):
    mine, theirs = make_todo(alice), Todo.objects.get(owner=bob)
    gone = make_todo(alice)
    gone.trash()
    results = phone.push(
        operation("todo", mine.pk, "create", fields={"title": "buy milk"}),
        operation("todo", mine.pk, "create", fields={"title": "other"}),
        operation("todo", theirs.pk, "create", fields={"title": "bob's"}),
        operation("todo", gone.pk, "create", fields={"title": "buy milk"}),
        operation("todo", theirs.pk, "update", base_version=1, fields={"title": "mine"}),
        operation("todo", uuid.uuid4(), "create", fields={"title": "x", "status": "finished"}),
    )
    assert [(it["status"], it.get("code")) for it in results] == [
        ("applied", None),
        ("refused", "already_exists"),
        ("refused", "id_taken"),
        ("deleted", None),
        ("refused", "not_found"),
        ("applied", None),
    ]
    assert "todo" not in results[2]
    assert results[1]["todo"]["title"] == "buy milk"
    assert results[5]["todo"]["finished_at"] is not None


def test_members_can_be_emptied_without_null(phone, alice):
    todo = make_todo(alice, notes="n", due="2026-12-01", tags=["a"])
    changed = operation("todo", todo.pk, "update", base_version=1, clear=["notes", "due", "tags"])
    [result] = phone.push(changed)
    shown = result["todo"]
    assert (shown["notes"], shown["due"], shown["tags"]) == ("", None, [])
    for wrong in ({"clear": ["title"]}, {"clear": ["notes"], "fields": {"notes": "n"}}):
        [result] = phone.push(operation("todo", todo.pk, "update", base_version=2, **wrong))
        assert (result["status"], result["errors"][0]["attr"]) == ("invalid", "clear")


def test_one_bad_operation_spoils_no_other(phone, alice):
    todo = make_todo(alice)
    unknown = {"titel": "x"}
    results = phone.push(
        {"op": "?"},
        "nonsense",
        operation("todo", todo.pk, "update", base_version=1, fields=unknown),
        operation("todo", todo.pk, "update", fields={"title": "x"}),
        operation("list", todo.list_id, "finish", base_version=1),
        operation("list", todo.list_id, "purge", base_version=1),
        operation("todo", "x", "finish", base_version=1),
        operation("todo", todo.pk, "update", base_version=1, fields={"title": "good"}),
    )
    assert [result["status"] for result in results] == [
        *["invalid"] * 5,
        "refused",
        "invalid",
        "applied",
    ]
    assert results[2]["errors"] == [
        {"code": "unknown_field", "detail": "There is no such field.", "attr": "titel"}
    ]
    assert results[5]["code"] == "inbox"
    assert Todo.objects.get(pk=todo.pk).title == "good"


def test_the_profile_merges_like_the_rest(phone, alice):
    make = {"name": "Alice"}
    results = phone.push(
        operation("profile", alice.pk, "update", base_version=1, fields=make),
        operation("profile", alice.pk, "update", base_version=1, fields={"name": "Bob"}),
        operation("profile", alice.pk, "purge", base_version=1),
    )
    assert [result["status"] for result in results] == ["applied", "conflict", "invalid"]
    assert results[0]["profile"]["name"] == "Alice"


def test_an_answer_tells_what_others_have_changed(phone, tablet, alice):
    todo = make_todo(alice)
    phone.pull()
    tablet.pull()
    tablet.push(operation("todo", todo.pk, "update", base_version=1, fields={"notes": "n"}))
    answer = phone.send(operation("todo", todo.pk, "finish", base_version=1))
    [change] = answer["changes"]
    assert (change["id"], change["version"], answer["has_more"]) == (str(todo.pk), 3, False)
    assert answer["cursor"] != phone.cursor


def test_operations_of_another_account_are_not_applied(phone, api, alice, bob):
    """Another person has logged in on the device."""
    body: dict[str, Any] = {
        "account": str(bob.pk),
        "sent_at": NOW.isoformat(),
        "operations": [operation("todo", uuid.uuid4(), "create", fields={"title": "x"})],
    }
    assert code(phone.client.post(SYNC, body)) == (409, "other_account")
    assert Todo.objects.count() == 1
    body |= {"account": str(alice.pk), "cursor": "x"}
    assert code(phone.client.post(SYNC, body)) == (410, "resync")
    body |= {"operations": body["operations"] * 101}
    assert code(phone.client.post(SYNC, body)) == (400, "max_length")
    assert Todo.objects.count() == 1


def test_op_ids_of_others_are_not_mine(phone, api, alice, bob):
    todo, theirs = make_todo(alice), make_todo(bob)
    sent = operation("todo", todo.pk, "finish", base_version=1)
    phone.push(sent)
    stranger = Device(api(bob), bob)
    [result] = stranger.push({**sent, "id": str(theirs.pk)})
    assert result["status"] == "applied"
    assert SyncOperation.objects.filter(op_id=sent["op_id"]).count() == 2


def test_an_operation_is_remembered_for_ninety_days(phone, alice):
    todo = make_todo(alice)
    sent = operation("todo", todo.pk, "update", base_version=1, fields={"title": "x"})
    phone.push(sent)
    todo.refresh_from_db()
    todo.rename("y")
    for days, status in ((89, "replayed"), (91, "conflict")):
        with time_machine.travel(NOW + timedelta(days=days), tick=False):
            [result] = Device(phone.client, alice).push(sent)
            assert result["status"] == status
    assert SyncOperation.objects.expired(NOW + timedelta(days=180)).count() == 0
    assert SyncOperation.objects.expired(NOW + timedelta(days=181)).count() == 1


# --- What should not be there ---------------------------------------------------------------------


def test_a_status_may_be_written_as_any_member(phone, alice):
    todo = make_todo(alice)
    done = operation("todo", todo.pk, "update", base_version=1, fields={"status": "finished"})
    [result] = phone.push({**done, "at": moment(NOW)})
    assert (result["status"], result["todo"]["status"]) == ("applied", "finished")
    made = SyncOperation.objects.get()
    assert str(made) == f"{done['op_id']}: applied"


def test_an_account_of_a_former_release_gets_its_counter(phone, alice):
    FeedCounter.objects.filter(account=alice).delete()
    phone.pull()
    assert FeedCounter.objects.get(account=alice).seq == 0


def test_an_entry_whose_row_is_gone_is_left_out(phone, alice):
    """A row that another transaction removes while the page is read."""
    todo = make_todo(alice)
    QuerySet(Todo).filter(pk=todo.pk)._raw_delete("default")
    phone.pull()
    assert ("todo", str(todo.pk)) not in phone.copy
