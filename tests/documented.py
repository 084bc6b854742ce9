"""Is every answer of the API that a test receives one of those in the OpenAPI document?

tests/conftest.py asks this of each request of a test client. The document is read once per process,
and a validator is made once for each answer, so that asking costs some ten microseconds.
"""

import copy
import functools
import gzip
import json
import re
import threading
from http import HTTPStatus
from typing import Any

import jsonschema_rs
from django.http import HttpResponseBase

Json = dict[str, Any]

# Answers for people or for providers, which are no part of the API: pages, the document itself,
# the callbacks of providers (their contract: sms/providers/).
ELSEWHERE = re.compile(r"/api/(schema|docs|browse)/|/service/sms/(status|inbound)/")
# The shape of errors where the document knows no route or no method.
SHAPES = {"/api/auth/": "AuthError", "/api/": "ApiError", "/service/": "SmsFailure"}
# How every moment of an answer is written. The document does not say so, because clients check a
# pattern against what they have made of the moment.
MOMENT = r"T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"
# Headers that servers, proxies and browsers read; all others are part of the contract.
OF_THE_TRANSPORT = re.compile(
    r"Allow|Cache-Control|Content-.*|Cross-Origin-.*|Access-Control-.*|Date|Expires|Referrer-Policy"
    r"|Server|Set-Cookie|Strict-Transport-Security|Vary|X-Content-Type-Options|X-Frame-Options",
    re.IGNORECASE,
)


@functools.cache
def document() -> Json:
    from drf_spectacular.generators import SchemaGenerator  # noqa: PLC0415 - slow to import

    schema: Json = SchemaGenerator().get_schema(request=None, public=True)
    return schema


_reading = threading.Lock()  # drf-spectacular cannot make two documents at once


@functools.cache
def contract() -> "Contract":
    with _reading:
        return Contract(document())


class Contract:
    def __init__(self, document: Json) -> None:
        document = json.loads(json.dumps(document))
        self.paths: Json = document["paths"]
        self.shared: Json = document["components"].get("responses", {})
        self.components = {"components": {"schemas": _closed(document["components"]["schemas"])}}
        self.patterns = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path)
            for path in sorted(self.paths, key=lambda path: path.count("{"))
        ]
        self.registry = jsonschema_rs.Registry([("urn:document", self.components)])
        self.validator = functools.cache(self._validator)

    def faults(self, request: Json, response: HttpResponseBase) -> list[str]:
        """What the document does not say of the answer to this request (its environ)."""
        path, method = request["PATH_INFO"], request["REQUEST_METHOD"].lower()
        shape = next((name for start, name in SHAPES.items() if path.startswith(start)), None)
        template = path if path in self.paths else self._template(path, shape)
        if template is None and (shape is None or ELSEWHERE.match(path)):
            return []
        item = self.paths.get(template or "", {})
        described = item.get("get" if method == "head" else method)
        if described is None:
            return self._faults_elsewhere(method, shape, response)
        status = str(response.status_code)
        if self._is_page(request, response):
            return []
        if status not in described["responses"]:
            return [f"{status} is not among {sorted(described['responses'])}"]
        answer = self.answer(described["responses"][status])
        faults = self._faults_of_headers(answer.get("headers", {}), response)
        if method != "head":
            faults += self._faults_of_body(answer.get("content"), response)
        return faults

    def schema(self, request: Json, status: int) -> Json:
        """What describes the body of this answer."""
        path = request["PATH_INFO"]
        template = path if path in self.paths else self._template(path, shape="")
        assert template
        described = self.paths[template][request["REQUEST_METHOD"].lower()]
        answer = self.answer(described["responses"][str(status)])
        schema: Json = answer["content"]["application/json"]["schema"]
        return schema

    def _template(self, path: str, shape: str | None) -> str | None:
        if shape is None:
            return None
        return next((name for pattern, name in self.patterns if pattern.fullmatch(path)), None)

    def _is_page(self, request: Json, response: HttpResponseBase) -> bool:
        """The browsable API, or a redirect to TLS."""
        is_html = response.headers.get("Content-Type", "").startswith("text/html")
        asked = "html" in request.get("HTTP_ACCEPT", "") + request.get("QUERY_STRING", "")
        return (is_html and asked) or response.headers.get("Location", "").startswith("https://")

    def _faults_elsewhere(
        self, method: str, shape: str | None, response: HttpResponseBase
    ) -> list[str]:
        """Of a route or a method that the document does not know: an error, in our shape."""
        if response.status_code < HTTPStatus.BAD_REQUEST:
            return [] if method == "options" else ["this route is not documented"]
        if shape is None or method == "head":
            return []
        schema = {"$ref": f"#/components/schemas/{shape}"}
        return self._faults_of_body({"application/json": {"schema": schema}}, response)

    def _faults_of_headers(self, described: Json, response: HttpResponseBase) -> list[str]:
        faults = []
        for name, header in described.items():
            value = response.headers.get(name)
            if value is None:
                faults += [f"the header {name} is missing"] if header.get("required") else []
            else:
                faults += self._mismatches(header["schema"], value, name)
        unknown = [
            name
            for name in response.headers
            if name not in described and not OF_THE_TRANSPORT.fullmatch(name)
        ]
        return [*faults, *(f"the header {name} is not documented" for name in unknown)]

    def _faults_of_body(self, content: Json | None, response: Any) -> list[str]:
        if content is None:
            return ["a body, and none is documented"] if response.content else []
        media_type = response.headers.get("Content-Type", "").split(";")[0]
        if media_type not in content:
            return [f"{media_type or 'no type'} is not among {list(content)}"]
        if response.streaming:  # a file, which its reader reads
            return []
        is_packed = response.headers.get("Content-Encoding") == "gzip"
        body = gzip.decompress(response.content) if is_packed else response.content
        return self._mismatches(content[media_type]["schema"], json.loads(body), "body")

    def _mismatches(self, schema: Json, value: Any, what: str) -> list[str]:
        validator = self.validator(json.dumps(schema))
        if validator.is_valid(value):
            return []
        return [
            f"{what}/{'/'.join(map(str, error.instance_path))}: {error.message}"
            for error in validator.iter_errors(value)
        ]

    def answer(self, answer: Json) -> Json:
        """Itself, or the shared one that it refers to."""
        return self.shared[answer["$ref"].split("/")[-1]] if "$ref" in answer else answer

    def _validator(self, schema: str) -> Any:
        located = schema.replace('"#/components', '"urn:document#/components')
        return jsonschema_rs.Draft202012Validator(
            json.loads(located), registry=self.registry, validate_formats=True
        )


def _closed(schemas: Json) -> Json:
    """Published answers may grow; those of today have no member that is not written there."""
    schemas = copy.deepcopy(schemas)
    waiting: list[Any] = [schemas]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if node.get("type") == "object" and "properties" in node:
                node.setdefault("additionalProperties", False)
            if node.get("format") == "date-time":
                node["pattern"] = MOMENT
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return schemas
