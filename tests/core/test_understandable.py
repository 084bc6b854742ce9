"""Requests that break frameworks before a view is reached: each is a short 4xx."""

import io
import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from config.wsgi import application
from tests.builders import make_todo

pytestmark = pytest.mark.django_db
PATHS = ["/healthz/", "/todos/", "/api/v1/todos/", "/api/schema/", "/service/sms/send"]


def call(path, content_type, query="a=b", body=b"", stream=None):
    """One request through the WSGI application, as a server hands it over."""
    answers: list[tuple[str, dict]] = []
    environ = {
        "REQUEST_METHOD": "POST" if body else "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": stream or io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http",
    }
    call_it: Any = application
    response = call_it(environ, lambda status, headers: answers.append((status, dict(headers))))
    b"".join(response)
    response.close()
    return answers[0]


@pytest.mark.parametrize(
    "charset", ["hex", "undefined", "latin-1", "utf-16", "idna", "utf-7", "klingon", "\0"]
)
@pytest.mark.parametrize("path", PATHS)
def test_another_charset_is_415_on_every_route(path, charset):
    status, headers = call(path, f"text/plain; charset={charset}")
    assert status == "415 Unsupported Media Type"
    assert "X-Request-Id" in headers


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf8"', "us-ascii"])
def test_utf_8_in_any_spelling_is_understood(charset):
    assert call("/healthz/", f"application/json; charset={charset}")[0] == "200 OK"


@pytest.mark.parametrize("path", ["/todos/", "/api/v1/lists/", "/api/docs/", "/auth/login/"])
def test_a_thousand_parameters_are_400(client, path):
    assert client.get(f"{path}?{'a=&' * 1002}").status_code == 400


@pytest.mark.parametrize("path", ["/auth/login/", "/api/v1/lists/", "/service/sms/send"])
def test_a_thousand_fields_of_a_form_are_400_without_a_traceback(client, path, caplog):
    form = "application/x-www-form-urlencoded"
    assert client.post(path, "a=&" * 1002, content_type=form).status_code == 400
    assert not [record for record in caplog.records if record.exc_info]


def test_a_form_whose_sender_is_gone_is_400():
    class Gone(io.BytesIO):
        def read(self, *args: object) -> bytes:
            raise OSError("reset by peer")

    form = "application/x-www-form-urlencoded"
    assert call("/auth/login/", form, body=b"a=b", stream=Gone())[0] == "400 Bad Request"


@pytest.mark.wide
@pytest.mark.parametrize("query", ["version=%0d%0aX:1", "version=%00", "version=v1%22", "lang=%00"])
def test_the_schema_answers_whatever_it_is_asked(client, query):
    response = client.get(f"/api/schema/?{query}")
    assert response.status_code == 200
    assert response["Content-Disposition"] == 'inline; filename="Nudge (v1).json"'


@pytest.mark.parametrize(
    "body",
    [
        r'{"title": "a", "\ud800": 1}',
        r'{"title": "a", "status": "\ud800"}',
        r'{"title": "\udfff"}',
        r'{"title": "a", "tags": ["\ud800"]}',
    ],
)
def test_half_a_character_is_400_wherever_it_stands(api, alice, body):
    response = api(alice).generic("POST", "/api/v1/todos/", body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "surrogate_characters_not_allowed"


def test_half_a_character_for_the_sms_endpoint_is_400(settings):
    settings.DEBUG = True
    response = APIClient().generic(
        "POST", "/service/sms/send", r'{"msg": "x", "\ud800": 1}', content_type="application/json"
    )
    assert (response.status_code, response.json()["status"]) == (400, "failure")


def test_a_member_that_is_there_twice_is_400_for_the_sms_endpoint(settings):
    settings.DEBUG = True
    response = APIClient().generic(
        "POST", "/service/sms/send", '{"msg": "a", "msg": "b"}', content_type="application/json"
    )
    expected = {"status": "failure", "message": "JSON parse error - Duplicate object member."}
    assert (response.status_code, response.json()) == (400, expected)


def test_the_form_of_the_browsable_api_creates_as_it_stands(web, alice):
    page = web(alice).get("/api/v1/todos/", headers={"Accept": "text/html"}).text
    assert json.dumps({"title": ""}, indent=4).replace('"', "&quot;") in page


def test_the_browsable_api_offers_no_put(web, alice):
    todo = make_todo(alice)
    page = web(alice).get(f"/api/v1/todos/{todo.pk}/", headers={"Accept": "text/html"}).text
    assert 'data-method="PATCH"' in page
    assert ">PUT<" not in page
