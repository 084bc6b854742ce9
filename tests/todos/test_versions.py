"""Versions are whole numbers: 1 is not the beginning of 10, whatever form the header has."""

import uuid
from typing import TypeVar

import pytest
from django.db.models import Model

from tests.builders import make_list, make_todo
from tests.todos.pages import act, row
from todos.models import List, Todo

pytestmark = pytest.mark.django_db
Row = TypeVar("Row", bound=Model)
TODOS, LISTS = "/api/v1/todos/", "/api/v1/lists/"
NINE = {"on": "2026-12-01", "at": "09:00"}
FORMS = ['"{}"', 'W/"{}"', '"70000", "{}"', 'W/"70000", W/"{}"']
CLOSE = [1, 9, 10, 11, 19, 90, 100, 101]


def at_version(made: Row, number: int) -> Row:
    type(made)._default_manager.filter(pk=made.pk).update(version=number)
    return made


def test_a_todo_is_changed_from_version_to_version_by_if_match(api, alice, bob):
    theirs = make_todo(bob)
    path = f"{TODOS}{make_todo(alice, '0').pk}/"
    phone = api(alice)
    for number in range(1, 13):
        form = FORMS[number % len(FORMS)]
        answer = phone.patch(
            path, {"title": str(number)}, headers={"If-Match": form.format(number)}
        )
        assert (answer.status_code, answer["ETag"]) == (200, f'"{number + 1}"')
        late = phone.patch(path, {"title": "late"}, headers={"If-Match": form.format(number)})
        assert (late.status_code, late["ETag"]) == (412, f'"{number + 1}"')
        assert late.json()["current"] == answer.json()
    assert row(theirs)["version"] == 1


@pytest.mark.parametrize("version", [1, 9, 10, 100])
def test_only_the_same_number_matches(api, alice, version):
    todo, home = at_version(make_todo(alice), version), at_version(make_list(alice), version)
    phone = api(alice)
    for number in CLOSE:
        if number == version:
            continue
        headers = {"If-Match": FORMS[number % len(FORMS)].format(number)}
        answers = [
            phone.patch(f"{TODOS}{todo.pk}/", {"title": "x"}, headers=headers),
            phone.post(f"{TODOS}{todo.pk}/finish/", headers=headers),
            phone.delete(f"{LISTS}{home.pk}/", headers=headers),
        ]
        assert [answer.status_code for answer in answers] == [412] * 3, number
    headers = {"If-Match": FORMS[-1].format(version)}
    answer = phone.post(f"{TODOS}{todo.pk}/finish/", headers=headers)
    assert (answer.status_code, answer["ETag"]) == (200, f'"{version + 1}"')
    assert phone.delete(f"{LISTS}{home.pk}/", headers=headers).status_code == 204


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("version", [1, 10])
def test_only_the_number_that_is_held_is_304(api, alice, form, version):
    todo = at_version(make_todo(alice), version)
    phone = api(alice)
    held = {
        number: phone.get(f"{TODOS}{todo.pk}/", headers={"If-None-Match": form.format(number)})
        for number in CLOSE
    }
    assert [number for number, answer in held.items() if answer.status_code == 304] == [version]
    assert {answer["ETag"] for answer in held.values()} == {f'"{version}"'}


def test_the_page_goes_on_counting(browser, alice):
    todo = at_version(make_todo(alice), 9)
    for number, name in enumerate(["finish", "reopen", "rename", "delete"], start=10):
        browser.post(act(name, todo), {"title": "new"})
        assert row(todo)["version"] == number
    browser.post("/todos/plain/undo/")
    assert row(todo)["version"] == 14


