"""To-dos below to-dos: where they may stand, and what goes along with what is above and below."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from core.errors import Refused
from tests import feeds
from tests.builders import make_list, make_todo
from tests.todos.test_sync import Device, operation
from todos import service
from todos.management.commands.refold import feed
from todos.models import Due, List, Reminder, Todo
from todos.models.firings import Firing
from todos.models.usage import Usage

pytestmark = pytest.mark.django_db
TODOS, TRASH = "/api/v1/todos/", "/api/v1/trash/"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


class Tree:
    """Alice's: a, below it b and d, below b c; and e beside it. Bob has one of his own."""

    def __init__(self, client: Any, alice: Any, bob: Any) -> None:
        self.client, self.alice = client, alice
        self.home = make_list(alice, "home")
        self.rows: dict[str, Todo] = {}
        for name, above in (("a", None), ("b", "a"), ("c", "b"), ("d", "a"), ("e", None)):
            parent = self.rows[above] if above else None
            self.rows[name] = make_todo(alice, name, parent=parent, list=self.home)
        self.rows["bob's"] = make_todo(bob, "bob's")
        self.rows["bob's child"] = make_todo(bob, "child", parent=self.rows["bob's"])

    def key(self, name: str) -> str:
        return str(self.rows[name].pk)

    def path(self, name: str, verb: str = "") -> str:
        return f"{TODOS}{self.key(name)}/{verb}"

    def post(self, name: str, verb: str, **body: Any) -> Any:
        return self.client.post(self.path(name, f"{verb}/"), body)

    def patch(self, name: str, **fields: Any) -> Any:
        return self.client.patch(self.path(name), fields)

    def restore(self, name: str) -> Any:
        return self.client.post(f"{TRASH}{self.key(name)}/restore/")

    def names(self, **lookups: Any) -> str:
        """Those of alice's that fit, by name, in the order of the alphabet."""
        rows = Todo.objects.of(self.alice.pk).filter(**lookups)
        return "".join(sorted(rows.values_list("title", flat=True)))

    @property
    def open(self) -> str:
        return self.names(status="open", deleted_at=None)

    @property
    def trash(self) -> str:
        return self.names(deleted_at__isnull=False)

    @property
    def below(self) -> dict[str, str]:
        rows = Todo.objects.of(self.alice.pk).filter(parent__isnull=False)
        return dict(rows.order_by("title").values_list("title", "parent__title"))

    def versions(self) -> dict[str, int]:
        return dict(Todo.objects.of(self.alice.pk).values_list("title", "version"))


@pytest.fixture
def tree(api, alice, bob):
    made = Tree(api(alice), alice, bob)
    theirs = list(Todo.objects.filter(owner=bob).order_by("pk").values())
    yield made
    feeds.check(alice)
    assert list(Todo.objects.filter(owner=bob).order_by("pk").values()) == theirs


STANDS = {"b": "a", "c": "b", "d": "a"}


def code(answer) -> tuple[int, str, str | None]:
    [error] = answer.json()["errors"]
    return answer.status_code, error["code"], error["attr"]


# --- Where it may stand ---------------------------------------------------------------------------


def test_a_parent_is_shown_set_kept_by_put_and_cleared(tree):
    assert tree.client.get(tree.path("b")).json()["parent"] == tree.key("a")
    put = tree.client.put(tree.path("b"), {"title": "b"}, headers={"If-Match": "*"}).json()
    assert (put["parent"], put["version"]) == (tree.key("a"), 1)
    cleared = tree.patch("b", clear=["parent"]).json()
    assert (cleared["parent"], cleared["version"]) == (None, 2)
    upper = tree.patch("b", parent=tree.key("a").upper()).json()
    assert (upper["parent"], upper["version"]) == (tree.key("a"), 3)
    assert tree.patch("b", parent=None).json()["parent"] is None
    assert code(tree.patch("b", parent="")) == (400, "invalid", "parent")
    assert tree.versions() == {"a": 1, "b": 4, "c": 1, "d": 1, "e": 1}


def test_a_creation_below_another_stands_in_its_list_and_may_be_repeated(tree):
    body = {"id": str(uuid.uuid4()), "title": "f", "parent": tree.key("b"),
            "list": str(make_list(tree.alice, "other").pk)}  # fmt: skip
    made = tree.client.post(TODOS, body)
    assert (made.status_code, made.json()["list"]) == (201, str(tree.home.pk))
    assert tree.client.post(TODOS, body).status_code == 200
    assert tree.below == {**STANDS, "f": "b"}


