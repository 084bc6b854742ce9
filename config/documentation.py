"""What the OpenAPI document says of each app's routes beyond what their views say themselves.

Imported when the document is asked for: drf-spectacular takes 30 ms, and no other request needs it.
"""

from importlib import import_module
from typing import Any

MODULES = ("accounts.schema", "sms.api.schema", "sms.schema", "todos.api.schema")


def register(endpoints: list[Any]) -> list[Any]:
    """A drf-spectacular preprocessing hook: what describes a view registers itself on import."""
    for name in MODULES:
        import_module(name)
    return endpoints
