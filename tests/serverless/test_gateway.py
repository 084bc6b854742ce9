"""A request through every gateway: whose it is, where it asked, and that all links lead back."""

import base64
import gzip
import json
import logging
import re
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from urllib.parse import urlencode, urlsplit

import pytest
from django.core import mail
from django.core.handlers.wsgi import WSGIRequest
from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle

from core.http import NO_REQUEST, client_address, current_request_id
from localcloud.lambda_events import CLIENT, CONTEXT, REQUEST_ID, request
from serverless import gateway
from tests.builders import make_todo
from tests.conftest import PASSWORD, bearer_token
from tests.serverless.browser import Browser, answer
from todos.models import Todo

pytestmark = pytest.mark.django_db
API = "a1b2c3d4e5"
AWS = f"https://{API}.execute-api.us-east-1.amazonaws.com"
URL = "https://q7xmplw2vkzrj5c3.lambda-url.us-east-1.on.aws"
EMULATOR = "http://127.0.0.1:4566"
LOCAL_NAME = f"{API}.execute-api.localhost:4566"
FORGED = "6.6.6.6"
SITE = "https://nudge.example.com"
CDN_EDGE = "130.176.1.1"  # of CloudFront, which calls API Gateway
CDN_SECRET = "secret-of-the-cdn"  # in the recorded events

# The recorded event, PUBLIC_BASE_URL, and where links have to begin.
PLACES = {
    "REST API, edge": ("rest_edge", "", f"{AWS}/dev"),
    "REST API, regional": ("rest_regional", "", f"{AWS}/dev"),
    "REST API, its address told": ("rest_regional", f"{AWS}/dev", f"{AWS}/dev"),
    "REST API, domain": ("rest_custom_domain", "", "https://nudge.example.com"),
    "REST API, domain and path": ("rest_base_path", "", "https://example.com/nudge"),
    "HTTP API": ("http_api", "", f"{AWS}/dev"),
    "HTTP API, $default": ("http_api_default_stage", "", AWS),
    "HTTP API, domain": ("http_api_custom_domain", "", "https://nudge.example.com"),
    "HTTP API, domain and path": (
        "http_api_custom_domain",
        "https://Nudge.example.com/app/",
        "https://nudge.example.com/app",
    ),
    "function URL": ("function_url", "", URL),
    "CDN, REST API": ("rest_cdn", SITE, SITE),
    "CDN, HTTP API": ("http_api_cdn", SITE, SITE),
    "emulator, path": (
        "emulator_path",
        f"{EMULATOR}/_aws/execute-api/{API}/dev",
        f"{EMULATOR}/_aws/execute-api/{API}/dev",
    ),
    "emulator, host": ("emulator_host", "", f"https://{LOCAL_NAME}/dev"),
    "emulator, host told": (
        "emulator_host",
        f"http://{LOCAL_NAME}/dev",
        f"http://{LOCAL_NAME}/dev",
    ),
}
GATEWAYS = {
    "REST API, edge": ("rest_edge", f"{FORGED}, {CLIENT}, 70.132.1.1"),
    "REST API, regional": ("rest_regional", f"{FORGED}, {CLIENT}"),
    "HTTP API": ("http_api", f"{FORGED}, {CLIENT}"),
    "function URL": ("function_url", f"{FORGED}, {FORGED}, {CLIENT}"),
    "CDN, REST API": ("rest_cdn", f"{FORGED}, {CDN_EDGE}, {CLIENT}, {CDN_EDGE}"),
    "CDN, REST API, edge": ("rest_edge_cdn", f"{FORGED}, {CLIENT}, {CDN_EDGE}, 70.132.1.1"),
}


@pytest.fixture(autouse=True)
def _a_cdn_that_is_known(settings):
    settings.CDN_SECRET = ["next-secret", CDN_SECRET]


@pytest.fixture(params=PLACES)
def place(request, settings) -> tuple[str, str, str]:
    """The shape, the origin and the prefix of one place, in the settings of a server."""
    shape, public, base = PLACES[request.param]
    settings.PUBLIC_BASE_URL = public
    settings.ALLOWED_HOSTS = ["*"]
    settings.STATIC_URL = "https://static.example.com/"
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    settings.DEVICE_COOKIE_NAME = "__Host-device"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    parts = urlsplit(base)
    return shape, f"{parts.scheme}://{parts.netloc}", parts.path