@pytest.mark.parametrize(
    ("name", "parent", "expected"),
    [
        ("a", "a", (409, "cycle", None)),
        ("a", "b", (409, "cycle", None)),
        ("a", "c", (409, "cycle", None)),
        ("e", "c", (409, "too_deep", None)),
        ("a", "e", (409, "too_deep", None)),
        ("b", "d", (409, "too_deep", None)),
        ("e", "bob's", (400, "does_not_exist", "parent")),
        ("e", "trashed", (400, "does_not_exist", "parent")),
        ("e", "nobody", (400, "does_not_exist", "parent")),
    ],
)
def test_where_it_cannot_stand_nothing_changes(tree, name, parent, expected):
    tree.rows["trashed"] = make_todo(tree.alice, "trashed")
    tree.rows["trashed"].trash()
    tree.rows["nobody"] = Todo()
    before = tree.versions()
    key = tree.key(parent)
    assert code(tree.patch(name, parent=key)) == expected
    assert code(tree.post(name, "move", parent=key)) == expected
    put = {"title": name, "parent": key}
    assert code(tree.client.put(tree.path(name), put, headers={"If-Match": "*"})) == expected
    assert tree.versions() == before


def test_a_creation_cannot_stand_below_the_third_level(tree):
    assert code(tree.client.post(TODOS, {"title": "f", "parent": tree.key("c")})) == (
        409, "too_deep", None,
    )  # fmt: skip
    own = str(uuid.uuid4())
    sent = {"id": own, "title": "f", "parent": own}
    assert code(tree.client.post(TODOS, sent)) == (400, "does_not_exist", "parent")


def test_the_model_and_the_database_refuse_it_too(tree):
    a, b = tree.rows["a"], tree.rows["b"]
    for todo, parent in ((a, b), (tree.rows["e"], tree.rows["bob's"])):
        todo.parent = parent
        with pytest.raises(ValidationError) as refusal:
            todo.full_clean()
        assert list(refusal.value.message_dict) == ["parent"]
        with pytest.raises(Refused), transaction.atomic():
            todo.save()
    with pytest.raises(Refused), transaction.atomic():
        make_todo(tree.alice, "f", parent=Todo(pk=uuid.uuid4(), list=tree.home))
    with pytest.raises(IntegrityError), transaction.atomic():
        QuerySet(Todo).filter(pk=a.pk).update(parent=a.pk)


def test_the_admin_keeps_the_rules(tree, web, staff):
    from tests.todos.admin_forms import todo_form  # noqa: PLC0415

    operator, path = web(staff), f"/admin/todos/todo/{tree.key('a')}/change/"
    form = todo_form(Todo.objects.get(pk=tree.key("a")))
    refused = operator.post(path, {**form, "parent": tree.key("c")})
    assert refused.context["adminform"].form.errors == {
        "parent": ["A to-do cannot be its own subtask."]
    }
    tree.patch("b", parent=None)
    assert operator.post(path, {**form, "parent": tree.key("e")}).status_code == 302
    assert tree.below == {"a": "e", "c": "b", "d": "a"}


def test_quick_add_takes_a_parent_beside_the_sentence(tree):
    made = tree.client.post(f"{TODOS}quick/", {"text": "f tomorrow", "parent": tree.key("b")})
    assert (made.status_code, made.json()["parent"]) == (201, tree.key("b"))
    for name, expected in (
        ("c", (409, "too_deep", None)),
        ("bob's", (400, "does_not_exist", "parent")),
    ):
        sent = {"text": "g", "parent": tree.key(name)}
        assert code(tree.client.post(f"{TODOS}quick/", sent)) == expected


def test_the_plain_page_says_what_it_is_part_of(tree, web):
    page = web(tree.alice).get("/todos/plain/").text
    assert page.count("Part of:") == 3
    assert "<bdi>b</bdi>" in page


# --- Order and filters ----------------------------------------------------------------------------


