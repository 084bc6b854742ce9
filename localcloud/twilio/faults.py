"""Faults that replace a response: functions that are called with the handler of a request."""

from collections.abc import Callable

from localcloud.twilio.handler import Handler

Fault = Callable[[Handler], None]


def answers(status: int, body: object = b"", **headers: str) -> Fault:
    """Sends this response to any request."""
    return lambda handler: handler.reply(status, body, **headers)


def complains(status: int, code: int, message: str, **headers: str) -> Fault:
    return lambda handler: handler.complain(status, code, message, **headers)


def hangs(handler: Handler) -> None:
    """Accepts the request and sends no response until the stub stops."""
    handler.stopping.wait(30)


def closes(handler: Handler) -> None:
    """Accepts the request and closes the connection."""
    handler.close_connection = True


def loses_answer(handler: Handler) -> None:
    """Creates the message, but closes the connection without a response."""
    handler.create_silently()
    handler.close_connection = True


def cuts_body(handler: Handler) -> None:
    """Announces more bytes than it sends."""
    handler.send_response(201)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"sid": "SM')


def drips_body(handler: Handler) -> None:
    """Sends single bytes, often enough to avoid a socket time-out."""
    handler.send_response(201)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    _drip(handler, b" ")


def drips_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 201 Created\r\nX-Slow: ")
    _drip(handler, b"a")


def _drip(handler: Handler, byte: bytes) -> None:
    """Send bytes far longer than a test waits, then close the connection."""
    try:
        bytes_left = 500
        while bytes_left and not handler.stopping.wait(0.02):
            handler.wfile.write(byte)
            bytes_left -= 1
    except OSError:  # the client has disconnected
        handler.close_connection = True


# For the command line: python -m localcloud.twilio.stub --fault throttled --every 10
BY_NAME: dict[str, Fault] = {
    "hangs": hangs,
    "closes": closes,
    "loses-answer": loses_answer,
    "cuts-body": cuts_body,
    "drips-body": drips_body,
    "drips-headers": drips_headers,
    "junk": answers(201, b"<html>"),
    "no-sid": answers(201, {"status": "queued"}),
    "credentials": complains(401, 20003, "Authenticate"),
    "throttled": complains(429, 20429, "Too Many Requests", Retry_After="1"),
    "error": complains(500, 20500, "Internal Server Error"),
}
