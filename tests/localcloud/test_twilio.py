"""The stub answers as Twilio does: the judge is Twilio's own client, which knows nothing of us."""

import os
import queue
import random
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import pytest

from localcloud.twilio import stub as program
from localcloud.twilio.callbacks import FAILING, UNDELIVERABLE, Callback, arranged
from localcloud.twilio.faults import BY_NAME, drips_headers
from localcloud.twilio.stub import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    TwilioStub,
    complains,
    loses_answer,
)
from tests.sms.conftest import FROM, TO

pytestmark = pytest.mark.enable_socket


def real_client(stub: TwilioStub, token: str = AUTH_TOKEN):
    """The `twilio` package, led to the stub: it has no setting for another origin."""
    from twilio.http.http_client import TwilioHttpClient
    from twilio.rest import Client

    class RebasedHttpClient(TwilioHttpClient):
        def request(self, method, url, **kwargs):
            origin, target = urlsplit(stub.url), urlsplit(url)
            rebased = (origin.scheme, origin.netloc, target.path, target.query, "")
            return super().request(method, urlunsplit(rebased), **kwargs)

    return Client(ACCOUNT_SID, token, http_client=RebasedHttpClient(timeout=5))


def refusal(call, **arguments: object) -> tuple[int, int, str]:
    """Status, code and message of the error that the package raises."""
    from twilio.base.exceptions import TwilioRestException

    with pytest.raises(TwilioRestException) as caught:
        call(**arguments)
    error = caught.value
    return error.status, error.code, error.msg.partition(": ")[2]


def test_a_created_message_can_be_fetched_and_listed(twilio):
    client = real_client(twilio)
    created = client.messages.create(to=TO, from_=FROM, body="hé & = +\n😀")
    other = client.messages.create(to="+15005550098", from_=FROM, body="b")
    assert (created.to, created.from_, created.body) == (TO, FROM, "hé & = +\n😀")
    assert (created.status, created.num_segments, created.error_code) == ("queued", "1", None)
    assert created.date_created.tzinfo is not None
    fetched = client.messages(created.sid).fetch()
    assert (fetched.sid, fetched.body) == (created.sid, created.body)
    assert client.messages(other.sid).fetch().to == "+15005550098"
    assert [message.sid for message in client.messages.list()] == [other.sid, created.sid]
    assert [message.sid for message in client.messages.list(to=TO)] == [created.sid]
    assert client.messages.list(from_="+15005550000") == []


def test_wrong_credentials_are_refused(twilio):
    client = real_client(twilio, "wrong")
    told = refusal(client.messages.create, to=TO, from_=FROM, body="a")
    assert told == (401, 20003, "Authenticate")
    assert twilio.messages == []


def test_another_account_and_another_message_are_not_found(twilio):
    client = real_client(twilio)
    status, code, _message = refusal(client.messages("SM" + "0" * 32).fetch)
    assert (status, code) == (404, 20404)
    foreign = client.api.accounts("AC" + "f" * 32).messages
    status, code, _message = refusal(foreign.create, to=TO, from_=FROM, body="a")
    assert (status, code) == (404, 20404)


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (1, (400, 21211, "The 'To' number +15005550001 is not a valid phone number.")),
        (2, (400, 21612, "The 'To' phone number is not currently reachable.")),
        (3, (403, 21408, "Permission to send an SMS has not been enabled for the region.")),
        (4, (400, 21610, "Attempt to send to unsubscribed recipient")),
        (9, (400, 21614, "'To' number is not a valid mobile number")),
    ],
)
def test_the_magic_recipients_are_refused(twilio, number, told):
    create = real_client(twilio).messages.create
    assert refusal(create, to=f"+1500555000{number}", from_=FROM, body="a") == told


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (1, (400, 21212, "The 'From' number +15005550001 is not a valid phone number.")),
        (7, (400, 21606, "The 'From' phone number is not owned by your account.")),
        (8, (429, 21611, "This 'From' number has exceeded the maximum of queued messages")),
    ],
)
def test_the_magic_senders_are_refused(twilio, number, told):
    create = real_client(twilio).messages.create
    assert refusal(create, to=TO, from_=f"+1500555000{number}", body="a") == told


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "", "from_": FROM, "body": "a"}, 21604),
        ({"to": TO, "body": "a"}, 21603),
        ({"to": TO, "from_": FROM}, 21602),
        ({"to": TO, "from_": FROM, "body": "a" * 1601}, 21617),
    ],
)
def test_what_is_missing_or_too_long_is_refused(twilio, fields, code):
    assert refusal(real_client(twilio).messages.create, **fields)[:2] == (400, code)