# --- Contents that differ where nobody expects it -----------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "change"),
    [
        (TODOS, {"title": "x", "notes": "n" * 10_000}, {"notes": "n" * 9_999 + "m"}),
        (TODOS, {"title": "x" * 128}, {"title": "x" * 127 + "y"}),
        (TODOS, {"title": "x"}, {"title": "X"}),
        (TODOS, {"title": "x", "tags": ["t" * 50]}, {"tags": ["t" * 49 + "u"]}),
        (TODOS, {"title": "x", "tags": ["home"]}, {"tags": ["höme"]}),
        (TODOS, {"title": "x", "tags": ["a", "b"]}, {"tags": ["a", "b", "c"]}),
        (TODOS, {"title": "x", "due": {"on": "2026-12-01"}}, {"due": {"on": "2026-12-10"}}),
        (TODOS, {"title": "x", "start_on": "2026-12-01"}, {"start_on": "2026-12-10"}),
        (TODOS, {"title": "x", "due": NINE}, {"due": {**NINE, "at": "09:01"}}),
        (TODOS, {"title": "x", "due": NINE}, {"due": {**NINE, "time_zone": "UTC"}}),
        (TODOS, {"title": "x", "position": "a1"}, {"position": "a10V"}),
        (TODOS, {"title": "x", "status": "open"}, {"status": "finished"}),
        (LISTS, {"name": "x" * 128}, {"name": "x" * 127 + "y"}),
        (LISTS, {"name": "x"}, {"name": "X"}),
        (LISTS, {"name": "x", "color": "#aabbcc"}, {"color": "#aabbcd"}),
        (LISTS, {"name": "x", "position": "a1"}, {"position": "a10V"}),
    ],
)
def test_contents_that_differ_late_are_two_contents(api, alice, path, body, change):
    phone, key = api(alice), {"Idempotency-Key": "k"}
    body = {"id": str(uuid.uuid4()), **body}
    first = phone.post(path, body, headers=key)
    assert first.status_code == 201
    assert phone.post(path, body, headers=key).json() == first.json()
    again = phone.post(path, body)
    assert (again.status_code, again.json()) == (200, first.json())
    taken = phone.post(path, body | change)
    assert (taken.status_code, taken.json()["errors"][0]["code"]) == (409, "already_exists")
    reused = phone.post(path, body | change, headers=key)
    assert (reused.status_code, reused.json()["errors"][0]["code"]) == (
        422,
        "idempotency_key_reused",
    )
    assert phone.get(first["Location"]).json() == first.json()


@pytest.mark.parametrize(
    ("path", "name", "model"), [(TODOS, "title", Todo), (LISTS, "name", List)], ids=["todo", "list"]
)
def test_an_id_in_capital_letters_is_the_same_id(api, alice, path, name, model):
    key = "abcdef00-51b4-4a3d-9e0b-00000000abcd"
    phone = api(alice)
    first = phone.post(path, {"id": key.upper(), name: "x"})
    again = phone.post(path, {"id": key, name: "x"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"] == key
    assert model.objects.filter(pk=key).count() == 1
    assert phone.get(f"{path}{key}/").json() == first.json()


# --- PUT that creates -----------------------------------------------------------------------------

NEW = {"If-None-Match": "*"}


@pytest.mark.parametrize(
    ("path", "body", "make"),
    [(TODOS, {"title": "x", "tags": ["a"]}, make_todo), (LISTS, {"name": "x"}, make_list)],
)
def test_a_put_to_a_new_id_creates_if_the_client_says_so(api, alice, bob, path, body, make):
    phone, url = api(alice), f"{path}{uuid.UUID(int=7)}/"
    assert phone.put(url, body).status_code == 428
    made = phone.put(url, body, headers=NEW)
    assert (made.status_code, made["ETag"], made["Location"]) == (
        201,
        '"1"',
        f"http://testserver{url}",
    )
    assert made.json() == phone.get(url).json()
    assert made.json()["id"] == str(uuid.UUID(int=7))
    again = phone.put(url, body, headers=NEW)
    assert (again.status_code, again["ETag"], again.json()["current"]) == (412, '"1"', made.json())
    theirs = make(bob)
    taken = phone.put(f"{path}{theirs.pk}/", body, headers=NEW)
    assert (taken.status_code, taken.json()["errors"][0]["code"]) == (409, "id_taken")
    theirs.refresh_from_db()
    assert theirs.version == 1
    wrong = phone.put(
        f"{path}{uuid.UUID(int=8)}/", {**body, "id": str(uuid.UUID(int=9))}, headers=NEW
    )
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (400, "immutable")
    for refused in ({}, {**body, "nonsense": 1}):
        assert phone.put(f"{path}{uuid.UUID(int=8)}/", refused, headers=NEW).status_code == 400
    assert phone.get(f"{path}{uuid.UUID(int=8)}/").status_code == 404
    other = {name: "other" for name in body if name != "tags"}
    replaced = phone.put(url, other, headers={"If-Match": '"1"'})
    assert (replaced.status_code, replaced["ETag"]) == (200, '"2"')
