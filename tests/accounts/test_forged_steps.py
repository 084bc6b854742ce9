"""Whatever a request says of itself, five wrong codes of a second step are looked at.

A token is right or wrong by itself: no header makes another one of it.
"""

import itertools
import json
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client

from localcloud.lambda_events import CONTEXT
from tests.accounts.conftest import AUTH, PASSWORD, Phone
from tests.accounts.factors import FINISH, half_logged_in, logged_in, set_up_app
from tests.accounts.test_forgeries import FORGERIES, SHAPES, event_of
from tests.config.test_scopes import token_of
from tests.serverless.browser import answer
from tests.serverless.conftest import handler

__all__ = ["handler"]

PLACES, KINDS = ("server", *SHAPES), ("log-in", "proof", "page")
# Each place and each kind of step at once; all of them together at night.
FEW = {("server", kind) for kind in KINDS} | {(place, "log-in") for place in PLACES}
ALL = [
    pytest.param(*pair, marks=[] if pair in FEW else pytest.mark.nightly)
    for pair in itertools.product(PLACES, KINDS)
]
CSRF = "a" * 32
Send = Callable[[int, str, dict[str, str], str], int]


@pytest.fixture
def send(place, handler, settings) -> Send:
    """The status that a POST gets: guess number n comes from an address of its own."""
    settings.ALLOWED_HOSTS = [".nudge.test", "testserver"]

    def ask(number: int, path: str, headers: dict[str, str], body: str) -> int:
        headers = {"Host": "nudge.test", **headers}
        if place != "server":
            for signal in (request_started, request_finished):
                signal.disconnect(close_old_connections)  # Django's client connects it again
            event = event_of(place, number, headers, path, body)
            return int(answer(handler(event, CONTEXT)).status)
        client = Client(REMOTE_ADDR=f"198.51.100.{number}")
        kind = headers["Content-Type"]
        return int(client.post(path, body, content_type=kind, headers=headers).status_code)

    return ask


def steps_of_api(route: str, tokens: list[str | None]) -> list[tuple[str, dict[str, str], str]]:
    kind = {"Content-Type": "application/json"}
    body = json.dumps({"code": "000000"})
    return [(AUTH + route, kind | {"Authorization": f"Bearer {it}"}, body) for it in tokens]


def steps_of_page(email: str) -> tuple[str, dict[str, str], str]:
    browser = Client()
    browser.post("/auth/login/", {"login": email, "password": PASSWORD})
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"sessionid={browser.cookies['sessionid'].value}; csrftoken={CSRF}",
        "X-CSRFToken": CSRF,
        "Referer": "https://nudge.test/",
    }
    return "/auth/2fa/authenticate/", headers, urlencode({"code": "000000"})


@pytest.mark.wide
@pytest.mark.parametrize(("place", "kind"), ALL)
def test_no_forgery_gets_a_sixth_guess_at_a_second_step(send, alice, kind):
    """Each of the first five has a half-opened session, an address and a forgery of its own."""
    owner = logged_in(alice, "203.0.113.1")
    set_up_app(owner)
    if kind == "page":
        steps = [steps_of_page(alice.email) for _ in range(6)]
    elif kind == "proof":
        steps = steps_of_api("auth/2fa/reauthenticate", [owner.token] * 6)
    else:
        halves = [half_logged_in(alice, f"198.51.100.{n}").token for n in range(6)]
        steps = steps_of_api(FINISH, halves)

    def guess(number: int, forged: dict[str, str]) -> int:
        path, headers, body = steps[number]
        forged = {name: value for name, value in forged.items() if name != "email"}
        if "Cookie" in forged and "Cookie" in headers:
            forged["Cookie"] = f"{headers['Cookie']}; {forged['Cookie']}"
        status = send(number, path, headers | forged, body)
        return {200: 400}.get(status, status)  # the page shows its errors

    forgeries = list(FORGERIES.values())
    first = [guess(n, forgeries[-1 - n](n)) for n in range(5)]
    assert first == [400] * 5
    later = {name: guess(5, forgery(6)) for name, forgery in FORGERIES.items()}
    assert later == dict.fromkeys(FORGERIES, 429)


@pytest.mark.parametrize("place", PLACES)
def test_no_forgery_makes_a_wrong_token_a_right_one(send, alice, bob):
    right, wrong = token_of(alice, "read", "write"), token_of(bob, "read", "write")
    bob.api_tokens.all().delete()
    kind = {"Content-Type": "application/json", "Authorization": f"Bearer {wrong}"}
    path, body = "/api/v1/todos/", json.dumps({"title": "Buy milk"})
    forgeries = {name: forgery(6) for name, forgery in FORGERIES.items()} | {
        "X-Session-Token": {"X-Session-Token": right},
        "Cookie": {"Cookie": f"sessionid={right}; token={right}"},
        "another scheme": {"Authorization": f"Token {right}"},
        "X-Forwarded-Authorization": {"X-Forwarded-Authorization": f"Bearer {right}"},
        "X-Amzn-Remapped-Authorization": {"X-Amzn-Remapped-Authorization": f"Bearer {right}"},
        "X-User-Id": {"X-User-Id": str(alice.pk), "Remote-User": alice.email},
    }
    told = {
        name: send(n, path, kind | forged, body)
        for n, (name, forged) in enumerate(forgeries.items())
    }
    assert told == dict.fromkeys(forgeries, 401)
    assert send(7, f"{path}?token={right}", kind, body) == 401
    assert send(7, path, kind | {"Authorization": f"Bearer {right}"}, body) == 201
    assert Phone("198.51.100.7").log_in(alice.email).status_code == 200
