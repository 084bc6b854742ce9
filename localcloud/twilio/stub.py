"""A local server that behaves like Twilio's Messages API, including faults.

It creates, lists and fetches messages, requires Basic credentials, knows the magic numbers of
Twilio's test credentials (twilio.com/docs/iam/test-credentials), makes callbacks, and can be slow
or faulty. tests/localcloud/test_twilio.py checks it with the `twilio` package. To run it without an
account (--help has all options):

    python -m localcloud.twilio.stub --callbacks shuffled --fault loses-answer --every 10
"""

import argparse
import base64
import itertools
import random
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from localcloud.twilio.callbacks import ORDERS, Callback, Caller, arranged, callback, progress
from localcloud.twilio.faults import (
    BY_NAME,
    Fault,
    answers,
    closes,
    complains,
    cuts_body,
    drips_body,
    drips_headers,
    hangs,
    loses_answer,
)
from localcloud.twilio.handler import Handler
from localcloud.twilio.resources import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    PAGING,
    fault_of,
    is_wanted,
    new_message,
)

__all__ = [
    "ACCOUNT_SID",
    "AUTH_TOKEN",
    "TwilioStub",
    "answers",
    "closes",
    "complains",
    "cuts_body",
    "drips_body",
    "drips_headers",
    "hangs",
    "loses_answer",
]


@dataclass(frozen=True)
class Received:
    """A received request."""

    method: str
    path: str
    fields: dict[str, list[str]]
    authorization: str
    content_type: str


class Server(ThreadingHTTPServer):
    request_queue_size = 512  # for hundreds of simultaneous senders; the default of 5 refuses some
    daemon_threads = True
    stub: "TwilioStub"  # so that handlers find it


class TwilioStub:
    """`with TwilioStub() as twilio:`; `twilio.faults.append(fault)` breaks the next request."""

    def __init__(
        self,
        port: int = 0,
        *,
        latency: float = 0.0,
        callbacks: str = "off",
        repeat: int = 1,
        fault: Fault | None = None,
        every: int = 0,
        seed: int = 0,
    ) -> None:
        self.messages: list[dict[str, Any]] = []
        self.received: list[Received] = []
        self._arrival = threading.Condition()
        self.faults: deque[Fault] = deque()
        self.stopping = threading.Event()
        self.latency, self.callbacks, self.repeat = latency, callbacks, repeat
        self.caller = Caller()
        self._fault, self._every, self._creations = fault, every, itertools.count(1)
        self._dice = random.Random(seed)  # noqa: S311 - repeatable
        self._server = Server(("127.0.0.1", port), StubHandler)
        self._server.stub = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.caller.finish()

    def note(self, received: Received) -> None:
        with self._arrival:
            self.received.append(received)
            self._arrival.notify_all()

    def requests(self, number: int) -> list[Received]:
        """All requests; waits until there are at least this many."""
        with self._arrival:
            self._arrival.wait_for(lambda: len(self.received) >= number, timeout=60)
            return list(self.received)

    def next_fault(self, method: str) -> Fault | None:
        """The fault that a test has queued, or the configured one of every n-th creation."""
        if self.faults:
            return self.faults.popleft()
        due = method == "POST" and self._every and next(self._creations) % self._every == 0
        return self._fault if due else None

    def store(self, fields: dict[str, list[str]]) -> dict[str, Any]:
        message = new_message(fields)
        self.messages.append(message)
        return message

    def move(self, message: dict[str, Any], status: str, error_code: int | None = None) -> None:
        now = format_datetime(datetime.now(UTC))
        message |= {"status": status, "error_code": error_code, "date_updated": now}
        if status == "sent":
            message["date_sent"] = now

    def callbacks_of(self, message: dict[str, Any], url: str) -> list[Callback]:
        statuses = progress(message["to"])
        return [callback(message, url, status, code, AUTH_TOKEN) for status, code in statuses]

    def send_out(self, message: dict[str, Any], fields: dict[str, list[str]]) -> None:
        """Send the message and make its callbacks, in the configured order."""
        if self.callbacks == "off":
            return
        for status, code in progress(message["to"]):
            self.move(message, status, code)
        if url := fields.get("StatusCallback", [""])[0]:
            calls = self.callbacks_of(message, url)
            self.caller.put(arranged(calls, self.callbacks, self.repeat, self._dice))


