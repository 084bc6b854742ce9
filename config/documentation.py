"""The URLs of the OpenAPI document and of its page.

Imported by the first request for one of them, because drf-spectacular takes 30 ms to import.
"""

from importlib import import_module
from typing import Any

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

MODULES = ("accounts.allauth.schema", "sms.api.schema", "todos.api.schema")

urlpatterns = [
    path("schema/", SpectacularJSONAPIView.as_view(api_version="v1"), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]


def register(endpoints: list[Any]) -> list[Any]:
    """A preprocessing hook: importing a module registers its descriptions of views."""
    for name in MODULES:
        import_module(name)
    return endpoints
