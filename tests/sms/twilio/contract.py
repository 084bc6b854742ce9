"""Twilio's own description of messages, asked whether a request or an answer is as it says.

messages_openapi.json is Twilio's, an excerpt; where it comes from is in its `info.x-source`.
OpenAPI 3.0 is not quite JSON Schema, so it is translated here. In two points this is stricter than
the description, which forbids and requires next to nothing: no member it does not know, and in
answers every member, as in Twilio's own examples.
"""

import json
import re
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker

from localcloud.twilio.stub import Received

DESCRIPTION: dict[str, Any] = json.loads(
    Path(__file__).with_name("messages_openapi.json").read_text(encoding="utf-8")
)
FORM = "application/x-www-form-urlencoded"
# How the text of a query or of a form becomes what its schema means.
READ: dict[str, tuple[re.Pattern[str], Callable[[str], Any]]] = {
    "integer": (re.compile(r"-?\d+"), int),
    "number": (re.compile(r"-?\d+(\.\d+)?"), float),
    "boolean": (re.compile("true|false"), json.loads),
}
# By hand: the description has no error (twilio.com/docs/usage/twilios-response).
ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["code", "message", "more_info", "status"],
    "properties": {
        "code": {"type": "integer"},
        "message": {"type": "string"},
        "more_info": {"type": "string", "pattern": "^https://www.twilio.com/docs/errors/[0-9]+$"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
    },
}


def _is_uri(text: str) -> bool:
    """Relative too: Twilio's examples of `uri` are."""
    split = urlsplit(text)
    return bool(split.scheme and split.netloc) or text.startswith("/")


def _is_day_or_moment(text: str) -> bool:
    """Days too: the description of DateSent says so."""
    return bool(datetime.fromisoformat(text))


CHECKS: dict[str, Callable[[str], Any]] = {
    "phone-number": re.compile(r"\+[1-9]\d{1,14}").fullmatch,  # E.164
    "currency": re.compile("[A-Z]{3}").fullmatch,
    "uri": _is_uri,
    "date-time": _is_day_or_moment,
    "date-time-rfc-2822": parsedate_to_datetime,
}


def _formats() -> FormatChecker:
    """What is no text, such as null, has no format."""
    checker = FormatChecker(formats=())
    for name, check in CHECKS.items():
        checker.checkers[name] = (
            lambda value, check=check: not isinstance(value, str) or bool(check(value)),
            ValueError,
        )
    return checker


FORMATS = _formats()


def translated(schema: Any, *, complete: bool) -> Any:
    """OpenAPI 3.0 as JSON Schema; `complete` asks for every member."""
    if isinstance(schema, list):
        return [translated(each, complete=complete) for each in schema]
    if not isinstance(schema, dict):
        return schema
    result = {name: translated(value, complete=complete) for name, value in schema.items()}
    if result.pop("nullable", None) is True:
        result["type"] = [result["type"], "null"]
    if isinstance(schema.get("properties"), dict):
        result["additionalProperties"] = False
        if complete:
            result["required"] = list(schema["properties"])
    return result


SCHEMAS = translated(DESCRIPTION["components"]["schemas"], complete=True)


def errors_of(value: object, schema: dict[str, Any]) -> list[str]:
    """All that is wrong, each with its place."""
    whole = {**schema, "components": {"schemas": SCHEMAS}}
    found = Draft202012Validator(whole, format_checker=FORMATS).iter_errors(value)
    return sorted(f"{error.json_path}: {error.message}" for error in found)


def operation(method: str, path: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What the description says of this call, and the parameters in the path."""
    for template, item in DESCRIPTION["paths"].items():
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
        if (match := re.fullmatch(pattern, path)) and method.lower() in item:
            return item[method.lower()], match.groupdict()
    raise LookupError(f"Twilio describes no {method} {path}")


def parameters(call: dict[str, Any], place: str) -> dict[str, Any]:
    described = [each for each in call["parameters"] if each["in"] == place]
    return {
        "type": "object",
        "properties": {each["name"]: each["schema"] for each in described},
        "required": [each["name"] for each in described if each.get("required")],
    }


def form(call: dict[str, Any]) -> dict[str, Any]:
    """The fields; `x-twilio.conditional` names groups of which one is needed."""
    schema = call["requestBody"]["content"][FORM]["schema"]
    names = {re.sub("(?<!^)([A-Z])", r"_\1", name).lower(): name for name in schema["properties"]}
    groups = call["x-twilio"]["conditional"]
    needed = [{"anyOf": [{"required": [names[name]]} for name in group]} for group in groups]
    return {**schema, "allOf": needed}


def read(values: list[str], schema: dict[str, Any]) -> Any:
    """What was sent, as its schema means it; text that cannot be read so stays text."""
    kind = schema.get("type")
    if kind == "array" or len(values) != 1:
        return values
    pattern, function = READ.get(str(kind), (re.compile("(?!)"), str))
    return function(values[0]) if pattern.fullmatch(values[0]) else values[0]


def request_errors(request: Received) -> list[str]:
    """What is wrong with a request that came: its path, its query or its fields."""
    call, in_path = operation(request.method, request.path)
    schema = form(call) if request.method == "POST" else parameters(call, "query")
    sent = {
        name: read(values, schema["properties"].get(name, {}))
        for name, values in request.fields.items()
    }
    found = errors_of(in_path, translated(parameters(call, "path"), complete=False))
    if request.method == "POST" and request.content_type != FORM:
        found.append(f"content type: {request.content_type}")
    return found + errors_of(sent, translated(schema, complete=False))


def answer_errors(method: str, path: str, status: int, answer: object) -> list[str]:
    """What is wrong with an answer to this call."""
    call, _in_path = operation(method, path)
    if str(status) not in call["responses"]:
        return errors_of(answer, ERROR) if status >= 400 else [f"status: {status}"]
    content = call["responses"][str(status)]["content"]["application/json"]
    return errors_of(answer, translated(content["schema"], complete=True))
