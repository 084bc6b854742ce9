"""AWS on this machine, as far as config/aws.py asks it: checks every signature by botocore."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REGION = "eu-central-1"
KEY = "signs-here"
SECRET = "marker-signing-secret"
SESSION = "marker-session"

# The name of the operation and its arguments -> status and body, or seconds without an answer.
Answer = Callable[[str, dict[str, Any]], tuple[int, Any] | None]


class Cloud(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.connections: set[int] = set()
        self.now = [0.0]  # seconds that whoever asks has waited
        self.location = ""  # named by every answer, if it is set
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def variables(self) -> dict[str, str]:
        """What Lambda puts into the environment, and where this cloud is."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.server_port}",
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_SESSION_TOKEN": SESSION,
        }

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Cloud

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers["X-Amz-Target"]
        self.server.connections.add(self.client_address[1])
        self.server.calls.append((operation, json.loads(body)))
        if not self._is_signed(body):
            return self._send(400, {"__type": "InvalidSignatureException"})
        answer = self.server.answer(operation, json.loads(body))
        if answer is None:
            self.connection.recv(1)  # nothing comes: the client hangs up
            self.close_connection = True
            return None
        return self._send(*answer)

    def _is_signed(self, body: bytes) -> bool:
        """The same request signed again, at the time it names, gives the same signature."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        authorization = self.headers["Authorization"]
        scope, names, signature = (part.split("=")[1] for part in authorization.split(", "))
        _, _, region, service, _ = scope.split("/")
        signed = {name: self.headers[name] for name in names.split(";")}
        url = f"http://{self.headers['Host']}{self.path}"
        request = AWSRequest("POST", url, signed, body)
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        signer = SigV4Auth(Credentials(KEY, SECRET), service, region)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        return (
            signer.signature(text, request) == signature
            and (region, self.headers["X-Amz-Security-Token"]) == (REGION, SESSION)
            and {"host", "x-amz-date", "x-amz-security-token", "x-amz-target"} <= signed.keys()
        )

    def _send(self, status: int, body: Any) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: object) -> None:
        """Nothing on the terminal."""
