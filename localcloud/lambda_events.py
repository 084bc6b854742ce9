"""Events in the form in which API Gateway and EventBridge send them to the handler.

Each file in localcloud/events/ is an event for GET /todos/, from the documentation of AWS or from
MiniStack. `request` sets its method, path, headers and body.
"""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

EVENTS = Path(__file__).parent / "events"
RECORDED = "/todos/"
REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
CONTEXT = SimpleNamespace(aws_request_id=REQUEST_ID, get_remaining_time_in_millis=lambda: 29_000)
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
    event = load(shape)
    path, _, query = path.partition("?")
    event["body"] = body
    version = _version_2 if event.get("version") == "2.0" else _version_1
    version(event, path, method, query)
    for name, value in (headers or {}).items():
        set_header(event, name, value)
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


def set_header(event: dict[str, Any], name: str, value: str) -> None:
    """Set a header; version 2.0 and the emulator use lower-case names."""
    small = all(each == each.lower() for each in event["headers"])
    event["headers"][name.lower() if small else name] = value
    if "multiValueHeaders" in event:
        event["multiValueHeaders"][name.lower() if small else name] = [value]
