"""Whatever a request says of itself, five wrong passwords for one address are looked at."""

import json
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from django.test import Client

from core.http import canonical_host
from localcloud.lambda_events import CONTEXT, load, request
from tests.accounts.conftest import PASSWORD, Phone
from tests.serverless.browser import answer
from tests.serverless.conftest import handler

__all__ = ["handler"]

LOG_IN = "/api/auth/app/v1/auth/login"
Forgery = Callable[[int], dict[str, str]]
# Headers of the guess with this number; `email` is the address in another spelling.
FORGERIES: dict[str, Forgery] = {
    "none": lambda n: {},
    "Host in another case": lambda n: {"Host": "NuDgE.test" if n % 2 else "nudge.TEST"},
    "Host with a port": lambda n: {"Host": f"nudge.test:{1001 + n}"},
    "Host with its own port": lambda n: {"Host": "nudge.test:443" if n % 2 else "nudge.test"},
    "Host with another name of ours": lambda n: {"Host": f"{'abc'[n % 3]}.nudge.test"},
    "X-Forwarded-For": lambda n: {"X-Forwarded-For": f"6.6.6.{n}"},
    "X-Forwarded-For of two": lambda n: {"X-Forwarded-For": f"6.6.6.{n}, 7.7.7.{n}"},
    "X-Forwarded-For of nonsense": lambda n: {"X-Forwarded-For": f"x{n}, ::{n}"},
    "X-Forwarded-Host": lambda n: {"X-Forwarded-Host": f"host{n}.test"},
    "Forwarded": lambda n: {"Forwarded": f"for=6.6.6.{n};host=host{n}.test"},
    "X-Real-IP": lambda n: {"X-Real-IP": f"6.6.6.{n}"},
    "User-Agent": lambda n: {"User-Agent": f"agent {n}"},
    "Device-Token": lambda n: {"Device-Token": f"token{n}", "Cookie": f"device=token{n}"},
    "the address in another spelling": lambda n: {
        "email": ("alice@example.com", "ALICE@example.com", '"alice"@Example.COM')[n % 3]
    },
}


@pytest.fixture(autouse=True)
def _hosts(settings) -> None:
    settings.ALLOWED_HOSTS = [".nudge.test"]


def fields(number: int, forgery: Forgery) -> tuple[str, dict[str, str]]:
    headers = {"Host": "nudge.test", **forgery(number)}
    return headers.pop("email", "alice@example.com"), headers


def by_page(client, number: int, forgery: Forgery) -> int:
    email, headers = fields(number, forgery)
    form = {"login": email, "password": "a wrong password"}
    address = f"198.51.100.{number}"  # a guess from everywhere: the limit of addresses is another
    told = client.post("/auth/login/", form, headers=headers, REMOTE_ADDR=address)
    return {200: 400}.get(told.status_code, told.status_code)  # the page shows its errors


def by_api(client, number: int, forgery: Forgery) -> int:
    email, headers = fields(number, forgery)
    body = {"email": email, "password": "a wrong password"}
    return int(Phone(f"198.51.100.{number}").post(LOG_IN, body, **headers).status_code)


@pytest.mark.parametrize("guess", [by_page, by_api])
def test_no_forgery_gets_a_sixth_guess(client, alice, bob, guess):
    """The five use five forgeries themselves, so that a key made of one of them is found too."""
    forgeries = list(FORGERIES.values())
    first = [guess(client, number, forgeries[-1 - number]) for number in range(5)]
    assert first == [400] * 5
    later = {name: guess(client, 6, forgery) for name, forgery in FORGERIES.items()}
    assert later == dict.fromkeys(FORGERIES, 429)
    body = {"email": bob.email, "password": PASSWORD}
    assert Phone("203.0.113.7").post(LOG_IN, body, Host="nudge.test").status_code == 200


# --- On Lambda, where the gateway says whose a request is -----------------------------------------

SHAPES = ("rest_regional", "http_api_custom_domain", "function_url")


def event_of(shape: str, number: int, headers: dict[str, str], path: str, body: str) -> dict:
    """From another address each time, as the gateway tells it; the client's own comes first."""
    caller = f"198.51.100.{number}"
    event = request(shape, path, method="POST", headers=headers, body=body)
    context = event["requestContext"]
    (context.get("identity") or context["http"])["sourceIp"] = caller
    return event