def test_a_fault_spoils_one_request(twilio):
    create = real_client(twilio).messages.create
    twilio.faults.append(complains(429, 20429, "Too Many Requests"))
    told = refusal(create, to=TO, from_=FROM, body="a")
    assert told == (429, 20429, "Too Many Requests")
    assert create(to=TO, from_=FROM, body="a").status == "queued"


def test_the_list_is_filtered_by_the_moment_of_sending(twilio):
    client = real_client(twilio)
    sid = client.messages.create(to=TO, from_=FROM, body="a").sid
    now = datetime.now(UTC)
    before, after = now - timedelta(days=2), now + timedelta(days=2)

    def sids(**filters: Any) -> list[str]:
        return [message.sid for message in client.messages.list(**filters)]

    assert (
        sids(date_sent=now) == sids(date_sent_after=before) == sids(date_sent_before=after) == [sid]
    )
    assert (
        sids(date_sent=before) == sids(date_sent_after=after) == sids(date_sent_before=before) == []
    )


def test_the_list_has_pages_that_the_package_follows(twilio):
    client = real_client(twilio)
    for _ in range(7):
        twilio.store({"To": [TO], "From": [FROM], "Body": ["a"]})
    twilio.store({"To": ["+15005550098"], "From": [FROM], "Body": ["a"]})
    listed = client.messages.list(to=TO, page_size=3)
    assert [message.sid for message in reversed(listed)] == [m["sid"] for m in twilio.messages[:7]]
    assert len(twilio.received) == 3


def test_a_pool_of_senders_is_taken(twilio):
    pool = f"MG{'0' * 32}"
    message = real_client(twilio).messages.create(to=TO, messaging_service_sid=pool, body="a")
    assert (message.from_, message.status, message.num_segments) == (None, "accepted", "0")
    assert message.messaging_service_sid == pool


def test_a_message_whose_answer_is_lost_exists(twilio):
    twilio.faults.append(loses_answer)
    with pytest.raises(OSError, match=r"aborted|closed|reset"):
        real_client(twilio).messages.create(to=TO, from_=FROM, body="a")
    [message] = real_client(twilio).messages.list()
    assert message.body == "a"