@pytest.fixture
def browser(place, handler) -> Browser:
    shape, origin, _prefix = place
    return Browser(handler, shape, origin)


def token_in(page: str) -> str:
    return re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]


def links_in(page: str) -> set[str]:
    return set(re.findall(r'(?:href|action|src|hx-[a-z]+)="(/[^"]*|https?://[^"]*)"', page))


def environ(event: dict) -> dict:
    """What the application gets for this event."""
    seen: list[dict] = []

    def application(environ: dict, start_response: Callable) -> list[bytes]:
        seen.append(environ)
        start_response("204 No Content", [])
        return []

    assert gateway.handler_of(application)(event, CONTEXT)["statusCode"] == 204
    [result] = seen
    return result


# --- Where it is ----------------------------------------------------------------------------------


def test_who_is_not_signed_in_is_sent_to_the_log_in_of_the_same_place(browser, place):
    _shape, _origin, prefix = place
    told = browser.get("/todos/")
    expected = f"{prefix}/auth/login/?next={prefix}/todos/"
    assert (told.status, told.headers["location"]) == (302, expected)
    assert f'href="{prefix}/auth/signup/"' in browser.get("/").text
    assert browser.get("/todos").headers["location"] == f"{prefix}/todos/"


def test_a_person_signs_up_and_every_link_leads_back(browser, place):
    _shape, origin, prefix = place
    page = browser.get("/auth/signup/")
    data = {"email": "new@example.com", "password1": PASSWORD, "time_zone": "UTC"}
    told = browser.post("/auth/signup/", {"csrfmiddlewaretoken": token_in(page.text), **data})
    assert (told.status, told.headers["location"]) == (302, f"{prefix}/todos/")
    [letter] = mail.outbox
    [link] = re.findall(r"https?://\S+", str(letter.body))
    assert link.startswith(f"{origin}{prefix}/auth/confirm-email/")
    page = browser.get("/todos/plain/")
    assert page.status == 200
    links = links_in(page.text)
    assert f"{prefix}/account/" in links
    static = ("https://static.example.com/", "https://github.com/")
    assert [link for link in links if not link.startswith((f"{prefix}/", *static))] == []


def test_a_person_logs_in_and_adds_a_todo(browser, place, alice, bob):
    _shape, _origin, prefix = place
    page = browser.get(f"/auth/login/?next={prefix}/account/")
    data = {"csrfmiddlewaretoken": token_in(page.text), "login": alice.email, "password": PASSWORD}
    told = browser.post("/auth/login/", {**data, "next": f"{prefix}/account/"})
    assert (told.status, told.headers["location"]) == (302, f"{prefix}/account/")
    assert set(browser.cookies) == {"__Host-sessionid", "__Host-csrftoken", "__Host-device"}
    assert [cookie for cookie in told.cookies if "Path=/;" not in cookie] == []
    page = browser.get("/todos/plain/")
    data = {"csrfmiddlewaretoken": token_in(page.text), "title": "Buy milk"}
    told = browser.post("/todos/plain/", data)
    [todo] = Todo.objects.owned_by(alice)
    assert (told.status, todo.title) == (302, "Buy milk")
    assert told.headers["location"] == f"{prefix}/todos/plain/#todo-{todo.pk}"


def test_a_form_of_another_origin_is_refused(browser, alice):
    page = browser.get("/auth/login/")
    data = {"csrfmiddlewaretoken": token_in(page.text), "login": alice.email, "password": PASSWORD}
    told = browser.post("/auth/login/", data, Origin="https://evil.example.com")
    assert told.status == 403
    assert "__Host-sessionid" not in browser.cookies


def test_the_api_names_its_own_addresses(place, handler, alice, bob):
    shape, origin, prefix = place
    for title in ("one", "two"):
        make_todo(alice, title=title)
    make_todo(bob)
    headers = {"Authorization": f"Bearer {bearer_token(alice)}"}
    event = request(shape, "/api/v1/todos/?limit=1", headers=headers)
    page = answer(handler(event, CONTEXT))
    assert page.status == 200
    assert page.json["next"].startswith(f"{origin}{prefix}/api/v1/todos/?cursor=")
    headers["Content-Type"] = "application/json"
    event = request(shape, "/api/v1/todos/", method="POST", headers=headers, body='{"title": "x"}')
    made = answer(handler(event, CONTEXT))
    address = f"{origin}{prefix}/api/v1/todos/{made.json['id']}/"
    assert (made.status, made.headers["location"]) == (201, address)


