"""Lambda and SQS on this machine, as far as tasks and dead letters need them.

Real HTTP by botocore: paths, headers and protocols are those of AWS (Lambda's REST, SQS's JSON).
"""

import functools
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from serverless import dead_letters, tasks

Json = dict[str, Any]


class AwsStub:
    def __init__(self) -> None:
        self.status = 202  # of Lambda's answer
        self.missing = 0  # Lambda's answer for the operations function, if it is another one
        self.invoked: list[tuple[str, str, Any]] = []  # path, kind of invocation, event
        self.queue: dict[str, Json] = {}  # by receipt, oldest first
        self.hidden: set[str] = set()
        self.asked: list[Json] = []  # for dead letters
        self.sent: list[tuple[str, Any]] = []  # queue, event
        self.room = 1000  # for what is sent
        self.fails_after = 1000  # so many questions for dead letters
        self.forgets = False  # what it has shown, as where a hold ends early
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def send_message_batch(self, request: Json) -> Json:
        """Takes as many as `room`, and names the others as SQS does."""
        entries = request["Entries"]
        assert 1 <= len(entries) <= 10
        taken, left = entries[: self.room], entries[self.room :]
        self.room -= len(taken)
        self.sent += [(request["QueueUrl"], json.loads(entry["MessageBody"])) for entry in taken]
        failed = {"Failed": [{"Id": e["Id"], "Code": "Full", "SenderFault": False} for e in left]}
        successful = [{"Id": e["Id"], "MessageId": "x", "MD5OfMessageBody": md5(e)} for e in taken]
        return {"Successful": successful, **(failed if left else {})}

    def bury(self, message: Json) -> None:
        self.queue[message["ReceiptHandle"]] = message

    # --- SQS ---

    def receive_message(self, request: Json) -> Json:
        self.asked.append(request)
        if len(self.asked) > self.fails_after:
            raise KeyError
        visible = [receipt for receipt in self.queue if receipt not in self.hidden]
        found = visible[: request["MaxNumberOfMessages"]]
        self.hidden |= set() if self.forgets else set(found)
        return {"Messages": [self.queue[receipt] for receipt in found]} if found else {}

    def change_message_visibility(self, request: Json) -> Json:
        self.queue[request["ReceiptHandle"]]
        assert request["VisibilityTimeout"] == 0
        self.hidden.discard(request["ReceiptHandle"])
        return {}


def md5(entry: Json) -> str:
    """botocore compares it."""
    return hashlib.md5(entry["MessageBody"].encode(), usedforsecurity=False).hexdigest()


def _handler(stub: AwsStub) -> type[BaseHTTPRequestHandler]:
    operations: dict[str, Callable[[Json], Json]] = {
        "ReceiveMessage": stub.receive_message,
        "ChangeMessageVisibility": stub.change_message_visibility,
        "SendMessageBatch": stub.send_message_batch,
    }

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if target := self.headers.get("X-Amz-Target"):
                self._queue(target.removeprefix("AmazonSQS."), body)
            else:
                stub.invoked.append((self.path, self.headers["X-Amz-Invocation-Type"], body))
                status = (stub.missing if "-ops/" in self.path else 0) or stub.status
                self._answer(status, {} if status == 200 else None)

        def _queue(self, operation: str, body: Json) -> None:
            try:
                self._answer(200, operations[operation](body))
            except KeyError:
                self._answer(400, {"__type": "com.amazonaws.sqs#ReceiptHandleIsInvalid"})

        def _answer(self, status: int, body: Json | None) -> None:
            payload = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_args: object) -> None:
            """Silent."""

    return Handler


@functools.cache
def _descriptions() -> Any:
    """Of the services: megabytes of JSON, which every new client would read again."""
    from botocore.loaders import Loader

    return Loader()


def _session() -> Any:
    from botocore.session import Session

    session = Session()
    session.register_component("data_loader", _descriptions())
    return session


@contextmanager
def aws(monkeypatch: Any, settings: Any) -> Iterator[AwsStub]:
    """As inside the function `nudge-dev`, with this stub in place of AWS."""
    with AwsStub() as stub:
        variables = {
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": stub.url,
            "NO_PROXY": "127.0.0.1",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.LAMBDA_FUNCTION = "nudge-dev"
        settings.TASK_QUEUE_URL = ""
        settings.DEAD_LETTER_QUEUE_URL = f"{stub.url}/queue/nudge-dev"
        monkeypatch.setattr("botocore.session.get_session", _session)
        for made in (tasks.client, dead_letters.client):
            made.cache_clear()
        yield stub
        used = [tasks.client("lambda"), dead_letters.client()]
        for client in [*used, tasks.client("sqs")] if stub.sent else used:
            client.close()
        for made in (tasks.client, dead_letters.client):
            made.cache_clear()