class Receiver:
    """Our side of the callbacks: judges each by Twilio's own validator."""

    def __init__(self) -> None:
        self._heard: queue.Queue[tuple[str, str]] = queue.Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                from twilio.request_validator import RequestValidator

                content = self.rfile.read(int(self.headers["Content-Length"])).decode()
                fields = {name: values[0] for name, values in parse_qs(content, True).items()}  # noqa: FBT003
                url, signature = f"{receiver.url}{self.path}", self.headers["X-Twilio-Signature"]
                valid = RequestValidator(AUTH_TOKEN).validate(url, fields, signature)
                receiver._heard.put((fields["MessageStatus"], fields.get("ErrorCode", "")))
                self.send_response(204 if valid else 403)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def heard(self, calls: int) -> list[tuple[str, str]]:
        """The first so many calls, as they come, and what else has come by then."""
        first = [self._heard.get(timeout=60) for _ in range(calls)]
        return [*first, *iter(lambda: None if self._heard.empty() else self._heard.get(), None)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver(monkeypatch) -> Iterator[Receiver]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    receiver = Receiver()
    yield receiver
    receiver.close()


STORIES = {
    TO: [("queued", ""), ("sent", ""), ("delivered", "")],
    **{
        number: [("queued", ""), ("sent", ""), ("undelivered", str(code))]
        for number, code in UNDELIVERABLE.items()
    },
    **{number: [("queued", ""), ("failed", str(code))] for number, code in FAILING.items()},
}


@pytest.mark.parametrize(("number", "story"), STORIES.items())
def test_the_callbacks_are_signed_as_twilio_signs_and_tell_the_story(receiver, number, story):
    with TwilioStub(callbacks="ordered") as stub:
        url = f"{receiver.url}/status/1/?a=b"
        created = real_client(stub).messages.create(
            to=number, from_=FROM, body="a", status_callback=url
        )
        heard = receiver.heard(len(story))  # the stub answers first and moves the message then
        fetched = real_client(stub).messages(created.sid).fetch()
    assert heard == story
    assert [status for _callback, status in stub.caller.made] == [204] * len(story)
    status, code = story[-1]
    assert (fetched.status, str(fetched.error_code or "")) == (status, code)


def test_the_callbacks_are_made_out_of_order_and_repeated_on_request(receiver):
    with TwilioStub(callbacks="reversed", repeat=2) as stub:
        create = real_client(stub).messages.create
        create(to=TO, from_=FROM, body="a", status_callback=receiver.url)
    assert receiver.heard(6) == [*reversed(STORIES[TO]), *reversed(STORIES[TO])]


def test_a_shuffle_is_repeatable():
    calls = [Callback(str(number), {}, "") for number in range(9)]
    dice = (random.Random(1), random.Random(1))  # noqa: S311
    once, again = (arranged(calls, "shuffled", 2, die) for die in dice)
    assert once == again
    assert once != calls * 2
    assert sorted(call.url for call in once) == sorted(call.url for call in calls * 2)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://127.0.0.1:{}/nothing"])
def test_a_callback_that_nobody_takes_does_no_harm(twilio, url):
    call = Callback(url.format(urlsplit(twilio.url).port), {"a": "b"}, "c")
    assert call.post() == (401 if "nothing" in url else 0)


def test_a_callback_waits_as_long_as_twilio_does(monkeypatch):
    """Fifteen seconds (Twilio, "Webhooks connection overrides")."""
    waited: list[float] = []

    def answer_never(_request, timeout):
        waited.append(timeout)
        raise TimeoutError

    monkeypatch.setattr(urllib.request, "urlopen", answer_never)
    assert Callback("http://127.0.0.1:1/", {"a": "b"}, "c").post() == 0
    assert waited == [15]


def test_every_so_manieth_creation_is_spoilt_and_asking_is_not():
    with TwilioStub(fault=BY_NAME["throttled"], every=3) as stub:
        client, refused = real_client(stub), []
        for number in range(1, 7):
            try:
                client.messages.create(to=TO, from_=FROM, body=str(number))
            except Exception:  # noqa: BLE001 - whatever the package raises
                refused.append(number)
            client.messages.list()
    assert refused == [3, 6]
    assert [message["body"] for message in stub.messages] == ["1", "2", "4", "5"]


def test_latency_delays_every_answer(monkeypatch):
    waited: list[float] = []
    with TwilioStub(latency=0.2) as stub:
        monkeypatch.setattr(stub.stopping, "wait", waited.append)
        real_client(stub).messages.list()
        real_client(stub).messages.list()
    assert waited == [0.2, 0.2]


def test_the_command_line_chooses_the_fault_and_prints_how_to_reach_it(monkeypatch, capsys):
    sids: list[str | None] = []

    class Asked(TwilioStub):
        def __enter__(self):
            super().__enter__()
            create = real_client(self).messages.create
            sids.extend(create(to=TO, from_=FROM, body="a").sid for _ in range(2))
            self.stopping.set()
            return self

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(program, "TwilioStub", Asked)
    monkeypatch.setattr(sys, "argv", ["stub", "--port", "0", "--fault", "no-sid", "--every", "2"])
    program.main()
    monkeypatch.setattr(sys, "argv", ["stub", "--port", "0"])
    program.main()
    assert [sid is None for sid in sids] == [False, True, False, False]
    lines = capsys.readouterr().out.splitlines()
    start = (
        f"ACCOUNT_SID={ACCOUNT_SID} AUTH_TOKEN={AUTH_TOKEN} TWILIO_API_BASE_URL=http://127.0.0.1:"
    )
    assert [line.startswith(start) for line in lines] == [True, True]


def test_one_command_starts_it():
    command = [sys.executable, "-u", "-m", "localcloud.twilio.stub", "--port", "0"]
    options = ["--callbacks", "shuffled", "--fault", "no-sid", "--every", "1"]
    environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
    with subprocess.Popen(  # noqa: S603
        [*command, *options], stdout=subprocess.PIPE, env=environment
    ) as process:
        try:
            line = process.stdout.readline().decode()
            told = dict(pair.split("=", 1) for pair in line.split())
            assert (told["ACCOUNT_SID"], told["AUTH_TOKEN"]) == (ACCOUNT_SID, AUTH_TOKEN)
            spoilt = type("Stub", (), {"url": told["TWILIO_API_BASE_URL"]})
            assert real_client(spoilt).messages.create(to=TO, from_=FROM, body="a").sid is None
        finally:
            process.terminate()


@pytest.mark.parametrize("client", ["stays", "has gone"])
def test_a_dripping_answer_ends_with_the_client_or_with_the_stub(client):
    written: list[bytes] = []

    def write(content: bytes) -> None:
        written.append(content)
        if len(written) == 3:
            stopping.set()
        if client == "has gone" and len(written) == 2:
            raise BrokenPipeError

    stopping = threading.Event()
    handler: Any = SimpleNamespace(
        wfile=SimpleNamespace(write=write), stopping=stopping, close_connection=False
    )
    drips_headers(handler)
    assert len(written) == {"stays": 3, "has gone": 2}[client]
    assert handler.close_connection is (client == "has gone")
