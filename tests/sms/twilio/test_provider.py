"""The Twilio provider: what it sends, and what it makes of every fault (research by experiment).

Only two outcomes may be repeated, so every fault after the request left must be Unknown.
"""

import socket
import ssl
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from django.test import override_settings
from urllib3 import HTTPSConnectionPool, exceptions

from localcloud.twilio import stub as faults
from localcloud.twilio.stub import ACCOUNT_SID, AUTH_TOKEN, answers, complains
from sms.providers import OutgoingMessage
from sms.providers import http as backend
from sms.providers.twilio.provider import TwilioProvider
from sms.results import (
    Accepted,
    AcceptedWithoutId,
    NotSent,
    RefusalReason,
    Refused,
    Result,
    Throttled,
    Unknown,
)
from tests.localcloud.test_twilio import real_client
from tests.sms.conftest import FROM, TO

pytestmark = pytest.mark.enable_socket


CALLBACK = "https://nudge.example.com/production/service/sms/status/1/"
POOL = f"MG{'0123456789abcdef' * 2}"


def hand_over(body: str = "hey mate!!!", to: str = TO, **more: Any) -> Result:
    return TwilioProvider().send(OutgoingMessage(to=to, from_number=FROM, body=body, **more))


def assert_healthy(stub) -> None:
    """The next call is as if nothing had happened."""
    assert hand_over("next") == Accepted(stub.messages[-1]["sid"])


@pytest.mark.parametrize("body", ["hey mate!!!", "hé & = + %\n😀 x", "a" * 1600])
def test_a_text_is_accepted_with_its_sid(twilio, body):
    assert hand_over(body) == Accepted(twilio.messages[0]["sid"])
    [message] = twilio.messages
    assert (message["to"], message["from"], message["body"]) == (TO, FROM, body)


@pytest.mark.parametrize("body", ["hey mate!!!", "hé & = + %\n😀 x"])
def test_the_request_is_the_one_that_twilios_own_package_sends(twilio, body):
    hand_over(body)
    real_client(twilio).messages.create(to=TO, from_=FROM, body=body)
    ours, theirs = twilio.received
    assert ours == theirs


FAULTS = {
    "closed after the request": (
        faults.closes,
        Unknown("The connection broke off (ProtocolError)."),
    ),
    "cut body": (faults.cuts_body, Unknown("The answer broke off (ProtocolError).")),
    "201 without sid": (answers(201, {"status": "queued"}), AcceptedWithoutId()),
    "201, sid null": (answers(201, {"sid": None}), AcceptedWithoutId()),
    "201, sid of rubbish": (answers(201, {"sid": "\u0000" * 70}), AcceptedWithoutId()),
    "200 empty": (answers(200), AcceptedWithoutId()),  # as the package: sid None
    "200, a list": (answers(200, []), AcceptedWithoutId()),
    "201 not JSON": (answers(201, b"<html>"), Unknown("The answer is not JSON.")),
    "201 nested": (answers(201, b"[" * 60_000), Unknown("The answer is not JSON.")),
    "201 endless": (answers(201, b" " * 200_000), Unknown("The answer is not JSON.")),
    "201, the id beyond the bound": (
        answers(201, b" " * 66_000 + b'{"sid": "SM1"}'),
        Unknown("The answer is not JSON."),
    ),
    "302": (answers(302, b"", Location="/2010-04-01/elsewhere"), Unknown("HTTP 302.")),
    "400 with a code": (
        complains(400, 21211, "The 'To' number is not valid."),
        Refused("The 'To' number is not valid.", "21211", 400, RefusalReason.INVALID_RECIPIENT),
    ),
    "400 not JSON": (answers(400, b"no"), Refused("The provider answered HTTP 400.", "400", 400)),
    "400, strange types": (
        answers(400, {"code": [], "message": {}}),
        Refused("The provider answered HTTP 400.", "400", 400),
    ),
    "400, what no database stores": (
        answers(400, {"code": True, "message": "a\u0000b\ud800c\n"}),
        Refused("a b c", "400", 400),
    ),
    "401": (
        complains(401, 20003, "Authenticate"),
        Refused("Authenticate", "20003", 401, RefusalReason.CREDENTIALS),
    ),
    "403": (
        complains(403, 21408, "Not enabled."),
        Refused("Not enabled.", "21408", 403, RefusalReason.REGION_NOT_ALLOWED),
    ),
    "429": (
        complains(429, 20429, "Too Many Requests"),
        Throttled("Too Many Requests", "20429", 30),
    ),
    "429 with Retry-After": (
        complains(429, 20429, "Too Many Requests", Retry_After="7"),
        Throttled("Too Many Requests", "20429", 7),
    ),
    "429 with retry-after": (  # RFC 9110, 5.1: the case of a name does not matter
        answers(429, {"code": 20429, "message": "Later"}, retry_after="120"),
        Throttled("Later", "20429", 120),
    ),
    "429 with a date": (
        complains(429, 20429, "Too Many Requests", Retry_After="Fri, 20 Nov 2026 12:00:00 GMT"),
        Throttled("Too Many Requests", "20429", 30),
    ),
    "429 for a year": (
        complains(429, 20429, "Too Many Requests", Retry_After="31536000"),
        Throttled("Too Many Requests", "20429", 86400),
    ),
    "500": (complains(500, 20500, "Internal Server Error"), Unknown("HTTP 500.")),
    "503 in HTML": (answers(503, b"<html>"), Unknown("HTTP 503.")),
}


