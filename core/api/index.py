from collections.abc import Iterator, Sequence
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, get_script_prefix
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.scopes import READING
from core.api.viewsets import ApiViewSet

ROOT = "api/v1/"


class IndexView(ApiViewSet):
    """The URL of each resource, by its name."""

    token_scopes = READING

    def retrieve(self, request: Request) -> Response:
        origin = request.build_absolute_uri(get_script_prefix())
        return Response({name(path): origin + path for path in sorted(resources())})


def name(path: str) -> str:
    return path.removeprefix(ROOT).strip("/").replace("/", "_")


def resources(
    patterns: "Sequence[URLPattern | URLResolver] | None" = None, prefix: str = ""
) -> Iterator[str]:
    """The paths below the root that answer GET and name no object."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if path.startswith(ROOT) or ROOT.startswith(path):
                yield from resources(pattern.url_patterns, path)
        elif _is_resource(path) and _answers_get(pattern.callback):
            yield path


def _is_resource(path: str) -> bool:
    return path.startswith(ROOT) and path != ROOT and "<" not in path


def _answers_get(callback: Any) -> bool:
    return "get" in (getattr(callback, "actions", None) or vars(callback.cls))
