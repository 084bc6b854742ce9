"""A browser that sends events of API Gateway to the handler."""

import base64
import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from localcloud.lambda_events import CONTEXT, request, set_header


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
            set_header(event, "Cookie", "; ".join(pairs))
