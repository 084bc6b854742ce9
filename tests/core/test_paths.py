"""Where things are: the index, the slash at the end of a path, parameters of every route."""

import re
import uuid

import pytest
from django.test import Client
from django.test.utils import override_script_prefix
from django.urls import Resolver404, resolve

from config.errors import api_not_found
from tests.builders import make_list, make_todo
from tests.config.test_matrix import NOT_OFFERED, OWNED, PERSONAL, ROUTES, concrete
from tests.sms.conftest import allow

pytestmark = pytest.mark.django_db
UNKNOWN = {"code": "unknown_field", "detail": "There is no such parameter.", "attr": "nonsense"}


def with_the_other_slash(path: str) -> str:
    return path.removesuffix("/") if path.endswith("/") else f"{path}/"


def is_route(path: str) -> bool:
    try:
        return resolve(path).func is not api_not_found
    except Resolver404:
        return False


OFFERED = [path for path in ROUTES if not path.startswith("/admin/") and path not in NOT_OFFERED]
PATHS = [concrete(path, uuid.UUID(int=7)) for path in OFFERED]
MISTAKES = {with_the_other_slash(path): path for path in PATHS if path != "/"}
MISTAKES = {wrong: right for wrong, right in MISTAKES.items() if not is_route(wrong)}


def test_most_paths_have_one_spelling():
    assert len(MISTAKES) > 0.9 * len(PATHS)


@pytest.mark.wide
@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("wrong", sorted(MISTAKES))
def test_a_slash_too_few_or_too_many_is_404_with_the_right_path(settings, wrong, debug):
    settings.DEBUG = debug
    answers = [getattr(Client(), verb)(wrong) for verb in ("put", "patch", "delete", "post")]
    assert {answer.status_code for answer in answers} == {404}
    assert not any("Location" in answer for answer in answers)
    response = answers[-1]
    sentence = f"Not found. You probably mean {MISTAKES[wrong]}; the slash at the end counts."
    if wrong.startswith("/api/"):
        problem = {"code": "not_found", "detail": sentence, "attr": None}
        assert response.json() == {"type": "client_error", "errors": [problem]}
    elif not debug:
        assert sentence in response.text


@pytest.mark.parametrize("wrong", sorted(MISTAKES))
def test_only_a_reader_of_pages_is_led_to_the_right_path(wrong):
    response = Client().get(f"{wrong}?a=b")
    is_page = not wrong.startswith(("/api/", "/service/"))
    if is_page and MISTAKES[wrong].endswith("/"):
        assert (response.status_code, response["Location"]) == (301, f"{MISTAKES[wrong]}?a=b")
    else:
        assert response.status_code == 404


def test_the_hint_has_the_stage_of_the_gateway():
    with override_script_prefix("/dev/"):
        response = Client().post("/api/v1/todos")
    assert "You probably mean /dev/api/v1/todos/;" in response.json()["errors"][0]["detail"]


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/todos/x", "/service/", "/nothing/"])
def test_what_is_not_there_in_any_spelling_gets_no_hint(path):
    assert re.search(r"Not found\.(?! )", Client().post(path).text)


# --- Index ----------------------------------------------------------------------------------------

RESOURCES = {
    "account": "/api/v1/account/",
    "account_activity": "/api/v1/account/activity/",
    "account_phone": "/api/v1/account/phone/",
    "account_phone_history": "/api/v1/account/phone/history/",
    "account_push": "/api/v1/account/push/",
    "account_tokens": "/api/v1/account/tokens/",
    "account_feed": "/api/v1/account/feed/",
    "exports": "/api/v1/exports/",
    "filters": "/api/v1/filters/",
    "imports": "/api/v1/imports/",
    "lists": "/api/v1/lists/",
    "session": "/api/v1/session/",
    "sms_messages": "/api/v1/sms/messages/",
    "summary": "/api/v1/summary/",
    "sync": "/api/v1/sync/",
    "tags": "/api/v1/tags/",
    "todos": "/api/v1/todos/",
    "trash": "/api/v1/trash/",
}


def test_the_index_names_every_resource_and_each_answers(api, alice):
    phone = api(alice)
    index = phone.get("/api/v1/")
    expected = {name: f"http://testserver{path}" for name, path in RESOURCES.items()}
    assert (index.status_code, index.json()) == (200, expected)
    assert [phone.get(url).status_code for url in index.json().values()] == [200] * len(RESOURCES)
    with override_script_prefix("/dev/"):
        under_a_stage = phone.get("/api/v1/").json()
    assert under_a_stage["todos"] == "http://testserver/dev/api/v1/todos/"


def test_a_person_can_walk_from_the_index_to_everything(web, alice):
    page = web(alice).get("/api/v1/", headers={"Accept": "text/html"})
    for path in RESOURCES.values():
        assert f'href="http://testserver{path}"' in page.text
    back = web(alice).get("/api/v1/todos/", headers={"Accept": "text/html"})
    assert 'href="/api/v1/"' in back.text


# --- Parameters -----------------------------------------------------------------------------------


@pytest.mark.wide
@pytest.mark.parametrize(
    "path", sorted(path for path in OWNED | PERSONAL if path.startswith("/api/v1/"))
)
def test_a_parameter_that_does_not_exist_is_an_error_on_every_route(api, alice, bob, path):
    """For every method, before anything is done."""
    todo = make_todo(alice, list=make_list(alice))
    row = todo.list if "/lists/" in path else todo
    phone, url = api(allow(alice)), concrete(path, row.pk)
    asked = 0
    for verb in ("get", "post", "put", "patch", "delete"):
        response = getattr(phone, verb)(f"{url}?nonsense=1", headers={"If-Match": "*"})
        if response.status_code != 405:
            asked += 1
            assert response.status_code == 400
            assert response.json() == {"type": "validation_error", "errors": [UNKNOWN]}
    assert asked
    alice.refresh_from_db()
    todo.refresh_from_db()
    assert (todo.version, todo.list.version) == (1, 1)


def test_paging_is_a_parameter_of_lists_only(api, alice):
    phone = api(alice)
    for parameter in ("limit=5", "cursor=x"):
        response = phone.get(f"/api/v1/account/?{parameter}")
        assert response.json()["errors"][0]["code"] == "unknown_field"
    assert phone.get("/api/v1/account/?format=json").status_code == 200


def test_all_that_is_wrong_with_the_parameters_is_told_at_once(api, alice):
    query = "statsu=x&priority=1,9&due=x&due=y&archived=yes"
    errors = api(alice).get(f"/api/v1/todos/?{query}").json()["errors"]
    assert {(error["attr"], error["code"]) for error in errors} == {
        ("statsu", "unknown_field"),
        ("priority.1", "invalid_choice"),
        ("due", "repeated"),
        ("archived", "invalid"),
    }
