"""Notifications, as a push service and a browser get them."""

import base64
import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import http_ece
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core import mail
from django.core.management import call_command
from django.test import Client
from py_vapid import Vapid02

from accounts.models import User
from tests.builders import make_todo
from tests.todos.reminders.conftest import NOON, run, soon
from todos.models import Due, Notice, PushSubscription, Todo
from todos.reminders.channels import push

pytestmark = pytest.mark.django_db(transaction=True)
PUSH, LATER = "/api/v1/account/push/", NOON + timedelta(minutes=10)
MOZILLA = "https://updates.push.services.mozilla.com/wpush/v2/"


def text(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


class Browser:
    """Subscribes, and decrypts what its push service brings."""

    def __init__(self, name: str) -> None:
        self.endpoint, self.auth = f"{MOZILLA}{name}", name.encode().ljust(16, b"-")[:16]
        self.key = ec.generate_private_key(ec.SECP256R1())

    def subscription(self, **changes: Any) -> dict[str, Any]:
        public = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": text(public), "auth": text(self.auth)}
        return {"endpoint": self.endpoint, "keys": keys, **changes}

    def read(self, body: bytes) -> Any:
        told = http_ece.decrypt(
            body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"
        )
        return json.loads(told)


class Service:
    """The push service; `answers` are statuses or errors, by the end of the endpoint."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes, dict[str, str]]] = []
        self.answers: dict[str, Any] = {}
        self.options: dict[str, Any] = {}

    def request(self, verb: str, url: str, *, data: bytes, headers: Any, **options: Any) -> Any:
        self.got.append((url, data, headers))
        self.options = options
        answer = self.answers.get(url.rpartition("/")[2], 201)
        if isinstance(answer, Exception):
            raise answer
        made = requests.Response()
        made.status_code = answer
        made.raw = BytesIO()
        return made


@pytest.fixture
def service(settings, monkeypatch) -> Service:
    made, told = Service(), Told()
    call_command("make_push_keys", stdout=told)
    settings.PUSH_PRIVATE_KEY, settings.PUSH_PUBLIC_KEY = told.values
    settings.PUSH_CONTACT = "mailto:operator@example.com"
    monkeypatch.setattr(requests, "request", made.request)
    public = [(2, 1, 6, "", ("34.117.65.55", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: public)
    return made


class Told:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> None:
        self.lines.append(line)

    @property
    def values(self) -> Iterator[str]:
        return (line.strip().partition("=")[2] for line in self.lines)


@pytest.fixture
def subscribed(api, alice, service) -> Browser:
    browser = Browser("one")
    User.objects.filter(pk=alice.pk).update(reminder_channel="push")
    assert api(alice).post(PUSH, browser.subscription()).status_code == 201
    return browser


def states() -> list[tuple[str, str, str]]:
    rows = Notice.objects.order_by("created_at", "-channel")
    return list(rows.values_list("channel", "state", "reason"))


def test_a_browser_decrypts_the_reminder_and_its_buttons_work(service, subscribed, alice, noon):
    due = Due.read("2026-11-20T13:00")
    todo = make_todo(alice, "<b>牛奶</b> \u202emilk", due=due, reminders=[soon()])
    for _ in range(2):
        run(noon, LATER)
    [(url, body, headers)] = service.got
    told = subscribed.read(body)
    notice = Notice.objects.get()
    assert (url, states()) == (subscribed.endpoint, [("push", "sent", "")])
    done, snooze = told.pop("acts")
    assert told == {
        "title": "<b>牛奶</b> milk",
        "body": "today 13:00",
        "todo": str(todo.pk),
        "tag": str(notice.pk),
    }
    assert (done["name"], snooze["name"]) == ("done", "snooze")
    assert len(body) < 4096
    assert {name: headers[name] for name in ("TTL", "Urgency", "Content-Encoding", "Topic")} == {
        "TTL": "21600",
        "Urgency": "high",
        "Content-Encoding": "aes128gcm",
        "Topic": notice.pk.hex,
    }
    assert service.options["allow_redirects"] is False
    assert Vapid02.verify(auth=headers["Authorization"])
    claims = json.loads(push.decoded(headers["Authorization"].split(".")[1]))
    assert claims == {
        "aud": "https://updates.push.services.mozilla.com",
        "exp": int((LATER + timedelta(hours=12)).timestamp()),  # RFC 8292, 2: 24 at most
        "sub": "mailto:operator@example.com",
    }
    careful = Client(enforce_csrf_checks=True)
    path = f"/reminders/{done['token']}/now/"
    assert careful.get(path).status_code == 405
    assert [careful.post(path).status_code for _ in range(2)] == [204, 204]
    assert (Todo.objects.get().status, Todo.objects.get().version) == ("finished", 2)
    assert careful.post(f"/reminders/{snooze['token'][:-1]}/now/").status_code == 410


def test_a_digest_is_one_notification_without_buttons(service, subscribed, alice, noon):
    for number in range(8):
        make_todo(alice, f"to-do {number} " + "字" * 110, reminders=[soon(1)])
    run(noon, NOON + timedelta(days=1))
    [(_url, body, _headers)] = service.got
    told = subscribed.read(body)
    assert (told["title"], told["todo"], told["acts"]) == ("8 reminders", None, [])
    assert (told["body"].count("\n"), len(body) < 4096) == (4, True)


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_has_gone_is_forgotten_and_mail_stands_in(
    service, subscribed, api, alice, noon, status
):
    service.answers["one"] = status
    make_todo(alice, reminders=[soon()])
    run(noon, LATER)
    assert states() == [("push", "failed", "no_browser"), ("email", "sent", "")]
    assert len(mail.outbox) == 1
    phone = api(alice)
    assert phone.get(PUSH).json()["browsers"] == []
    assert phone.get("/api/v1/account/").json()["channels_off"] == ["push"]
    phone.post(PUSH, subscribed.subscription())
    assert phone.get("/api/v1/account/").json()["channels_off"] == []


def test_one_browser_of_two_is_enough(service, subscribed, api, alice, noon):
    other = Browser("two")
    api(alice).post(PUSH, other.subscription())
    service.answers["one"] = 410
    make_todo(alice, reminders=[soon()])
    run(noon, LATER)
    assert states() == [("push", "sent", "")]
    assert [it.endpoint for it in PushSubscription.objects.all()] == [other.endpoint]


@pytest.mark.parametrize(
    ("answer", "then"),
    [
        (503, [("push", "queued", "http_503")]),
        (429, [("push", "queued", "http_429")]),
        (requests.ConnectTimeout(), [("push", "queued", "ConnectTimeout")]),
        (requests.ReadTimeout(), [("push", "unknown", "ReadTimeout")]),
        (400, [("push", "failed", "http_400"), ("email", "sent", "")]),
        (307, [("push", "failed", "http_307"), ("email", "sent", "")]),
    ],
)
def test_what_becomes_of_an_answer(service, subscribed, alice, noon, answer, then):
    service.answers["one"] = answer
    make_todo(alice, reminders=[soon()])
    run(noon, LATER)
    assert states() == then
    alice.refresh_from_db()
    assert alice.channels_off == {}


def test_what_was_not_sent_is_sent_later_and_given_up_after_a_day(service, subscribed, alice, noon):
    service.answers["one"] = 503
    make_todo(alice, reminders=[soon()])
    run(noon, LATER)
    run(noon, LATER + timedelta(hours=23))
    assert states() == [("push", "queued", "http_503")]
    run(noon, LATER + timedelta(hours=25))
    assert states() == [("push", "failed", "http_503"), ("email", "sent", "")]


def test_nothing_is_sent_to_our_own_network(
    service, subscribed, alice, noon, monkeypatch, settings
):
    for address in ("10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00::1"):
        found = [(2, 1, 6, "", (address, 443))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, it=found, **_k: it)
        make_todo(alice, address, reminders=[soon()])
        noon.shift(timedelta(minutes=11))
        run(noon, NOON + timedelta(hours=1))
        noon.move_to(NOON, tick=False)
    settings.PUSH_HOSTS = ["fcm.googleapis.com"]
    make_todo(alice, "no longer allowed", reminders=[soon()])
    run(noon, LATER)
    assert service.got == []
    assert {reason for channel, _s, reason in states() if channel == "push"} == {"not_allowed"}


def test_without_keys_of_the_server_there_are_no_notifications(subscribed, alice, noon, settings):
    settings.PUSH_PRIVATE_KEY = ""
    make_todo(alice, reminders=[soon()])
    run(noon, LATER)
    assert states() == [("email", "sent", "")]


def test_a_key_that_is_no_point_harms_nobody(service, subscribed, alice, noon):
    PushSubscription.objects.update(p256dh=text(b"\4" + b"\1" * 64))
    make_todo(alice, reminders=[soon()])
    run(noon, LATER)
    assert states() == [("push", "failed", "bad_keys"), ("email", "sent", "")]


@pytest.mark.parametrize(
    "endpoint",
    [
        *("http://fcm.googleapis.com/x", "https://evil.example.com/x", "https://[::1]/x"),
        *("https://fcm.googleapis.com.evil.com/x", "https://fcm.googleapis.com:8443/x"),
        *("https://u:p@fcm.googleapis.com/x", "https://evil.com\\@fcm.googleapis.com/x"),
        *("https://notify.windows.com/x", "https://fcm.googleapis.com:x/", "https://127.0.0.1/x"),
        *("ftp://fcm.googleapis.com/x", "fcm.googleapis.com", "https://[x/"),
        *("https://fcm.googleapis.com/a b", "https://fcm.googleapis.com/a\nb"),
        *("https://fcm.googleapis.com/\u202ea", "https://fcm.googleapis.com/é"),
    ],
)
def test_only_push_services_are_taken(endpoint, api, alice, service):
    answer = api(alice).post(PUSH, Browser("x").subscription(endpoint=endpoint))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "endpoint_not_allowed")
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    "keys",
    [
        *({"auth": "AAAA"}, {"auth": "A" * 21}, {"p256dh": text(b"\4" * 64)}, {"auth": "x" * 90}),
        *({"auth": int("1" * 22)}, {"auth": "\uff21" * 22}, {"auth": None}),
    ],
)
def test_keys_are_text_of_their_lengths(keys, api, alice, service):
    body = Browser("x").subscription()
    answer = api(alice).post(PUSH, {**body, "keys": {**body["keys"], **keys}})
    assert answer.status_code == 400


@pytest.mark.parametrize("keys", [[], "x", 1])
def test_what_is_wrong_with_all_keys_is_about_the_keys(keys, api, alice, service):
    [error] = api(alice).post(PUSH, Browser("x").subscription(keys=keys)).json()["errors"]
    assert (error["code"], error["attr"]) == ("invalid", "keys")


def test_a_browser_is_one_however_its_host_is_written(api, alice, service):
    browser, phone, others = Browser("One"), api(alice), ("MOZILLA.com", "mozilla.com:443")
    assert phone.post(PUSH, browser.subscription()).status_code == 201
    for other in others:
        endpoint = browser.endpoint.replace("mozilla.com", other).replace("https", "HTTPS")
        assert phone.post(PUSH, browser.subscription(endpoint=endpoint)).status_code == 200
    assert [row.endpoint for row in PushSubscription.objects.all()] == [browser.endpoint]


def test_browsers_are_a_persons_own(api, alice, bob, service, subscribed, settings):
    phone = api(alice)
    again = phone.post(PUSH, subscribed.subscription())
    [shown] = phone.get(PUSH).json()["browsers"]
    assert (again.status_code, again.json()) == (200, shown)
    assert shown["service"] == "updates.push.services.mozilla.com"
    assert api(bob).delete(f"{PUSH}{shown['id']}/").status_code == 404
    assert api(bob).post(PUSH, subscribed.subscription()).status_code == 201
    assert phone.get(PUSH).json() == {"public_key": settings.PUSH_PUBLIC_KEY, "browsers": []}
    [taken] = api(bob).get(PUSH).json()["browsers"]
    assert api(bob).delete(f"{PUSH}{taken['id']}/").status_code == 204
    assert not PushSubscription.objects.exists()


def test_an_account_has_at_most_ten(api, alice, service):
    phone = api(alice)
    answers = [phone.post(PUSH, Browser(f"b{n}").subscription()) for n in range(11)]
    assert [answer.status_code for answer in answers] == [201] * 10 + [409]
    [error] = answers[-1].json()["errors"]
    assert (error["code"], "10 browsers" in error["detail"]) == ("quota_reached", True)
