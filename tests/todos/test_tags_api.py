"""Tags as objects, and what becomes of the to-dos that show them."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests import feeds
from tests.builders import make_list, make_todo
from tests.todos.admin_forms import LISTS as ADMIN_LISTS
from tests.todos.admin_forms import TAGS as ADMIN_TAGS
from tests.todos.admin_forms import TODOS as ADMIN_TODOS
from tests.todos.admin_forms import run, saved
from tests.todos.test_sync import NOW, Device, operation
from todos.models import Tag, TagAlias, Todo

pytestmark = pytest.mark.django_db
TAGS, TODOS = "/api/v1/tags/", "/api/v1/todos/"


def path(tag: Tag) -> str:
    return f"{TAGS}{tag.uuid}/"


def tag_of(owner: Any, name: str) -> Tag:
    return Tag.objects.get(owner=owner, name=name)


def tags(owner: Any) -> dict[str, list[str]]:
    rows = Todo.objects.of(owner.pk).order_by("title")
    return {row.title: sorted(tag.name for tag in row.tags.all()) for row in rows}


def versions(owner: Any) -> dict[str, int]:
    return dict(Todo.objects.of(owner.pk).values_list("title", "version"))


@pytest.fixture
def rows(alice, bob) -> None:
    make_todo(alice, "a", tags=["home"])
    make_todo(alice, "b", tags=["home", "shop"])
    make_todo(alice, "c", tags=["shop"])
    make_todo(alice, "d")
    make_todo(bob, "theirs", tags=["home"])


def test_a_tag_is_made_read_changed_and_removed(api, alice, bob, rows):
    phone, key = api(alice), str(uuid.uuid4())
    made = phone.post(TAGS, {"id": key.upper(), "name": " work ", "color": "#aabbcc"})
    body = made.json()
    moments = {name: body[name] for name in ("created_at", "updated_at")}
    shown = {"id": key, "name": "work", "color": "#aabbcc", **moments, "version": 1}
    assert (made.status_code, made["ETag"], body) == (201, '"1"', shown)
    assert made["Location"].endswith(f"{TAGS}{key}/")
    read = phone.get(made["Location"])
    assert read.json() == shown
    cached = phone.get(made["Location"], headers={"If-None-Match": read["ETag"]})
    assert cached.status_code == 304
    changed = phone.patch(
        f"{TAGS}{key.upper()}/", {"clear": ["color"]}, headers={"If-Match": '"1"'}
    )
    assert (changed.json()["color"], changed["ETag"]) == ("", '"2"')
    stale = phone.put(f"{TAGS}{key}/", {"name": "x"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["current"]["version"]) == (412, 2)
    put = phone.put(f"{TAGS}{key}/", {"name": "x", "id": key}, headers={"If-Match": '"2"'})
    assert (put.json()["name"], put.json()["version"]) == ("x", 3)
    other = phone.patch(f"{TAGS}{key}/", {"id": str(uuid.uuid4())})
    assert other.json()["errors"][0]["code"] == "immutable"
    assert api(bob).get(f"{TAGS}{key}/").status_code == 404
    assert phone.delete(f"{TAGS}{key}/").status_code == 204
    again = phone.post(TAGS, {"id": key, "name": "work"})
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "deleted")
    feeds.check(alice)


def test_tags_come_in_pages_by_name(api, alice, rows):
    phone = api(alice)
    first = phone.get(TAGS, {"limit": 1}).json()
    second = phone.get(first["next"])
    assert [row["name"] for row in (*first["results"], *second.json()["results"])] == [
        "home",
        "shop",
    ]
    assert second.json()["next"] is None
    held = phone.get(first["next"], headers={"If-None-Match": second["ETag"]})
    assert held.status_code == 304


def test_a_name_that_is_there_is_that_tag(api, alice, rows):
    phone, tag = api(alice), tag_of(alice, "home")
    for body in ({"name": "HOME"}, {"name": "home", "id": str(uuid.uuid4()), "color": "#aabbcc"}):
        answer = phone.post(TAGS, body)
        assert (answer.status_code, answer.json()["id"]) == (200, str(tag.uuid))
        assert (answer.json()["name"], answer.json()["version"]) == ("home", 1)
    sent = {"name": "home", "id": str(tag.uuid)}
    assert phone.post(TAGS, sent).status_code == 200
    assert phone.post(TAGS, {**sent, "color": "#aabbcc"}).json()["errors"][0]["code"] == (
        "already_exists"
    )
    theirs = phone.put(
        path(Tag.objects.exclude(owner=alice).get()),
        {"name": "new"},
        headers={"If-None-Match": "*"},
    )
    assert theirs.json()["errors"][0]["code"] == "id_taken"


def test_a_former_name_is_known_as_long_as_operations_are(api, alice, rows):
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with time_machine.travel(at, tick=False):
        assert api(alice).patch(path(tag_of(alice, "home")), {"name": "house"}).status_code == 200
    moments = [at + timedelta(days=90, microseconds=late) for late in (-1, 0)]
    assert [TagAlias.objects.expired(moment).count() for moment in moments] == [0, 1]


def test_tags_are_counted(api, alice, rows, settings):
    settings.QUOTA_TAGS = 2
    answer = api(alice).post(TAGS, {"name": "new"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "quota_reached")


def test_a_rename_is_another_version_of_what_shows_it_and_a_color_is_not(api, alice, bob, rows):
    phone, tag = api(alice), tag_of(alice, "home")
    phone.patch(path(tag), {"color": "#aabbcc"})
    assert set(versions(alice).values()) == {1}
    assert phone.patch(path(tag), {"name": "HOME"}).status_code == 200
    assert not TagAlias.objects.exists()
    assert phone.patch(path(tag), {"name": "house"}).json()["version"] == 4
    assert versions(alice) == {"a": 3, "b": 3, "c": 1, "d": 1}
    assert tags(alice) == {"a": ["house"], "b": ["house", "shop"], "c": ["shop"], "d": []}
    assert (versions(bob), tags(bob)) == ({"theirs": 1}, {"theirs": ["home"]})
    feeds.check(alice)


def test_a_name_of_another_tag_is_refused_and_merging_is_an_act(api, alice, bob, rows):
    phone, home, shop = api(alice), tag_of(alice, "home"), tag_of(alice, "shop")
    refused = phone.patch(path(home), {"name": "SHOP"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "same_name")
    theirs = str(tag_of(bob, "home").uuid)
    for into, code in ((str(home.uuid), "itself"), (theirs, "does_not_exist")):
        answer = phone.post(f"{path(home)}merge/", {"into": into})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)
    body = {"into": str(shop.uuid)}
    stale = phone.post(f"{path(home)}merge/", body, headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    assert set(versions(alice).values()) == {1}
    merged = phone.post(f"{path(home)}merge/", body)
    assert (merged.status_code, merged.json()["name"], merged["ETag"]) == (200, "shop", '"1"')
    assert tags(alice) == {"a": ["shop"], "b": ["shop"], "c": ["shop"], "d": []}
    assert versions(alice) == {"a": 2, "b": 2, "c": 1, "d": 1}
    assert [row["title"] for row in phone.get(TODOS, {"q": "home"}).json()["results"]] == []
    assert len(phone.get(TODOS, {"q": "shop"}).json()["results"]) == 3
    assert phone.get(path(home)).status_code == 404
    assert tags(bob) == {"theirs": ["home"]}
    feeds.check(alice)


def test_a_removed_tag_leaves_its_todos(api, alice, rows):
    assert api(alice).delete(path(tag_of(alice, "home"))).status_code == 204
    assert tags(alice) == {"a": [], "b": ["shop"], "c": ["shop"], "d": []}
    assert versions(alice) == {"a": 2, "b": 2, "c": 1, "d": 1}
    feeds.check(alice)


# --- Devices that have not heard of it ------------------------------------------------------------


@pytest.fixture
def phone(api, alice, rows) -> Device:
    device = Device(api(alice), alice)
    device.pull()
    return device


def added(todo: Todo, name: str, **more: Any) -> dict[str, Any]:
    more = {"base_version": 1, **more}
    return operation("todo", todo.pk, "update", fields={"tags_added": [name]}, **more)


@pytest.mark.parametrize("way", ["rename", "merge"])
def test_a_former_name_means_the_tag_to_who_has_not_heard(phone, api, alice, bob, way):
    desk, home = api(alice), tag_of(alice, "home")
    api(bob).patch(path(tag_of(bob, "home")), {"name": "his"})
    make_todo(alice, "f", tags=["apart"])
    desk.patch(path(tag_of(alice, "apart")), {"name": "alone"})
    if way == "rename":
        desk.patch(path(home), {"name": "house"})
        desk.patch(path(home), {"name": "villa"})
        now = "villa"
    else:
        desk.post(f"{path(home)}merge/", {"into": str(tag_of(alice, "shop").uuid)})
        now = "shop"
    row = Todo.objects.get(owner=alice, title="d")
    made = uuid.uuid4()
    results = phone.push(
        added(row, "Home"),
        operation("todo", made, "create", fields={"title": "e", "tags": ["HOME"]}),
        operation(
            "todo",
            Todo.objects.get(owner=alice, title="a").pk,
            "update",
            base_version=1,
            fields={"tags_removed": ["home"]},
        ),
    )
    assert {it["status"] for it in results} <= {"applied", "merged"}
    expected = {"a": [], "b": [], "c": ["shop"], "d": [now], "e": [now], "f": ["alone"]}
    assert {**tags(alice), "b": []} == expected
    names = {("alone", "apart"), ("his", "home")}
    assert names <= {*TagAlias.objects.values_list("tag__name", "folded")}
    feeds.check(alice)


def test_typed_afterwards_it_is_a_new_tag(phone, api, alice):
    api(alice).patch(path(tag_of(alice, "home")), {"name": "house"})
    phone.pull()
    rows = {row.title: row for row in Todo.objects.owned_by(alice)}
    phone.push(added(rows["d"], "home"))
    assert tags(alice)["d"] == ["home"]
    earlier = NOW - timedelta(days=1)
    phone.push(added(rows["c"], "home", at=earlier.isoformat()))
    assert tags(alice)["c"] == ["house", "shop"]


def test_without_a_cursor_the_base_says_what_a_device_has_heard(phone, api, alice):
    api(alice).patch(path(tag_of(alice, "home")), {"name": "house"})
    rows = {row.title: row for row in Todo.objects.owned_by(alice)}
    phone.cursor = None
    phone.push(added(rows["b"], "home"), added(rows["a"], "home", base_version=2))
    assert (tags(alice)["b"], tags(alice)["a"]) == (["house", "shop"], ["home", "house"])


def test_a_device_is_told_that_a_name_is_taken(phone, alice):
    fields = {"name": "Shop"}
    home = tag_of(alice, "home")
    [result] = phone.push(operation("tag", home.uuid, "update", base_version=1, fields=fields))
    assert (result["status"], result["code"], result["tag"]["name"]) == (
        "refused",
        "same_name",
        "home",
    )


# --- The operator ---------------------------------------------------------------------------------


def test_the_operator_merges_tags_into_the_most_used(web, staff, alice, bob, rows):
    make_todo(alice, "e", tags=["shop"])
    operator, chosen = web(staff), [tag_of(alice, "home"), tag_of(alice, "shop")]
    page = run(operator, ADMIN_TAGS, "merge", *chosen, tag_of(bob, "home"))
    assert "belong to several people" in page.text
    assert set(versions(alice).values()) == {1}
    page = run(operator, ADMIN_TAGS, "merge", *chosen)
    assert "Merged into" in page.text
    assert tags(alice) == {"a": ["shop"], "b": ["shop"], "c": ["shop"], "d": [], "e": ["shop"]}
    assert versions(alice) == {"a": 2, "b": 2, "c": 1, "d": 1, "e": 1}
    feeds.check(alice)
    monkey = [make_todo(bob, str(number), tags=[str(number)]) for number in range(101)]
    page = run(operator, ADMIN_TAGS, "merge", *Tag.objects.filter(todos__in=monkey))
    assert "At most 100 rows" in page.text


def test_a_device_is_told_of_the_tags_of_a_todo_that_the_operator_makes(phone, web, staff, alice):
    form = {"owner": alice.pk, "list": alice.lists.get().pk, "title": "new", "priority": 0}
    tag = tag_of(alice, "home")
    form |= {"notes": "", "recurrence_from": "due", "tags": [tag.pk]}
    saved(web(staff).post(f"{ADMIN_TODOS}add/", form))
    phone.pull()
    [shown] = [row for row in phone.copy.values() if row.get("title") == "new"]
    assert (shown["tags"], Todo.objects.get(title="new").changed_in) == (["home"], {"tags": 2})


@pytest.mark.parametrize("fate", ["move", "trash"])
def test_the_operator_says_what_becomes_of_the_todos_of_a_list(web, staff, alice, fate):
    operator = web(staff)
    lists = [make_list(alice, name) for name in ("one", "two")]
    rows = [make_todo(alice, row.name, list=row) for row in lists]
    chosen = {"todos": fate, "post": "yes"}
    for page in (
        operator.get(f"{ADMIN_LISTS}{lists[0].pk}/delete/"),
        run(operator, ADMIN_LISTS, "delete_selected", lists[1]),
    ):
        assert 'name="todos" value="trash"' in page.text
    saved(operator.post(f"{ADMIN_LISTS}{lists[0].pk}/delete/", chosen))
    run(operator, ADMIN_LISTS, "delete_selected", lists[1], **chosen)
    for row in rows:
        row.refresh_from_db()
        assert (row.list.is_inbox, row.deleted_at is not None) == (True, fate == "trash")