def test_a_move_is_among_siblings(tree):
    assert tree.post("d", "move", after=tree.key("b")).status_code == 200
    assert code(tree.post("d", "move", after=tree.key("e")))[:2] == (404, "not_found")
    assert code(tree.post("d", "move", after=tree.key("c")))[:2] == (404, "not_found")
    below = tree.post("e", "move", parent=tree.key("a"), after=tree.key("b")).json()
    assert (below["parent"], below["version"]) == (tree.key("a"), 2)
    found = tree.client.get(TODOS, {"parent": tree.key("a").upper()}).json()["results"]
    assert [row["title"] for row in found] == ["b", "e", "d"]
    up = tree.post("e", "move", parent=None, before=tree.key("a")).json()
    assert (up["parent"], up["version"]) == (None, 3)
    top = tree.client.get(TODOS, {"parent": "none"}).json()["results"]
    assert [row["title"] for row in top] == ["e", "a"]
    assert code(tree.client.get(TODOS, {"parent": "some"})) == (400, "invalid", "parent")


def test_a_move_names_the_list_and_the_parent_in_one(tree):
    other = make_list(tree.alice, "other")
    away = make_todo(tree.alice, "f", list=other)
    both = tree.post("b", "move", list=str(other.pk), parent=tree.key("e")).json()
    assert (both["list"], both["parent"]) == (str(tree.home.pk), tree.key("e"))
    same = tree.post("b", "move", list=str(tree.home.pk)).json()
    assert (same["parent"], same["version"]) == (tree.key("e"), 2)
    alone = tree.post("b", "move", list=str(other.pk), after=str(away.pk)).json()
    assert (alone["list"], alone["parent"]) == (str(other.pk), None)
    assert tree.names(list=other) == "bcf"


# --- Lists ----------------------------------------------------------------------------------------


def test_all_below_follows_into_another_list(tree):
    other = str(make_list(tree.alice, "other").pk)
    tree.rows["d"].trash()
    before = tree.versions()
    assert tree.patch("a", list=other).json()["list"] == other
    assert tree.names(list=other) == "abcd"
    assert tree.versions() == {name: before[name] + (name in "abcd") for name in before}
    assert Todo.objects.get(title="c").changed_in["list"] == 2


def test_another_list_alone_takes_it_out_of_its_parent(tree):
    other = str(make_list(tree.alice, "other").pk)
    assert tree.patch("b", list=str(tree.home.pk)).json()["version"] == 1
    moved = tree.patch("b", list=other).json()
    assert (moved["list"], moved["parent"], moved["version"]) == (other, None, 2)
    assert (tree.below, tree.names(list=other)) == ({"c": "b", "d": "a"}, "bc")
    back = tree.patch("b", list=other, parent=tree.key("a")).json()
    assert (back["list"], tree.names(list=tree.home)) == (str(tree.home.pk), "abcde")


def test_a_list_that_goes_takes_whole_trees_to_the_inbox_or_the_trash(tree):
    inbox = List.objects.inbox_of(tree.alice)
    path = f"/api/v1/lists/{tree.home.pk}/"
    assert tree.client.delete(f"{path}?todos=trash").status_code == 204
    assert (tree.trash, tree.names(list=inbox), tree.below) == ("abcde", "abcde", STANDS)
    tree.restore("a")
    assert (tree.trash, tree.below) == ("e", STANDS)


# --- Finishing ------------------------------------------------------------------------------------


def test_finishing_finishes_what_is_open_and_reopening_undoes_just_that(tree):
    tree.post("d", "finish")
    before = tree.versions()
    tree.post("a", "finish")
    assert tree.open == "e"
    assert len(set(Todo.objects.of(tree.alice.pk).values_list("finished_at", flat=True))) == 2
    assert tree.versions() == {**before, "a": 2, "b": 2, "c": 2}
    tree.post("a", "reopen")
    assert (tree.open, tree.versions()) == ("abce", {**before, "a": 3, "b": 3, "c": 3})


def test_what_was_finished_alone_stays_so_whatever_the_order(tree):
    for name in "ba":
        tree.post(name, "finish")
    tree.post("a", "reopen")
    assert tree.open == "ade"
    tree.post("b", "reopen")
    assert tree.open == "abcde"


def test_reopening_below_a_finished_one_reopens_what_is_above_alone(tree):
    tree.post("a", "finish")
    tree.post("c", "reopen")
    assert tree.open == "abce"
    for verb in ("finish", "reopen"):
        tree.post("a", verb)
    assert tree.open == "abce"  # d was not finished by the second time


@pytest.mark.parametrize("way", ["create", "move", "restore", "patch"])
def test_what_is_open_below_a_finished_one_reopens_it(tree, way):
    if way == "restore":
        tree.rows["c"].trash()
    tree.post("a", "finish")
    ways = {
        "create": lambda: tree.client.post(TODOS, {"title": "f", "parent": tree.key("b")}),
        "move": lambda: tree.post("e", "move", parent=tree.key("b")),
        "patch": lambda: tree.patch("e", parent=tree.key("b")),
        "restore": lambda: tree.restore("c"),
    }
    assert ways[way]().status_code in (200, 201)
    above = {"create": "abef", "move": "abe", "patch": "abe", "restore": "abce"}
    assert tree.open == above[way]


