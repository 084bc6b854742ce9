"""A server on this machine that answers as Twilio's Messages API does, faults included.

It creates, lists and fetches messages, asks for Basic credentials and knows the magic numbers of
Twilio's test credentials (twilio.com/docs/iam/test-credentials). tests/sms/test_twilio_stub.py
compares it with what the `twilio` package expects. By hand, without an account:

    python -m tests.sms.twilio_stub [port]
"""

import base64
import json
import sys
import threading
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

ACCOUNT_SID = f"AC{'0123456789abcdef' * 2}"
AUTH_TOKEN = "an-auth-token-of-nobody"
MAX_BODY = 1600

# number: (status, code, message) where it is the recipient
BAD_RECIPIENTS = {
    "+15005550001": (400, 21211, "The 'To' number +15005550001 is not a valid phone number."),
    "+15005550002": (400, 21612, "The 'To' phone number is not currently reachable."),
    "+15005550003": (403, 21408, "Permission to send an SMS has not been enabled for the region."),
    "+15005550004": (400, 21610, "Attempt to send to unsubscribed recipient"),
    "+15005550009": (400, 21614, "'To' number is not a valid mobile number"),
}
BAD_SENDERS = {
    "+15005550001": (400, 21212, "The 'From' number +15005550001 is not a valid phone number."),
    "+15005550007": (400, 21606, "The 'From' phone number is not owned by your account."),
    "+15005550008": (429, 21611, "This 'From' number has exceeded the maximum of queued messages"),
}
MISSING = {
    "To": (400, 21604, "A 'To' phone number is required."),
    "From": (400, 21603, "A 'From' phone number is required."),
    "Body": (400, 21602, "Message body is required."),
}


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    method: str
    path: str
    fields: dict[str, list[str]]
    authorization: str
    content_type: str


class TwilioStub:
    """`with TwilioStub() as twilio:`; `twilio.faults.append(fault)` spoils the next request."""

    def __init__(self, port: int = 0) -> None:
        self.messages: list[dict[str, Any]] = []
        self.received: list[Received] = []
        self.faults: deque[Callable[[Handler], None]] = deque()
        self.stopping = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.stub = self  # type: ignore[attr-defined]  # how the handler finds us
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

    def wait(self) -> None:
        self._thread.join()

    def store(self, fields: dict[str, list[str]]) -> dict[str, Any]:
        """A new message resource, as Twilio answers it."""
        sid, now = f"SM{uuid.uuid4().hex}", format_datetime(datetime.now(UTC))
        uri = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{sid}.json"
        message = {
            "sid": sid,
            "account_sid": ACCOUNT_SID,
            "api_version": "2010-04-01",
            "to": fields["To"][0],
            "from": fields["From"][0],
            "body": fields["Body"][0],
            "status": "queued",
            "direction": "outbound-api",
            "num_segments": "1",
            "num_media": "0",
            "messaging_service_sid": None,
            "price": None,
            "price_unit": "USD",
            "error_code": None,
            "error_message": None,
            "date_created": now,
            "date_updated": now,
            "date_sent": None,
            "uri": uri,
            "subresource_uris": {"media": uri.replace(".json", "/Media.json")},
        }
        self.messages.append(message)
        return message


class Handler(BaseHTTPRequestHandler):
    @property
    def stub(self) -> TwilioStub:
        return self.server.stub  # type: ignore[attr-defined]

    def do_POST(self) -> None:
        self._serve(self._create)

    def do_GET(self) -> None:
        self._serve(self._show)

    def _serve(self, respond: Callable[[str, dict[str, list[str]]], None]) -> None:
        split = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        fields = parse_qs(body or split.query, keep_blank_values=True)
        authorization = self.headers.get("Authorization", "")
        content_type = self.headers.get("Content-Type", "")
        received = Received(self.command, split.path, fields, authorization, content_type)
        self.stub.received.append(received)
        if self.stub.faults:
            self.stub.faults.popleft()(self)
        elif authorization != basic(ACCOUNT_SID, AUTH_TOKEN):
            self.complain(401, 20003, "Authenticate")
        else:
            respond(split.path, fields)

    def _create(self, path: str, fields: dict[str, list[str]]) -> None:
        if path != f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json":
            self.complain(404, 20404, f"The requested resource {path} was not found")
        elif fault := _fault(fields):
            self.complain(*fault)
        else:
            self.reply(201, self.stub.store(fields))

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
        """Every message that the filters allow, newest first; always one page."""
        wanted = [
            message
            for message in reversed(self.stub.messages)
            if message["to"] in fields.get("To", [message["to"]])
            and message["from"] in fields.get("From", [message["from"]])
        ]
        return {
            "messages": wanted,
            "page": 0,
            "page_size": 50,
            "start": 0,
            "end": max(len(wanted) - 1, 0),
            "uri": path,
            "first_page_uri": path,
            "next_page_uri": None,
            "previous_page_uri": None,
        }

    def complain(self, status: int, code: int, message: str, **headers: str) -> None:
        more_info = f"https://www.twilio.com/docs/errors/{code}"
        body = {"code": code, "message": message, "more_info": more_info, "status": status}
        self.reply(status, body, **headers)

    def reply(self, status: int, body: object, **headers: str) -> None:
        """The body is JSON unless it is bytes; `retry_after="7"` becomes Retry-After."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Silent."""


def _fault(fields: dict[str, list[str]]) -> tuple[int, int, str] | None:
    """Status, code and message where Twilio would refuse these fields."""
    for name, missing in MISSING.items():
        if not fields.get(name, [""])[0]:
            return missing
    if len(fields["Body"][0]) > MAX_BODY:
        return 400, 21617, "The concatenated message body exceeds the 1600 character limit"
    return BAD_SENDERS.get(fields["From"][0]) or BAD_RECIPIENTS.get(fields["To"][0])


def basic(user: str, password: str) -> str:
    """RFC 7617."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


# --- Faults -------------------------------------------------------------------------------------


def answers(status: int, body: object = b"", **headers: str) -> Callable[[Handler], None]:
    """This answer, whatever was asked."""
    return lambda handler: handler.reply(status, body, **headers)


def complains(status: int, code: int, message: str, **headers: str) -> Callable[[Handler], None]:
    return lambda handler: handler.complain(status, code, message, **headers)


def hangs(handler: Handler) -> None:
    """Takes the request and says nothing until the stub stops."""
    handler.stub.stopping.wait(30)


def closes(handler: Handler) -> None:
    """Takes the request and closes the connection."""
    handler.close_connection = True


def cuts_body(handler: Handler) -> None:
    """Promises more than it sends."""
    handler.send_response(201)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"sid": "SM')


def drips_body(handler: Handler) -> None:
    """One byte now and then, often enough that no socket time-out ends it."""
    handler.send_response(201)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    _drip(handler, b" ")


def drips_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 201 Created\r\nX-Slow: ")
    _drip(handler, b"a")


def _drip(handler: Handler, byte: bytes) -> None:
    try:
        while not handler.stub.stopping.wait(0.02):
            handler.wfile.write(byte)
    except OSError:  # the client has gone
        handler.close_connection = True


if __name__ == "__main__":
    with TwilioStub(int(sys.argv[1]) if len(sys.argv) > 1 else 8112) as running:
        sys.stdout.write(
            f"ACCOUNT_SID={ACCOUNT_SID} AUTH_TOKEN={AUTH_TOKEN} TWILIO_API_BASE_URL={running.url}\n"
        )
        sys.stdout.flush()
        running.wait()