@pytest.mark.parametrize(("fault", "outcome"), FAULTS.values(), ids=FAULTS)
def test_a_fault_has_its_outcome_after_one_request_and_the_next_call_is_healthy(
    twilio, fault, outcome
):
    twilio.faults.append(fault)
    assert hand_over() == outcome
    assert len(twilio.received) == 1
    assert_healthy(twilio)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (faults.hangs, "The connection broke off (ReadTimeoutError)."),
        (faults.drips_body, "No answer in time."),
        (faults.drips_headers, "No answer in time."),
    ],
)
def test_a_slow_fault_is_unknown_in_time_and_the_next_call_is_healthy(
    twilio, monkeypatch, fault, reason
):
    """The real bounds are seconds; what they lead to is the same.

    Whoever waits for the end of such an answer is told something else, and much later.
    """
    twilio.faults.append(fault)
    with monkeypatch.context() as patch:
        patch.setattr(backend, "READ_SECONDS", 0.2)
        patch.setattr(backend, "CALL_SECONDS", 30 if fault is faults.hangs else 0.2)
        assert hand_over() == Unknown(reason)
    assert len(twilio.requests(1)) == 1
    assert_healthy(twilio)


def test_the_real_bounds_are_below_ten_seconds():
    assert (backend.CONNECT_SECONDS, backend.READ_SECONDS) == (3.05, 8.0)
    assert backend.CALL_SECONDS < 10


def test_a_refused_connection_sent_nothing(twilio):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with override_settings(TWILIO_API_BASE_URL=f"http://127.0.0.1:{port}"):
        assert hand_over() == NotSent("No connection (NewConnectionError).")
    assert_healthy(twilio)


def test_an_unknown_name_sent_nothing(twilio, monkeypatch):
    def unknown(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    elsewhere = override_settings(TWILIO_API_BASE_URL="https://api.twilio.invalid")
    with elsewhere, monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", unknown)
        assert hand_over() == NotSent("No connection (NameResolutionError).")
    assert_healthy(twilio)


@pytest.fixture
def full_server() -> Iterator[str]:
    """Listens and takes nobody: the queue of connections is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(8)]
        for client in waiting:
            client.settimeout(0)
            client.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        for client in waiting:
            client.close()


def test_a_connection_that_is_never_made_sent_nothing(twilio, settings, monkeypatch, full_server):
    elsewhere = override_settings(TWILIO_API_BASE_URL=full_server)
    with elsewhere, monkeypatch.context() as patch:
        patch.setattr(backend, "CONNECT_SECONDS", 0.2)
        assert hand_over() == NotSent("No connection (ConnectTimeoutError).")
    assert_healthy(twilio)


def test_a_failed_handshake_sent_nothing(twilio):
    with override_settings(TWILIO_API_BASE_URL=twilio.url.replace("http", "https")):
        assert hand_over() == NotSent("No secure connection (SSLError).")
    assert twilio.received == []
    assert_healthy(twilio)


def test_a_tls_error_while_the_answer_is_read_is_unknown(twilio, monkeypatch):
    """`requests` tells both by one exception; only a failed handshake proves that nothing left."""

    def fails(*args: object, **kwargs: object) -> None:
        reason = exceptions.SSLError(ssl.SSLError(1, "decryption failed or bad record mac"))
        pool = HTTPSConnectionPool("api.twilio.com")
        raise requests.exceptions.SSLError(exceptions.MaxRetryError(pool, "/", reason))

    monkeypatch.setattr(requests, "request", fails)
    assert hand_over() == Unknown("The connection broke off (SSLError).")


@pytest.mark.parametrize("error", [requests.RequestException(), requests.Timeout("x")])
def test_an_error_that_tells_nothing_is_unknown(twilio, monkeypatch, error):
    def fails(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr(requests, "request", fails)
    assert hand_over() == Unknown(f"The connection broke off ({_shown(error)}).")


def _shown(error: Exception) -> str:
    return type(error.args[0]).__name__ if error.args else type(error).__name__


@pytest.mark.parametrize("url", ["", "http://", "api.twilio.com", "https://[::1", "ftp://a"])
def test_a_url_that_is_none_sent_nothing(twilio, url):
    with override_settings(TWILIO_API_BASE_URL=url):
        assert isinstance(hand_over(), NotSent)
    assert_healthy(twilio)


def test_our_own_errors_are_not_swallowed(twilio, monkeypatch):
    """The service turns them into Unknown and logs them; here they would be lost in a thread."""
    monkeypatch.setattr(backend, "_read", lambda _response, _bytes: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        hand_over()


def test_an_answer_that_quotes_our_credentials_is_cleaned(twilio):
    quoting = f"Resource /Accounts/{ACCOUNT_SID}/ for {AUTH_TOKEN} was not found"
    twilio.faults.append(complains(404, 20404, quoting))
    expected = "Resource /Accounts/[redacted]/ for [redacted] was not found"
    assert hand_over() == Refused(expected, "20404", 404, RefusalReason.CREDENTIALS)


def test_credentials_beyond_latin_1_are_sent_as_utf_8(twilio, settings):
    settings.TWILIO_AUTH_TOKEN = "kłucz"
    assert hand_over() == Refused("Authenticate", "20003", 401, RefusalReason.CREDENTIALS)
    assert twilio.received[0].authorization == faults.basic(ACCOUNT_SID, "kłucz")


def test_a_trailing_slash_of_the_base_url_does_not_matter(twilio, settings):
    settings.TWILIO_API_BASE_URL += "/"
    assert isinstance(hand_over(), Accepted)


def test_the_body_of_an_answer_is_read_up_to_a_bound():
    pieces = iter([b"a" * 40_000, b"b" * 25_536, b"never read"])
    response = requests.Response()
    response.raw = SimpleNamespace(read1=lambda amount: next(pieces)[:amount])
    assert len(backend._read(response, 64 * 1024)) == 64 * 1024
    assert next(pieces) == b"never read"
