"""What the REST framework is taught in core: strict JSON, errors, pages for signed-in people."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

ME = "/api/v1/account/"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"[" * 6000, "application/json", 400, "parse_error"),
        (b"{", "application/json", 400, "parse_error"),
        (b'{"name": "\xff"}', "application/json", 400, "parse_error"),
        (b"zz", "application/json; charset=hex", 415, "unsupported_media_type"),
        (b"zz", "application/json; charset=zlib", 415, "unsupported_media_type"),
        (b"{}", "application/json; charset=rot13", 415, "unsupported_media_type"),
        (b"{}", "application/json; charset=utf-16", 415, "unsupported_media_type"),
        (b"xn--a.", "application/json; charset=idna", 415, "unsupported_media_type"),
        (b"{}", "application/json; charset=undefined", 415, "unsupported_media_type"),
        (b'{"name": NaN}', "application/json", 400, "parse_error"),
        (b'{"name": ' + b"9" * 5000 + b"}", "application/json", 400, "parse_error"),
        (b'{"name": "a", "name": "b"}', "application/json", 400, "parse_error"),
        (b'{"name": "a", "n\\u0061me": "a"}', "application/json", 400, "parse_error"),
        (b"name=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    ],
)
def test_a_body_that_is_not_our_json_is_refused(api, alice, body, content_type, status, code):
    response = api(alice).generic("PATCH", ME, body, content_type=content_type)
    assert response.status_code == status
    assert response.json()["errors"][0]["code"] == code


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body", ['{"name": "a", "name": "b"}', '{"name": {"a": 1, "a": 1}}', '[{"a": 1, "a": 2}]']
)
def test_a_member_that_is_there_twice_is_refused(api, alice, body):
    """Readers differ in which of the two they take (RFC 7493, 2.3)."""
    response = api(alice).generic("PATCH", ME, body, content_type="application/json")
    error = {"code": "parse_error", "detail": "JSON parse error - Duplicate object member."}
    assert (response.status_code, response.json()) == (
        400,
        {"type": "client_error", "errors": [error | {"attr": None}]},
    )
    alice.refresh_from_db()
    assert alice.name != "b"


@pytest.mark.django_db
def test_a_name_that_no_encoding_can_carry_is_refused(api, alice):
    body = b'{"name": "\\ud800"}'
    response = api(alice).generic("PATCH", ME, body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "surrogate_characters_not_allowed"


@pytest.mark.django_db
def test_signed_in_people_browse_the_api_and_strangers_get_json(web, alice):
    page = web(alice).get(ME, HTTP_ACCEPT="text/html")
    assert page.status_code == 200
    assert page["Content-Type"] == "text/html; charset=utf-8"
    assert "alice@example.com" in page.content.decode()
    for accept in ("text/html", "text/html,application/xhtml+xml,*/*;q=0.8"):
        stranger = Client().get(ME, HTTP_ACCEPT=accept)
        assert (stranger.status_code, stranger["Content-Type"]) == (401, "application/json")


@pytest.mark.django_db
def test_a_stranger_cannot_ask_for_the_page_by_format(alice):
    assert APIClient().get(f"{ME}?format=api").status_code == 404


@pytest.mark.parametrize("path", ["/api/v1/", "/api/v1/sync/", "/api/v1/todos/", "/api/v1/trash/"])
def test_options_say_what_is_allowed_with_and_without_a_serializer(api, alice, path):
    response = api(alice).options(path)
    assert response.status_code == 200
    assert response["Allow"].endswith("HEAD, OPTIONS")
