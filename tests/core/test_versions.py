"""If-Match and If-None-Match compare versions as numbers, whatever their length."""

import pytest

from tests.builders import make_todo
from todos.models import Todo

pytestmark = pytest.mark.django_db


def todo_of_version(owner, version: int) -> str:
    """Its address."""
    todo = make_todo(owner, "before")
    Todo.objects.filter(pk=todo.pk).update(version=version)
    return f"/api/v1/todos/{todo.pk}/"


@pytest.mark.parametrize(("version", "header"), [
    (1, '"1"'), (9, '"9"'), (10, '"10"'), (99, '"99"'), (100, '"100"'), (12345, '"12345"'),
    (10, 'W/"10"'), (10, '"9", "10"'), (10, ' "10" ,W/"11"'), (10, "*"), (10, ' * '),
])  # fmt: skip
def test_a_change_of_the_version_that_was_read_is_made(api, alice, bob, version, header):
    address = todo_of_version(alice, version)
    todo_of_version(bob, version)

    answer = api(alice).patch(address, {"title": "after"}, headers={"If-Match": header})

    assert (answer.status_code, answer["ETag"]) == (200, f'"{version + 1}"')
    assert (answer.json()["title"], answer.json()["version"]) == ("after", version + 1)


@pytest.mark.wide
@pytest.mark.parametrize(("version", "header"), [
    (1, '"2"'), (1, '"10"'), (1, '"11"'), (9, '"10"'), (10, '"9"'), (10, '"1"'), (10, '"0"'),
    (10, '"100"'), (99, '"100"'), (100, '"99"'), (100, '"10"'), (100, '"00"'), (12, '"1", "2"'),
    (10, '"9", "11", "110"'), (12345, '"12344"'), (12345, '"12346"'), (12345, '"2345"'),
])  # fmt: skip
@pytest.mark.parametrize("method", ["patch", "put", "delete"])
def test_a_change_of_another_version_is_412(api, alice, version, header, method):
    address = todo_of_version(alice, version)
    client = api(alice)
    current = client.get(address).json()

    answer = getattr(client, method)(address, {"title": "after"}, headers={"If-Match": header})

    error = {
        "code": "version_mismatch",
        "detail": "The object has changed since you read it.",
        "attr": None,
    }
    assert (answer.status_code, answer["ETag"]) == (412, f'"{version}"')
    assert answer.json() == {"type": "client_error", "errors": [error], "current": current}
    assert client.get(address).json() == current


@pytest.mark.parametrize(
    "header", ["", "10", '"10', '"10", junk', '"10" "11"', '"-1"', '"1.0"', "w/10", f'"{"1" * 19}"']
)
def test_what_is_no_version_is_400(api, alice, header):
    address = todo_of_version(alice, 10)

    answer = api(alice).patch(address, {"title": "after"}, headers={"If-Match": header})

    error = {
        "code": "invalid_if_match",
        "detail": 'If-Match must be a quoted version such as "7", or *.',
        "attr": None,
    }
    assert (answer.status_code, answer.json()) == (
        400,
        {"type": "validation_error", "errors": [error]},
    )
    assert Todo.objects.get().title == "before"


@pytest.mark.parametrize(("version", "header", "status"), [
    (9, '"9"', 304), (10, '"10"', 304), (10, 'W/"10"', 304), (10, '"9", "10"', 304),
    (100, '"100"', 304), (10, "*", 304),
    (10, '"1"', 200), (10, '"0"', 200), (10, '"100"', 200), (1, '"10"', 200), (9, '"10"', 200),
    (100, '"99"', 200), (100, '"10", "1000"', 200), (10, "10", 200), (10, "", 200),
])  # fmt: skip
def test_what_the_client_holds_is_not_sent_again(api, alice, version, header, status):
    address = todo_of_version(alice, version)

    answer = api(alice).get(address, headers={"If-None-Match": header})

    assert (answer.status_code, answer["ETag"]) == (status, f'"{version}"')
    assert (answer.content == b"") == (status == 304)