def test_what_was_finished_along_and_moved_away_stays_finished(tree):
    tree.post("a", "finish")
    tree.patch("d", parent=None)
    tree.patch("d", parent=tree.key("a"))
    tree.post("a", "reopen")
    assert tree.open == "abce"


# --- Trash ----------------------------------------------------------------------------------------


def test_the_trash_takes_all_below_and_gives_back_just_that(tree):
    tree.client.delete(tree.path("d"))
    tree.client.delete(tree.path("a"))
    assert tree.trash == "abcd"
    restored = tree.restore("a")
    assert (restored.status_code, tree.trash, tree.below) == (200, "d", STANDS)
    assert tree.versions() == {"a": 3, "b": 3, "c": 3, "d": 2, "e": 1}
    tree.restore("d")
    assert (tree.trash, tree.below) == ("", STANDS)


def test_one_restored_alone_comes_to_the_top_with_what_is_below(tree):
    tree.client.delete(tree.path("a"))
    answer = tree.restore("b").json()
    assert (answer["parent"], answer["version"]) == (None, 3)
    assert (tree.trash, tree.below) == ("ad", {"c": "b", "d": "a"})
    tree.restore("a")
    assert (tree.trash, tree.below) == ("", {"c": "b", "d": "a"})


def test_one_removed_for_good_takes_along_what_was_trashed_with_it(tree):
    tree.client.delete(tree.path("c"))
    tree.client.delete(tree.path("a"))
    assert tree.client.delete(f"{TRASH}{tree.key('a')}/").status_code == 204
    assert (tree.names(), tree.trash, tree.below) == ("ce", "c", {})
    tree.restore("c")
    assert tree.open == "ce"


def test_the_emptied_trash_releases_nothing_that_lives(tree):
    tree.client.delete(tree.path("a"))
    tree.restore("b")
    assert tree.client.delete(TRASH).status_code == 204
    assert (tree.names(), tree.below) == ("bce", {"c": "b"})


def test_below_another_one_the_trash_is_no_deeper_either(tree):
    """c is in the trash: a may stand below e, and c comes back at the top."""
    tree.client.delete(tree.path("c"))
    assert tree.patch("a", parent=tree.key("e")).status_code == 200
    assert tree.below == {"a": "e", "b": "a", "d": "a"}
    assert tree.restore("c").json()["parent"] is None


# --- Sync -----------------------------------------------------------------------------------------


@pytest.fixture
def device(tree) -> Device:
    made = Device(tree.client, tree.alice)
    made.pull()
    return made


def told(results: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(it["status"], it.get("code")) for it in results]


def test_operations_say_what_does_not_fit(tree, device):
    gone = make_todo(tree.alice, "gone")
    gone.delete()
    tree.rows["gone"] = gone
    tree.rows["gone"].pk = uuid.UUID(str(gone.pk))
    tree.client.delete(tree.path("d"))
    results = device.push(
        *(
            operation("todo", tree.key(name), "update", base_version=1, fields={"parent": key})
            for name, key in (
                ("a", tree.key("c")), ("a", tree.key("e")), ("e", tree.key("bob's")),
                ("e", str(uuid.uuid4())),
            )
        ),
        operation("todo", tree.key("b"), "update", base_version=1,
                  fields={"parent": tree.key("d")}),
        operation("todo", uuid.uuid4(), "create",
                  fields={"title": "f", "parent": tree.key("gone")}),
        operation("todo", tree.key("c"), "move", base_version=1,
                  fields={"parent": tree.key("e"), "before": tree.key("a")}),
        operation("todo", tree.key("c"), "move", base_version=1, fields={"parent": tree.key("e")}),
    )  # fmt: skip
    assert told(results) == [
        ("refused", "cycle"), ("refused", "too_deep"), ("invalid", None), ("invalid", None),
        ("merged", "parent_gone"), ("merged", "parent_gone"), ("refused", "not_found"),
        ("applied", None),
    ]  # fmt: skip
    assert [it["todo"]["parent"] for it in results[:2]] == [None, None]
    assert tree.below == {"c": "e", "d": "a"}