@pytest.mark.wide
def test_the_openapi_document_names_its_server(place, handler):
    shape, _origin, prefix = place
    document = answer(handler(request(shape, "/api/schema/"), CONTEXT)).json
    assert document["servers"] == [{"url": prefix or "/"}]
    served = ("/api/", "/service/", "/healthz/", "/readyz/", "/hello/")
    assert all(path.startswith(served) for path in document["paths"])
    page = answer(handler(request(shape, "/api/docs/"), CONTEXT))
    assert page.status == 200
    assert f"{prefix}/api/docs/" in page.text


@pytest.mark.parametrize(
    ("shape", "path", "expected"),
    [
        ("rest_regional", "/devices", ("/dev", "/devices")),  # T24: was /ices
        ("rest_regional", "/dev/todos/", ("/dev", "/dev/todos/")),
        ("rest_regional", "/", ("/dev", "/")),
        ("rest_custom_domain", "/devices/", ("", "/devices/")),
        ("rest_custom_domain", "/dev", ("", "/dev")),
        ("rest_custom_domain", "/", ("", "/")),
        ("rest_custom_domain", "/todos/todos/", ("", "/todos/todos/")),
        ("rest_custom_domain", "//evil.example.com/x", ("", "//evil.example.com/x")),
        ("rest_base_path", "/", ("/nudge", "/")),
        ("rest_base_path", "/nudge/", ("/nudge", "/nudge/")),
        ("rest_base_path", "/a%20b/%C3%A4", ("/nudge", "/a b/\xc3\xa4")),
        ("http_api", "/devices", ("/dev", "/devices")),
        ("http_api", "/dev/todos/", ("/dev", "/dev/todos/")),
        ("http_api", "", ("/dev", "/")),
        ("http_api_custom_domain", "/devices", ("", "/devices")),
        ("http_api_custom_domain", "/dev/todos/", ("", "/dev/todos/")),
        ("http_api_default_stage", "/%2525/100%", ("", "/%25/100%")),
        ("function_url", "/dev/\u00e4", ("", "/dev/\xc3\xa4")),
    ],
)
def test_a_stage_is_taken_off_where_the_gateway_put_it(shape, path, expected):
    result = environ(request(shape, path))
    assert (result["SCRIPT_NAME"], result["PATH_INFO"]) == expected


@pytest.mark.parametrize(
    ("public", "expected"),
    [
        ("https://nudge.example.com/app", ("/app", "/todos/")),
        ("https://nudge.example.com", ("", "/app/todos/")),
        ("https://other.example.com/app", ("", "/app/todos/")),
        ("", ("", "/app/todos/")),
    ],
)
def test_a_path_in_front_of_an_http_api_is_known_from_its_public_address(
    settings, public, expected
):
    """API Gateway leaves the path of an API mapping in rawPath and names it nowhere."""
    settings.PUBLIC_BASE_URL = public
    result = environ(request("http_api_custom_domain", "/app/todos/"))
    assert (result["SCRIPT_NAME"], result["PATH_INFO"]) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/app", "/"), ("/app/", "/"), ("/apple/", "/apple/"), ("/App/", "/App/"), ("/", "/")],
)
def test_only_the_whole_first_part_of_a_path_is_taken_off(settings, path, expected):
    settings.PUBLIC_BASE_URL = "https://nudge.example.com/app"
    result = environ(request("http_api_custom_domain", path))
    assert (result["SCRIPT_NAME"], result["PATH_INFO"]) == ("/app", expected)


@pytest.mark.parametrize(
    ("host", "public", "expected"),
    [
        ("127.0.0.1:4566", "http://127.0.0.1:4566/x", "http"),
        ("localhost:4566", "http://localhost:4566", "http"),
        ("[::1]:4566", "http://[::1]:4566", "http"),
        ("a.execute-api.localhost", "http://a.execute-api.localhost", "http"),
        ("127.0.0.1:4566", "https://127.0.0.1:4566", "https"),
        ("127.0.0.1:4566", "http://127.0.0.1:9999", "https"),
        ("nudge.example.com", "http://nudge.example.com", "https"),
        ("localhost.example.com", "http://localhost.example.com", "https"),
    ],
)
def test_only_this_machine_is_reached_without_tls(settings, host, public, expected):
    settings.PUBLIC_BASE_URL = public
    event = request("rest_custom_domain", headers={"Host": host})
    assert environ(event)["wsgi.url_scheme"] == expected


