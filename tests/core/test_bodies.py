"""What is wrong with a body is told at once and by its members, on every route that takes one."""

from functools import cache
from typing import Any

import pytest

from tests.builders import make_list, make_todo, make_transfer
from tests.documented import document
from tests.sms.conftest import allow
from todos import service

pytestmark = pytest.mark.django_db
WRITES = ("post", "put", "patch")
BOM = b"\xef\xbb\xbf"


@cache
def routes() -> dict[str, set[str]]:
    """`post /api/v1/todos/`: the members that its body may have, from the OpenAPI document."""
    found = {}
    for path, item in document()["paths"].items():
        for verb in WRITES if path.startswith("/api/v1/") else ():
            content = item.get(verb, {}).get("requestBody", {}).get("content", {})
            if "application/json" in content:
                name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
                schema = document()["components"]["schemas"][name]
                found[f"{verb} {path}"] = set(schema["properties"])
    return found


def key_of(person, path: str, **columns: Any) -> object:
    """The id of an object of the person that the route may name."""
    todo = make_todo(person, list=make_list(person), tags=["a"], **columns)
    kinds = {
        "filters": lambda: service.add_filter(actor=person, name="x", query="is:open").pk,
        "lists": lambda: todo.list.pk,
        "imports": lambda: make_transfer(person, "import", state="checked").pk,
        "tags": lambda: todo.tags.get().uuid,
        "todos": lambda: todo.pk,
    }
    return kinds.get(path.split("/")[3], kinds["todos"])()


def send(phone, person, route: str, body: object):
    """To an object of the person."""
    verb, path = route.split()
    url, headers = path.replace("{id}", str(key_of(person, path))), {"If-Match": "*"}
    if isinstance(body, bytes):
        return phone.generic(verb, url, body, "application/json", headers=headers)
    return getattr(phone, verb)(url, body, headers=headers)


def test_these_routes_take_a_body():
    assert {"post /api/v1/todos/", "patch /api/v1/account/", "put /api/v1/lists/{id}/"} <= set(
        routes()
    )


@pytest.mark.parametrize("route", sorted(routes()))
def test_all_mistakes_of_a_body_are_told_at_once(api, alice, bob, route):
    """Each member has a value of a type that none takes, and one member does not exist."""
    members = routes()[route]
    body = {name: {"of": "another type"} for name in members} | {"nonsense": 1}
    refused = send(api(allow(alice)), alice, route, body)
    assert (refused.status_code, refused.json()["type"]) == (400, "validation_error")
    told = {(error["attr"], error["code"]) for error in refused.json()["errors"]}
    assert {attr.partition(".")[0] for attr, _ in told} == members | {"nonsense"}
    assert ("nonsense", "unknown_field") in told


@pytest.mark.wide
@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"5", b"true"])
@pytest.mark.parametrize("route", sorted(routes()))
def test_what_is_wrong_with_the_whole_is_about_no_member(api, alice, bob, route, body):
    refused = send(api(allow(alice)), alice, route, body)
    assert refused.status_code == 400
    assert [error["attr"] for error in refused.json()["errors"]] == [None]


@pytest.mark.parametrize("route", sorted(each for each in routes() if not each.startswith("post")))
def test_what_was_answered_may_be_sent_back(api, alice, bob, route):
    """A generated client sends the whole object, read-only members too (PUT of the GET)."""
    verb, path = route.split()
    phone = api(alice)
    url = path.replace("{id}", str(key_of(alice, path, notes="x")))
    read = phone.get(url)
    body = {**read.json(), "version": 7, **({"updated_at": "x"} if "{id}" in path else {})}
    done = getattr(phone, verb)(url, body, headers={"If-Match": read["ETag"]})
    assert done.status_code == 200
    own = {"version", "updated_at"}
    before, after = read.json(), done.json()
    assert {k: v for k, v in after.items() if k not in own} == {
        k: v for k, v in before.items() if k not in own
    }


@pytest.mark.parametrize("path", ["/api/v1/todos/", "/api/auth/app/v1/auth/login"])
@pytest.mark.parametrize("body", [BOM, BOM + b'{"title": "x"}'])
def test_a_byte_order_mark_is_no_json(api, alice, path, body):
    """RFC 8259, 8.1: it must not be there."""
    refused = api(alice).generic("POST", path, body, content_type="application/json")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "parse_error"


@pytest.mark.parametrize(
    "kind", ["application/merge-patch+json", "application/json-patch+json", "text/json"]
)
def test_another_type_of_json_is_415(api, alice, kind):
    todo = make_todo(alice)
    url = f"/api/v1/todos/{todo.pk}/"
    refused = api(alice).generic("PATCH", url, b'{"title": "x"}', content_type=kind)
    assert refused.status_code == 415
    assert refused.json()["errors"][0]["code"] == "unsupported_media_type"
