"""The URLs of the OpenAPI document and its page, and descriptions of the plain Django routes.

The first request for one of them imports it, because drf-spectacular takes 30 ms to import.
"""

from importlib import import_module
from typing import Any

from django.urls import path
from django.utils.translation import override
from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from accounts.allauth import factor_schema as factors
from accounts.allauth import schema as auth
from core.api import document, index
from core.api.schema import documented

MODULES = (
    *("accounts.api.schema", "sms.api.schema", "todos.api.schema", "todos.sync.schema"),
    *("todos.reminders.schema", "todos.transfer.schema"),
)


class DocumentView(SpectacularJSONAPIView):
    """Always English, because generated code must not depend on the language of a browser."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with override("en"):
            response: Any = super().dispatch(request, *args, **kwargs)
            return response.render()


urlpatterns = [
    path("schema/", DocumentView.as_view(api_version="v1"), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]


class Index(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "core.api.index.IndexView"

    def view_replacement(self) -> Any:
        names = sorted(index.name(path) for path in index.resources())
        address = {"type": "string", "format": "uri"}
        addresses = document.json_object(**dict.fromkeys(names, address))
        answer = extend_schema(responses=OpenApiResponse(addresses), tags=["index"])
        return extend_schema_view(retrieve=answer)(documented(self.target_class))


def register(endpoints: list[Any]) -> list[Any]:
    """A preprocessing hook: import the modules that describe views, which registers them."""
    for name in MODULES:
        import_module(name)
    return endpoints


def add_plain_routes(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """A postprocessing hook: add the routes outside Django REST framework."""
    document.add_routes(result, auth.PATHS, auth.SCHEMAS, auth.TAG)
    document.add_routes(result, factors.PATHS, factors.SCHEMAS, factors.TAG)
    document.add_routes(result, _PATHS, _SCHEMAS, _TAG)
    return result


def add_examples(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """A postprocessing hook: add the EXAMPLES of the modules that describe views."""
    return document.add_examples(result, _collected("EXAMPLES"))


def add_formats(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """A postprocessing hook: add the FORMATS of the modules that describe views."""
    return document.add_formats(result, _collected("FORMATS"))


def _collected(name: str) -> dict[str, Any]:
    collected: dict[str, Any] = {}
    for module in MODULES:
        collected |= getattr(import_module(module), name, {})
    return collected


def _health(operation_id: str, summary: str, *answers: tuple[str, str, str]) -> dict[str, Any]:
    responses = {
        status: document.json_answer(
            description,
            schema,
            {"X-Request-Id": True, **({"Retry-After": True} if status == "503" else {})},
        )
        for status, description, schema in answers
    }
    operation = {
        "operationId": operation_id,
        "summary": summary,
        "tags": ["operations"],
        "security": [{}],
        "responses": responses,
    }
    return {"get": operation}


_TAG = {"name": "operations", "description": "For monitoring, without a token."}
_PATHS = {
    "/hello/": _health("hello", "Say hello", ("200", "The server answers.", "Hello")),
    "/healthz/": _health("getHealth", "Does the process live?", ("200", "It does.", "Health")),
    "/readyz/": _health(
        "getReadiness",
        "Can the process serve?",
        ("200", "The database answers and all migrations are applied.", "Readiness"),
        ("503", "Not now; `reason` says why.", "Unreadiness"),
    ),
}
_TEXT = {"type": "string"}
_SCHEMAS = {
    "Hello": document.json_object(hello={**_TEXT, "examples": ["world"]}),
    "Health": document.json_object(status={**_TEXT, "enum": ["ok"]}),
    "Readiness": document.json_object(status={**_TEXT, "enum": ["ok"]}, version=_TEXT),
    "Unreadiness": document.json_object(
        status={**_TEXT, "enum": ["unavailable"]},
        reason={
            **_TEXT,
            "enum": ["database unreachable", "database is read-only", "migrations are missing"],
        },
        version=_TEXT,
    ),
}