def test_events_with_less_in_them_are_left_as_they_are():
    """The test button of the console."""
    event = {"httpMethod": "GET", "path": "/devices", "headers": None}
    result = environ(
        {**event, "requestContext": {"path": "/devices", "stage": "test-invoke-stage"}}
    )
    assert result["REMOTE_ADDR"] == "127.0.0.1"
    assert (result["SCRIPT_NAME"], result["PATH_INFO"]) == ("", "/devices")


@pytest.mark.parametrize("proxy", [None, "", "vices", "other"])
def test_a_part_that_is_not_the_end_of_the_path_shows_no_base_path(proxy):
    event = {"httpMethod": "GET", "path": "/devices", "headers": None}
    result = environ({**event, "resource": "/{proxy+}", "pathParameters": {"proxy": proxy}})
    assert (result["SCRIPT_NAME"], result["PATH_INFO"]) == ("", "/devices")


@pytest.mark.parametrize(("public", "prefix"), [("", "/dev"), (SITE, "/dev")])
def test_a_request_without_a_host_is_not_for_the_public_address(settings, public, prefix):
    settings.PUBLIC_BASE_URL = public
    result = environ({**request("rest_edge"), "headers": None, "multiValueHeaders": None})
    assert result["SCRIPT_NAME"] == prefix


def test_a_rest_api_names_the_caller_in_one_place_only():
    event = request("rest_edge")
    event["requestContext"]["http"] = {"sourceIp": FORGED}
    assert environ(event)["REMOTE_ADDR"] == CLIENT


@pytest.mark.parametrize("value", ["\u2603", "\ud800", "plain"])
def test_a_cookie_of_any_script_is_no_fault(handler, settings, db, value):
    """Of a neighbor on the same domain, or of an extension of the browser."""
    settings.ALLOWED_HOSTS = ["*"]
    event = request("rest_edge", headers={"Cookie": f"flavor={value}"})
    assert answer(handler(event, CONTEXT)).status == 302  # to the log-in
    assert WSGIRequest(environ(event)).COOKIES["flavor"] == value.encode(errors="replace").decode()


