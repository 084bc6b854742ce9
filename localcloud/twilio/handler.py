"""The stub's response to a request: JSON, with errors in Twilio's format."""

import json
import threading
from http.server import BaseHTTPRequestHandler


class Handler(BaseHTTPRequestHandler):
    """The part of the stub's handler that faults use."""

    @property
    def stopping(self) -> threading.Event:
        raise NotImplementedError

    def create(self) -> None:
        raise NotImplementedError

    def show(self) -> None:
        raise NotImplementedError

    def create_silently(self) -> None:
        raise NotImplementedError

    def do_POST(self) -> None:
        self.create()

    def do_GET(self) -> None:
        self.show()

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
        """Log nothing."""