def on_lambda(handler, shape: str, number: int, forgery: Forgery, *, page: bool) -> int:
    email, headers = fields(number, forgery)
    if page:
        token, name = "a" * 32, headers["Host"].lower().partition(":")[0]
        cookies = [headers.pop("Cookie", ""), f"csrftoken={token}"]
        headers |= {
            "Cookie": "; ".join(filter(None, cookies)),
            "X-CSRFToken": token,
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": f"https://{name}/",  # as a browser at the page, whatever case and port say
        }
        path, body = "/auth/login/", urlencode({"login": email, "password": "wrong"})
    else:
        headers["Content-Type"] = "application/json"
        path, body = LOG_IN, json.dumps({"email": email, "password": "wrong"})
    told = answer(handler(event_of(shape, number, headers, path, body), CONTEXT))
    return {200: 400}.get(told.status, told.status)


@pytest.mark.parametrize("page", [True, False], ids=["page", "API"])
@pytest.mark.parametrize("shape", SHAPES)
def test_no_forgery_gets_a_sixth_guess_on_lambda(handler, alice, shape, page):
    forgeries = list(FORGERIES.values())
    first = [on_lambda(handler, shape, n, forgeries[-1 - n], page=page) for n in range(5)]
    assert first == [400] * 5
    later = {
        name: on_lambda(handler, shape, 6, forgery, page=page)
        for name, forgery in FORGERIES.items()
    }
    assert later == dict.fromkeys(FORGERIES, 429)


def test_every_shape_has_its_caller_in_a_place_of_its_own():
    """Otherwise the guesses above would come from one address, and prove another limit."""
    callers = [event_of(shape, 7, {}, "/", "") for shape in SHAPES]
    assert ["198.51.100.7" in json.dumps(event) for event in callers] == [True] * 3
    assert load("rest_regional") != callers[0]


def test_a_form_of_another_origin_is_no_guess(client, alice):
    """403 by the CSRF check, which comes before the lock and before the password."""
    careful = Client(enforce_csrf_checks=True)
    token = "a" * 32
    careful.cookies["csrftoken"] = token
    form = {"login": alice.email, "password": "a wrong password"}
    for number in range(6):
        headers = {"Host": f"nudge.test:{1001 + number}", "X-CSRFToken": token}
        headers["Origin"] = f"http://{headers['Host']}"
        assert careful.post("/auth/login/", form, headers=headers).status_code == 403
    assert [by_page(client, n, FORGERIES["none"]) for n in range(6)] == [400] * 5 + [429]


@pytest.mark.parametrize(
    ("host", "secure", "expected"),
    [
        ("nudge.test", True, "nudge.test"),
        ("NuDge.Test", True, "nudge.test"),
        ("nudge.test:443", True, "nudge.test"),
        ("nudge.test:80", True, "nudge.test"),
        ("nudge.test:80", False, "nudge.test"),
        ("nudge.test.", True, "nudge.test"),
        ("nudge.test.:443", True, "nudge.test"),
        # A port of nobody would stand in the links of mails.
        ("nudge.test:8000", False, "nudge.test"),
        ("nudge.test:443", False, "nudge.test"),
        # Those of the settings stay: without them a browser's links and forms go elsewhere.
        ("NUDGE.test:8443", True, "nudge.test:8443"),
        ("nudge.test.:8444", True, "nudge.test:8444"),
        ("nudge.test:08443", True, "nudge.test"),
        ("LocalHost:8000", False, "localhost:8000"),
    ],
)
def test_a_host_has_one_spelling(rf, client, settings, host, secure, expected):
    settings.ALLOWED_HOSTS = ["nudge.test", "localhost"]
    settings.PUBLIC_BASE_URL = "https://nudge.test:8443"
    settings.CSRF_TRUSTED_ORIGINS = ["https://nudge.test:8444"]
    assert canonical_host(rf.get("/", headers={"Host": host}, secure=secure)) == expected
    told = client.get("/hello/", headers={"Host": host}, secure=secure)
    assert told.wsgi_request.get_host() == expected