def test_one_operation_brings_all_that_goes_along(tree, device):
    finish = operation("todo", tree.key("a"), "finish", base_version=1)
    answer = device.send(finish)
    assert told(answer["results"]) == [("applied", None)]
    assert sorted(it["todo"]["title"] for it in answer["changes"] if it["kind"] == "todo") == [
        *"abcd"
    ]
    device.take(answer)
    results = device.push(
        operation("todo", tree.key("b"), "trash", base_version=2),
        operation("todo", tree.key("c"), "update", base_version=2, fields={"title": "x"}),
        operation("todo", tree.key("c"), "restore", base_version=3),
    )
    assert told(results) == [("applied", None), ("deleted", None), ("merged", "parent_gone")]
    device.pull()
    assert device.versions() == feeds.living(tree.alice)


def test_a_list_that_changed_with_the_parent_is_a_conflict_only_for_the_list(tree, device):
    other = str(make_list(tree.alice, "other").pk)
    tree.patch("a", list=other)
    results = device.push(
        operation("todo", tree.key("b"), "update", base_version=1, fields={"title": "b"}),
        operation("todo", tree.key("d"), "update", base_version=1,
                  fields={"list": str(List.objects.inbox_of(tree.alice).pk)}),
        operation("todo", tree.key("c"), "update", base_version=1,
                  fields={"list": str(tree.home.pk), "parent": tree.key("a"), "title": "c!"}),
    )  # fmt: skip
    assert told(results) == [("merged", None), ("conflict", None), ("merged", None)]
    assert results[1]["conflicting"] == ["list"]
    assert results[2]["todo"]["list"] == other


def test_a_device_does_not_collide_with_what_went_along_with_its_own_operation(tree, device):
    """It moved the parent, and then took one out of it: both were its own will."""
    other, third = (str(make_list(tree.alice, name).pk) for name in ("other", "third"))
    move = operation("todo", tree.key("a"), "move", base_version=1, fields={"list": other})
    out = operation("todo", tree.key("b"), "update", base_version=1, fields={"list": third})
    assert told(device.push(move, out)) == [("applied", None), ("applied", None)]
    again = operation("todo", tree.key("b"), "update", after=out["op_id"], fields={"title": "B"})
    assert told(device.push(again)) == [("applied", None)]
    assert (tree.names(list=other), tree.names(list=third)) == ("ad", "Bc")


def test_a_purge_leaves_what_lives_and_bulk_says_why(tree, device):
    results = device.push(operation("todo", tree.key("a"), "purge", base_version=1))
    assert (told(results), tree.below) == ([("applied", None)], {"c": "b"})
    body = {"operations": [
        {"op": "move", "id": tree.key("b"), "fields": {"parent": tree.key("c")}},
        {"op": "finish", "id": tree.key("b")},
    ]}  # fmt: skip
    first, second = tree.client.post(f"{TODOS}bulk/", body).json()["results"]
    assert (first["status"], first["error"]["errors"][0]["code"]) == ("refused", "cycle")
    assert (second["status"], tree.open) == ("applied", "de")


# --- Coming again ---------------------------------------------------------------------------------


def next_of(todo: Todo) -> Todo:
    return Todo.objects.get(pk=uuid.uuid5(todo.pk, "next"))


def weekly(tree, name="a") -> Todo:
    todo = tree.rows[name]
    day = date(2026, 11, 30)
    service.change_todo(todo, due=Due(day, time(9)), recurrence="FREQ=WEEKLY")
    return todo


def test_what_is_below_comes_again_open_and_as_much_later(tree):
    todo = weekly(tree)
    b, c, d = (tree.rows[name] for name in "bcd")
    service.change_todo(b, due=Due(date(2026, 11, 29)), tags=["home"], start_on=date(2026, 11, 28))
    service.change_todo(c, due=Due(date(9998, 12, 31)), start_on=date(9998, 12, 31))
    for name in ("d", "a"):
        tree.post(name, "finish")
    made = next_of(todo)
    assert next_of(b).tags.get().name == "home"
    assert (next_of(b).due, next_of(b).start_on) == (Due(date(2026, 12, 6)), date(2026, 12, 5))
    assert (next_of(c).due, next_of(c).start_on) == (None, None)
    assert (next_of(b).parent, next_of(c).parent, next_of(d).parent) == (made, next_of(b), made)
    assert (tree.open, tree.names()) == ("abcde", "aabbccdde")
    assert Todo.objects.mentioning("home").count() == 2
    assert Usage.objects.get(owner=tree.alice).todos == 9
    for verb in ("finish", "reopen", "finish"):
        tree.post("a", verb)
    assert (tree.open, tree.names()) == ("abcde", "aabbccdde")