@pytest.mark.parametrize("shape", ["rest_edge", "rest_regional", "http_api", "function_url"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
@pytest.mark.parametrize("write", [str.lower, str.upper, str.title], ids=["low", "high", "title"])
def test_the_case_of_header_names_does_not_matter(handler, settings, alice, shape, scheme, write):
    settings.ALLOWED_HOSTS = ["*"]
    todo = make_todo(alice, "before")
    event = request(shape, f"/api/v1/todos/{todo.pk}/", method="PATCH", body='{"title": "after"}')
    headers = {
        write("Authorization"): f"{scheme} {bearer_token(alice)}",
        write("Content-Type"): "application/json",
        write("If-Match"): '"2"',
    }
    event["headers"] |= headers
    if "multiValueHeaders" in event:
        event["multiValueHeaders"] |= {name: [value] for name, value in headers.items()}
    refused = answer(handler(event, CONTEXT))
    assert (refused.status, refused.json["errors"][0]["code"]) == (412, "version_mismatch")
    for place in (event["headers"], event.get("multiValueHeaders", {})):
        place.pop(write("If-Match"), None)
    assert answer(handler(event, CONTEXT)).json["title"] == "after"


# --- What is sent and answered --------------------------------------------------------------------


BALANCER = {
    "requestContext": {"elb": {"targetGroupArn": "arn"}},
    "httpMethod": "GET",
    "path": "/devices/",
    "queryStringParameters": {},
    "body": "",
    "isBase64Encoded": False,
}


def answering(*headers: tuple[str, str], body: bytes = b"") -> Callable:
    def application(_environ: dict, start_response: Callable) -> list[bytes]:
        start_response("200 OK", list(headers))
        return [body]

    return gateway.handler_of(application)


@pytest.mark.parametrize("shape", ["rest_edge", "http_api", "function_url"])
def test_each_cookie_is_sent_once(handler, settings, alice, shape):
    settings.ALLOWED_HOSTS = ["*"]
    origin = f"https://{request(shape)['requestContext']['domainName']}"
    browser = Browser(handler, shape, origin)
    page = browser.get("/auth/login/")
    data = {"csrfmiddlewaretoken": token_in(page.text), "login": alice.email, "password": PASSWORD}
    event = request(
        shape,
        "/auth/login/",
        method="POST",
        headers={"Content-Type": "application/x-www-form-urlencoded", "Origin": origin},
        body=urlencode(data),
    )
    browser._send_cookies(event)
    returned = handler(event, CONTEXT)
    text = json.dumps(returned)
    names = {
        settings.CSRF_COOKIE_NAME,
        settings.DEVICE_COOKIE_NAME,
        settings.SESSION_COOKIE_NAME,
    }
    assert returned["statusCode"] == 302
    assert [text.count(f"{name}=") for name in names] == [1, 1, 1]
    cookies = [each.strip().partition("=")[0] for each in answer(returned).cookies]
    assert (set(cookies), len(cookies)) == (names, 3)


@pytest.mark.parametrize("many", [True, False])
def test_a_load_balancer_is_refused_with_a_sentence(caplog, many):
    headers = {"host": "nudge.example.com", "x-forwarded-for": CLIENT}
    several = {"multiValueHeaders": {name: [each] for name, each in headers.items()}}
    returned = answering()(BALANCER | (several if many else {"headers": headers}), CONTEXT)
    sentence = (
        "Nudge does not serve behind a load balancer; use API Gateway or a function URL "
        "(docs/deployment.md)."
    )
    assert returned == {
        "statusCode": 501,
        "statusDescription": "501 Not Implemented",
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {"Content-Type": ["application/json"]},
        "body": json.dumps({"message": sentence}),
        "isBase64Encoded": False,
    }
    assert caplog.messages == [sentence]


@pytest.mark.parametrize("shape", ["rest_edge", "http_api"])
def test_several_cookie_headers_are_one(shape):
    event = request(shape)
    if shape == "http_api":
        event["cookies"] = ["a=1", "b=2"]
    else:
        event["multiValueHeaders"]["cookie"] = ["a=1", "b=2"]
    assert WSGIRequest(environ(event)).COOKIES == {"a": "1", "b": "2"}


def test_a_request_without_a_host_has_a_server(settings):
    """PEP 3333: SERVER_NAME and SERVER_PORT can never be empty."""
    result = environ({"httpMethod": "GET", "path": "/", "headers": None})
    assert (result["SERVER_NAME"], result["SERVER_PORT"]) == ("lambda", "443")


@pytest.mark.parametrize("encoding", [{}, {"Content-Encoding": "gzip"}])
def test_what_is_no_text_is_encoded(encoding):
    headers = {"Content-Type": "application/json" if encoding else "image/png", **encoding}
    returned = answering(*headers.items(), body=b"\x89PNG")(request("rest_edge"), CONTEXT)
    assert (returned["isBase64Encoded"], returned["body"]) == (True, "iVBORw==")


@pytest.mark.parametrize("shape", ["rest_edge", "http_api", "function_url"])
def test_a_compressed_answer_is_encoded_for_the_gateway(handler, settings, alice, shape):
    settings.ALLOWED_HOSTS = ["*"]
    make_todo(alice, notes="x" * 2000)
    headers = {"Authorization": f"Bearer {bearer_token(alice)}", "Accept-Encoding": "gzip"}
    returned = handler(request(shape, "/api/v1/todos/", headers=headers), CONTEXT)
    told = answer({**returned, "body": "", "isBase64Encoded": False})
    assert (told.status, told.headers["content-encoding"]) == (200, "gzip")
    assert returned["isBase64Encoded"] is True
    body = json.loads(gzip.decompress(base64.b64decode(returned["body"])))
    assert [row["notes"] for row in body["results"]] == ["x" * 2000]
    headers["If-None-Match"] = told.headers["etag"]
    again = handler(request(shape, "/api/v1/todos/", headers=headers), CONTEXT)
    assert (again["statusCode"], again["body"]) == (304, "")


def test_a_body_arrives_as_it_was_sent():
    event = request("rest_edge", method="POST")
    event |= {"body": "iVBORw==", "isBase64Encoded": True}
    result = environ(event)
    assert (result["CONTENT_LENGTH"], result["wsgi.input"].read()) == ("4", b"\x89PNG")


def test_an_application_that_raises_is_an_answer_of_500(caplog):
    """Otherwise the runtime would print the error as it is, with what a client sent."""

    def broken(_environ: dict, _start_response: Callable) -> list[bytes]:
        raise ZeroDivisionError

    returned = gateway.handler_of(broken)(request("rest_edge"), CONTEXT)
    assert (returned["statusCode"], json.loads(returned["body"])) == (
        500,
        {"message": "Internal server error"},
    )
    assert caplog.messages[0] == "The application raised an exception instead of answering"


@pytest.mark.parametrize("shape", ["rest_edge", "http_api"])
def test_a_request_is_one_line_of_the_log(caplog, shape):
    caplog.set_level("INFO", logger="serverless.gateway")
    seen: list[str] = []

    def note(_record: logging.LogRecord) -> bool:
        seen.append(current_request_id.get())
        return True

    caplog.handler.addFilter(note)
    answering(body=b"hello")(request(shape, "/devices"), CONTEXT)
    answering()(request(shape, "/devices?token=marker"), CONTEXT)
    path = "/dev/devices" if shape == "http_api" else "/devices"
    assert caplog.messages == [
        f"{CLIENT} GET {path} 200",
        f"{CLIENT} GET {path}?[redacted] 200",
    ]
    assert (seen, current_request_id.get()) == ([REQUEST_ID] * 2, NO_REQUEST)
    assert not any(hasattr(record, "client_request_id") for record in caplog.records)


@pytest.mark.parametrize("member", ["queryStringParameters", "multiValueQueryStringParameters"])
def test_a_query_is_never_logged_wherever_it_stands(caplog, member):
    caplog.set_level("INFO", logger="serverless.gateway")
    value = "marker" if member == "queryStringParameters" else ["marker"]
    event = {"httpMethod": "GET", "path": "/devices", "headers": None}
    answering()({**event, member: {"token": value}}, CONTEXT)
    assert caplog.messages == ["- GET /devices?[redacted] 200"]


def test_the_line_of_a_request_has_its_time(caplog, monkeypatch):
    caplog.set_level("INFO", logger="serverless.gateway")
    moments = iter([5.0, 6.25])
    monkeypatch.setattr(gateway, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    answering()(request("rest_edge"), CONTEXT)
    assert [getattr(record, "duration_ms", None) for record in caplog.records] == [1250]


@pytest.mark.parametrize("shape", ["rest_edge", "http_api"])
def test_the_line_of_a_request_has_the_clients_own_id_beside_that_of_lambda(
    handler, settings, caplog, shape
):
    """The one is in the phone's log and in our other lines, the other in the lines of Lambda."""
    settings.ALLOWED_HOSTS = ["*"]
    caplog.set_level("INFO", logger="serverless.gateway")
    for headers in ({"X-Request-Id": "phone-1"}, {"X-Request-Id": "not sane"}, {}):
        handler(request(shape, "/healthz/", headers=headers), CONTEXT)
    lines = [record for record in caplog.records if record.name == "serverless.gateway"]
    assert [getattr(line, "client_request_id", None) for line in lines] == ["phone-1", None, None]


# --- Whose it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", GATEWAYS)
@pytest.mark.parametrize("forged", [False, True])
def test_every_limit_sees_the_address_that_the_gateway_saw(name, forged):
    shape, header = GATEWAYS[name]
    event = request(shape, headers={"X-Forwarded-For": header} if forged else {})
    seen = WSGIRequest(environ(event))
    assert (seen.META["REMOTE_ADDR"], client_address(seen)) == (CLIENT, CLIENT)
    assert AnonRateThrottle().get_ident(Request(seen)) == CLIENT


# --- Behind a CDN ---------------------------------------------------------------------------------

CDNS = ["rest_cdn", "rest_edge_cdn", "http_api_cdn", "function_url_cdn"]


@pytest.mark.parametrize("shape", CDNS)
@pytest.mark.parametrize("told", ["", "wrong", "secret-of-the-cd\udcff"])
def test_who_does_not_know_the_secret_is_no_cdn(settings, shape, told):
    """API Gateway's own address stays open: whoever calls it may send any header."""
    settings.PUBLIC_BASE_URL = SITE
    seen = environ(request(shape, headers={"X-Nudge-Cdn": told}))
    assert seen["HTTP_HOST"] != "nudge.example.com"
    assert seen["REMOTE_ADDR"] == CDN_EDGE


@pytest.mark.parametrize("told", ["", CDN_SECRET])
def test_without_a_secret_there_is_no_cdn(settings, told):
    settings.PUBLIC_BASE_URL, settings.CDN_SECRET = SITE, []
    seen = environ(request("rest_cdn", headers={"X-Nudge-Cdn": told}))
    assert (seen["REMOTE_ADDR"], seen["SCRIPT_NAME"]) == (CDN_EDGE, "/dev")


@pytest.mark.parametrize("shape", CDNS)
def test_the_application_does_not_learn_the_secret(settings, shape):
    settings.PUBLIC_BASE_URL = SITE
    seen = environ(request(shape, headers={"X-Nudge-Cdn": CDN_SECRET}))
    seen.pop("apig_wsgi.full_event")
    assert seen["HTTP_HOST"] == "nudge.example.com"
    assert CDN_SECRET not in str(seen)


@pytest.mark.parametrize(
    ("public", "expected"),
    [
        (f"{SITE}/app", ("nudge.example.com", "/app", "/todos/")),
        (f"{SITE}/", ("nudge.example.com", "", "/app/todos/")),
        ("", (f"{API}.execute-api.us-east-1.amazonaws.com", "/dev", "/app/todos/")),
    ],
)
def test_a_path_of_the_cdn_is_known_from_the_public_address(settings, public, expected):
    settings.PUBLIC_BASE_URL = public
    seen = environ(request("rest_cdn", "/app/todos/"))
    assert (seen["HTTP_HOST"], seen["SCRIPT_NAME"], seen["PATH_INFO"]) == expected


@pytest.mark.parametrize("forwarded", ["", FORGED, f"{CDN_EDGE}, {FORGED}"])
def test_a_visitor_whom_the_cdn_does_not_name_is_the_cdn(settings, forwarded):
    seen = WSGIRequest(environ(request("rest_cdn", headers={"X-Forwarded-For": forwarded})))
    assert (client_address(seen), seen.headers.get("X-Forwarded-For")) == (CDN_EDGE, None)


def test_the_line_of_a_request_behind_a_cdn_has_the_visitors_address(caplog):
    caplog.set_level("INFO", logger="serverless.gateway")
    answering()(request("rest_cdn", "/devices"), CONTEXT)
    assert caplog.messages == [f"{CLIENT} GET /devices 200"]


@pytest.mark.parametrize("name", GATEWAYS)
def test_proxies_that_are_trusted_elsewhere_change_nothing_behind_a_gateway(name, settings):
    settings.TRUSTED_PROXIES = 1
    shape, header = GATEWAYS[name]
    seen = WSGIRequest(environ(request(shape, headers={"X-Forwarded-For": f"{header}, {FORGED}"})))
    assert client_address(seen) == CLIENT


def log_in(browser: Browser, number: int, forwarded: str) -> int:
    page = browser.get("/auth/login/")
    data = {
        "csrfmiddlewaretoken": token_in(page.text),
        "login": f"nobody{number}@example.com",
        "password": "wrong",
    }
    headers = {"X-Forwarded-For": forwarded.replace(FORGED, f"6.6.6.{number}")}
    return browser.post("/auth/login/", data, **headers).status


@pytest.mark.parametrize("name", GATEWAYS)
def test_a_forged_header_opens_no_locked_log_in(name, handler, settings):
    """Ten failures a minute for one address, whatever accounts and addresses it names."""
    settings.ALLOWED_HOSTS = ["*"]
    shape, header = GATEWAYS[name]
    event = request(shape)
    browser = Browser(handler, shape, f"https://{event['requestContext']['domainName']}")
    assert [log_in(browser, number, header) for number in range(10)] == [200] * 10
    assert log_in(browser, 11, header) == 429


def test_without_an_id_of_lambda_the_answer_has_one_of_ours(handler):
    event = request("rest_edge", "/healthz/", headers={"Host": "testserver"})
    told = answer(handler(event, SimpleNamespace()))
    assert (told.status, told.json) == (200, {"status": "ok"})
    uuid.UUID(told.headers["x-request-id"])  # raises ValueError if it is none
