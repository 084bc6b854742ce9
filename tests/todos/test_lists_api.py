import uuid

import pytest

from tests.builders import make_list, make_todo
from todos.models import List, Todo

pytestmark = pytest.mark.django_db
LISTS = "/api/v1/lists/"


def one(row: List) -> str:
    return f"{LISTS}{row.pk}/"


def code(response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


def test_every_account_has_one_inbox_from_the_start(api, alice, bob):
    make_list(bob, "bob's")
    client = api(alice)
    first, second = client.get(LISTS).json(), client.get(LISTS).json()
    assert first == second
    [inbox] = first["results"]
    assert (inbox["name"], inbox["is_inbox"], set(inbox)) == (
        "Inbox",
        True,
        {
            "id",
            "name",
            "color",
            "position",
            "is_inbox",
            "archived_at",
            "created_at",
            "updated_at",
            "version",
        },
    )


def test_lists_come_in_manual_order_with_the_inbox_first(api, alice):
    make_list(alice, "b")
    make_list(alice, "c")
    make_list(alice, "a", position="a0V")
    results = api(alice).get(LISTS).json()["results"]
    assert [row["name"] for row in results] == ["Inbox", "b", "a", "c"]


def test_create_change_and_remove(api, alice):
    client = api(alice)
    made = client.post(LISTS, {"name": "Home", "color": "#aabbcc"})
    assert (made.status_code, made["ETag"], made.json()["color"]) == (201, '"1"', "#aabbcc")
    path = f"{LISTS}{made.json()['id']}/"
    changed = client.patch(path, {"name": "House"}, headers={"If-Match": '"1"'})
    assert changed.json() == made.json() | {
        "name": "House",
        "version": 2,
        "updated_at": changed.json()["updated_at"],
    }
    assert code(client.patch(path, {"name": "x"}, headers={"If-Match": '"1"'})) == (
        412,
        "version_mismatch",
    )
    assert client.delete(path).status_code == 204
    assert code(client.get(path)) == (404, "not_found")


def test_removing_a_list_keeps_its_todos_in_the_inbox(api, alice, bob):
    home = make_list(alice)
    todo, other = make_todo(alice, list=home), make_todo(bob)
    assert api(alice).delete(one(home)).status_code == 204
    todo.refresh_from_db()
    assert (todo.list, todo.version) == (List.objects.inbox_of(alice), 2)
    other.refresh_from_db()
    assert other.version == 1


def test_the_inbox_cannot_be_removed_or_archived(api, alice):
    inbox = List.objects.inbox_of(alice)
    client = api(alice)
    assert code(client.delete(one(inbox))) == (409, "inbox")
    assert code(client.patch(one(inbox), {"archived_at": "2026-11-20T09:00:00Z"})) == (
        400,
        "inbox",
    )
    assert List.objects.get() == inbox


def test_a_list_can_be_archived_and_taken_back(api, alice):
    home = make_list(alice)
    client = api(alice)
    moment = "2026-11-20T09:00:00.000Z"
    assert client.patch(one(home), {"archived_at": moment}).json()["archived_at"] == moment
    assert list(List.objects.owned_by(alice).filter(archived_at=None)) == []
    assert client.patch(one(home), {"archived_at": None}).json()["archived_at"] is None


def test_an_id_chosen_by_the_client_is_one_list(api, alice):
    body = {"id": str(uuid.uuid4()), "name": "x"}
    client = api(alice)
    assert [client.post(LISTS, body).status_code for _ in range(2)] == [201, 200]
    assert code(client.post(LISTS, body | {"name": "y"})) == (409, "already_exists")


@pytest.mark.parametrize("verb", ["get", "patch", "delete"])
def test_a_strangers_list_does_not_exist(api, alice, bob, verb):
    theirs = make_list(bob)
    before = list(List.objects.values_list())
    body = {} if verb == "get" else {"name": "mine"}
    assert code(getattr(api(alice), verb)(one(theirs), body)) == (404, "not_found")
    assert list(List.objects.values_list()) == before


@pytest.mark.parametrize(
    ("change", "attr", "expected"),
    [
        ({"name": ""}, "name", "blank"),
        ({"name": 1}, "name", "invalid"),
        ({"name": "x" * 129}, "name", "max_length"),
        ({"color": "red"}, "color", "invalid"),
        ({"color": "#12345"}, "color", "invalid"),
        ({"color": "#aabbc\n"}, "color", "invalid"),
        ({"is_inbox": True, "owner": 1}, "owner", "unknown_field"),
        ({"position": "1"}, "position", "invalid"),
    ],
)
def test_a_wrong_value_is_400(api, alice, change, attr, expected):
    home = make_list(alice)
    before = list(List.objects.values_list())
    response = api(alice).patch(one(home), change)
    assert (*code(response), response.json()["errors"][0]["attr"]) == (400, expected, attr)
    assert list(List.objects.values_list()) == before


def test_is_inbox_is_the_servers_to_say(api, alice):
    made = api(alice).post(LISTS, {"name": "x", "is_inbox": True}).json()
    assert made["is_inbox"] is False


def test_queries_stay_the_same_with_many_lists(api, alice, django_assert_num_queries):
    for number in range(30):
        make_todo(alice, list=make_list(alice, str(number)))
    client = api(alice)
    client.get(LISTS)
    with django_assert_num_queries(4):  # session, person, inbox, lists
        client.get(LISTS)
    assert Todo.objects.count() == 30


@pytest.mark.parametrize(
    ("query", "attr", "expected"),
    [
        ("foo=1", "foo", "unknown_field"),
        ("limit=1&limit=2", "limit", "repeated"),
        ("limit=0", "limit", "invalid"),
    ],
)
def test_a_wrong_question_is_400(api, alice, query, attr, expected):
    response = api(alice).get(f"{LISTS}?{query}")
    assert (*code(response), response.json()["errors"][0]["attr"]) == (400, expected, attr)


def test_removing_a_list_never_moves_the_todo_of_somebody_else(api, alice, bob):
    """No request puts one there; the database could still hold one."""
    home, stray = make_list(alice), make_todo(bob, "stray")
    Todo.objects.filter(pk=stray.pk).update(list=home)
    own = make_todo(alice, list=home)
    before = list(Todo.objects.order_by("pk").values())
    assert code(api(alice).delete(one(home))) == (409, "conflict")
    assert list(Todo.objects.order_by("pk").values()) == before
    assert List.objects.filter(pk=home.pk, version=1).exists()
    assert own.list == home