def test_the_reminders_of_what_is_below_come_again_too(tree):
    todo = weekly(tree)
    moment = datetime(2026, 11, 28, 9, tzinfo=UTC)
    service.change_todo(tree.rows["b"], reminders=[Reminder(uuid.uuid4(), remind_at=moment)])
    service.change_todo(
        tree.rows["d"], due=Due(date(2026, 11, 29), time(8)), reminders=[
            Reminder(uuid.uuid4(), minutes_before=60)
        ],
    )  # fmt: skip
    tree.post("a", "finish")
    assert next_of(tree.rows["b"]).reminders[0].remind_at == moment + timedelta(days=7)
    assert next_of(tree.rows["d"]).reminders[0].minutes_before == 60
    planned = Firing.objects.filter(todo__status="open").order_by("fire_at")
    assert [it.fire_at for it in planned] == [
        moment + timedelta(days=7), datetime(2026, 12, 6, 7, tzinfo=UTC),
    ]  # fmt: skip
    assert next_of(todo).reminders == ()


def test_reopening_takes_all_of_an_untouched_next_back(tree):
    todo = weekly(tree)
    tree.post("a", "finish")
    tree.post("a", "reopen")
    assert (tree.open, tree.trash) == ("abcde", "abcd")
    tree.patch("b", title="B")
    tree.client.delete(tree.path("d"))
    make_todo(tree.alice, "f", parent=tree.rows["a"])
    tree.post("a", "finish")
    assert (tree.open, tree.trash) == ("Bacef", "dd")
    assert next_of(tree.rows["b"]).parent == next_of(todo)


def test_reopening_leaves_a_next_whose_subtasks_somebody_touched(tree):
    todo = weekly(tree)
    tree.post("a", "finish")
    moved, touched = next_of(tree.rows["d"]), next_of(tree.rows["b"])
    tree.client.patch(f"{TODOS}{touched.pk}/", {"notes": "look"})
    tree.post("a", "reopen")
    assert next_of(todo).deleted_at is None
    tree.client.delete(f"{TODOS}{next_of(todo).pk}/")
    tree.client.post(f"{TRASH}{moved.pk}/restore/")
    tree.post("a", "finish")
    assert (next_of(todo).deleted_at, next_of(tree.rows["b"]).notes) == (None, "")
    assert next_of(tree.rows["d"]).parent is None  # it was taken out, and stays so


def test_an_id_below_that_is_dead_is_passed_over(tree, bob):
    todo = weekly(tree)
    make_todo(tree.alice, "x", id=uuid.uuid5(tree.rows["d"].pk, "next")).delete()
    tree.post("a", "finish")
    second = Todo.objects.get(pk=uuid.uuid5(tree.rows["d"].pk, "next 2"))
    assert (second.parent, tree.open) == (next_of(todo), "abcde")


def test_a_subtask_that_comes_again_by_itself_comes_once(tree):
    todo, d = weekly(tree), weekly(tree, "d")
    tree.post("d", "finish")
    tree.post("a", "finish")
    assert next_of(next_of(d)).parent == next_of(todo)
    assert (tree.open, tree.names()) == ("abcde", "aabbccddde")
    plain = Todo.objects.get(pk=next_of(todo).pk)
    service.change_todo(plain, recurrence=None)
    plain.finish()  # what is finished along with it makes no next one
    assert tree.open == "e"


# --- Rows of the former release -------------------------------------------------------------------


def test_what_stands_below_a_row_that_was_removed_unseen_is_released_at_night(tree):
    QuerySet(Todo).filter(pk=tree.rows["a"].pk).delete()
    assert tree.client.get(tree.path("b")).json()["parent"] == tree.key("a")
    feed()
    assert tree.below == {"c": "b"}
    assert tree.client.get(tree.path("b")).json()["version"] == 2


def test_levels_are_walked_no_further_than_there_may_be(tree):
    """Rows that stand below each other, written past all checks, stop nobody."""
    e = tree.rows["e"]
    QuerySet(Todo).filter(pk=tree.rows["a"].pk).update(parent=tree.rows["c"].pk)
    assert code(tree.patch("e", parent=tree.key("a")))[:2] == (409, "too_deep")
    assert tree.post("a", "finish").status_code == 200
    assert e.parent_id is None
    tree.patch("a", parent=None)
