"""Events as API Gateway sends them, and a browser that sends them to the handler.

Each file of tests/serverless/events/ is an event as AWS documents or MiniStack sends it, for
GET /todos/; `call` puts another method, path, headers and body into its shape.
"""

import base64
import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

EVENTS = Path(__file__).parent / "events"
RECORDED = "/todos/"
REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
CONTEXT = SimpleNamespace(aws_request_id=REQUEST_ID)
CLIENT = "203.0.113.9"  # in every recorded event


def load(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def request(
    shape: str,
    path: str = RECORDED,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: str | None = None,
) -> dict[str, Any]:
    """The recorded event of this shape, asking for something else."""
    event = load(shape)
    path, _, query = path.partition("?")
    event["body"] = body
    version = _version_2 if event.get("version") == "2.0" else _version_1
    version(event, path, method, query)
    for name, value in (headers or {}).items():
        _set_header(event, name, value)
    return event


def _version_2(event: dict[str, Any], path: str, method: str, query: str) -> None:
    event["rawPath"] = event["rawPath"].removesuffix(RECORDED) + path
    event["requestContext"]["http"] |= {"method": method, "path": event["rawPath"]}
    event["rawQueryString"] = query


def _version_1(event: dict[str, Any], path: str, method: str, query: str) -> None:
    event["path"] = event["path"].removesuffix(RECORDED) + path
    context = event["requestContext"]
    context["path"] = context["path"].removesuffix(RECORDED) + path
    event["httpMethod"] = context["httpMethod"] = method
    pairs = dict(pair.split("=", 1) for pair in query.split("&") if pair)
    event["queryStringParameters"] = pairs or None
    event["multiValueQueryStringParameters"] = {k: [v] for k, v in pairs.items()} or None
    if path == "/":
        event |= {"resource": "/", "pathParameters": None}
    else:
        event["pathParameters"] = {"proxy": path.strip("/")}


def _set_header(event: dict[str, Any], name: str, value: str) -> None:
    """Names as the gateway writes them: version 2.0 and the emulator in small letters."""
    small = all(each == each.lower() for each in event["headers"])
    event["headers"][name.lower() if small else name] = value
    if "multiValueHeaders" in event:
        event["multiValueHeaders"][name.lower() if small else name] = [value]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    cookies: list[str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def answer(returned: dict[str, Any]) -> Answer:
    """What the handler returned, in either version."""
    many = {name: [value] for name, value in returned.get("headers", {}).items()}
    many |= returned.get("multiValueHeaders", {})
    headers = {name.lower(): values[-1] for name, values in many.items()}
    body = returned.get("body") or ""
    if returned.get("isBase64Encoded"):
        body = base64.b64decode(body).decode()
    cookies = [
        each for name, values in many.items() if name.lower() == "set-cookie" for each in values
    ]
    return Answer(returned["statusCode"], headers, [*returned.get("cookies", []), *cookies], body)


class Browser:
    """Keeps cookies and follows nothing, behind one gateway."""

    def __init__(self, handler: Callable[[Any, Any], Any], shape: str, origin: str) -> None:
        self.handler, self.shape, self.origin = handler, shape, origin
        self.cookies: dict[str, str] = {}

    def get(self, path: str, **headers: str) -> Answer:
        return self._call(path, "GET", None, headers)

    def post(self, path: str, data: dict[str, str], **headers: str) -> Answer:
        """A form, with the headers that a browser adds."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": self.origin,
            **headers,
        }
        return self._call(path, "POST", urlencode(data), headers)

    def _call(self, path: str, method: str, body: str | None, headers: dict[str, str]) -> Answer:
        event = request(self.shape, path, method=method, headers=headers, body=body)
        if self.cookies:
            self._send_cookies(event)
        told = answer(self.handler(copy.deepcopy(event), CONTEXT))
        for text in told.cookies:
            for name, morsel in SimpleCookie(text).items():
                self.cookies[name] = morsel.value
        return told

    def _send_cookies(self, event: dict[str, Any]) -> None:
        pairs = [f"{name}={value}" for name, value in self.cookies.items()]
        if event.get("version") == "2.0":
            event["cookies"] = pairs
        else:
            _set_header(event, "Cookie", "; ".join(pairs))