class StubHandler(Handler):
    server: Server

    @property
    def stub(self) -> TwilioStub:
        return self.server.stub

    @property
    def stopping(self) -> threading.Event:
        return self.stub.stopping

    def create(self) -> None:
        self._serve(self._create)

    def show(self) -> None:
        self._serve(self._show)

    def _serve(self, respond: Callable[[str, dict[str, list[str]]], None]) -> None:
        split = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.fields = fields = parse_qs(body or split.query, keep_blank_values=True)
        authorization = self.headers.get("Authorization", "")
        content_type = self.headers.get("Content-Type", "")
        received = Received(self.command, split.path, fields, authorization, content_type)
        self.stub.note(received)
        self.stub.stopping.wait(self.stub.latency)
        if fault := self.stub.next_fault(self.command):
            fault(self)
        elif authorization != basic(ACCOUNT_SID, AUTH_TOKEN):
            self.complain(401, 20003, "Authenticate")
        else:
            respond(split.path, fields)

    def _create(self, path: str, fields: dict[str, list[str]]) -> None:
        if path != f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json":
            self.complain(404, 20404, f"The requested resource {path} was not found")
        elif fault := fault_of(fields):
            self.complain(*fault)
        else:
            message = self.stub.store(fields)
            self.reply(201, message)
            self.stub.send_out(message, fields)

    def create_silently(self) -> None:
        self.stub.send_out(self.stub.store(self.fields), self.fields)

    def _show(self, path: str, fields: dict[str, list[str]]) -> None:
        name = path.rpartition("/")[2]
        if name == "Messages.json":
            self.reply(200, self._page(path, fields))
            return
        for message in self.stub.messages:
            if message["sid"] == name.removesuffix(".json"):
                self.reply(200, message)
                return
        self.complain(404, 20404, f"The requested resource {path} was not found")

    def _page(self, path: str, fields: dict[str, list[str]]) -> dict[str, Any]:
        page, size = (int(fields.get(name, [std])[0]) for name, std in PAGING.items())
        wanted = [message for message in reversed(self.stub.messages) if is_wanted(message, fields)]
        start, end = page * size, (page + 1) * size
        rows = wanted[start:end]

        def uri(number: int) -> str:
            query = {name: values[0] for name, values in fields.items()} | {"Page": number}
            return f"{path}?{urlencode(query)}"

        return {
            "messages": rows,
            "page": page,
            "page_size": size,
            "start": start,
            "end": start + max(len(rows) - 1, 0),
            "uri": uri(page),
            "first_page_uri": uri(0),
            "next_page_uri": uri(page + 1) if end < len(wanted) else None,
            "previous_page_uri": uri(page - 1) if page else None,
        }


def basic(user: str, password: str) -> str:
    """RFC 7617."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run a local stub of Twilio's Messages API.")
    parser.add_argument("--port", type=int, default=8112)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each response")
    parser.add_argument("--callbacks", choices=("off", *ORDERS), default="ordered")
    parser.add_argument("--repeat", type=int, default=1, help="how often to make each callback")
    parser.add_argument("--fault", choices=BY_NAME, help="the fault of every --every-th send")
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="of the order of the callbacks")
    return parser.parse_args()


def main() -> None:
    options = vars(_arguments())
    if (name := options.pop("fault")) is None:
        options["every"] = 0
    with TwilioStub(fault=BY_NAME.get(name), **options) as running:
        sys.stdout.write(
            f"ACCOUNT_SID={ACCOUNT_SID} AUTH_TOKEN={AUTH_TOKEN} TWILIO_API_BASE_URL={running.url}\n"
        )
        sys.stdout.flush()
        running.stopping.wait()


if __name__ == "__main__":
    main()
