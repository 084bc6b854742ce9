"""The extra actions of a view set, found without loading the description of the API."""

from collections.abc import Callable
from typing import Any

from rest_framework.decorators import MethodMapper


class ActionsMixin:
    @classmethod
    def get_extra_actions(cls) -> list[Callable[..., Any]]:
        """DRF's, which looks at every attribute: `schema` would load drf-spectacular (20 ms)."""
        members = (getattr(cls, name) for name in dir(cls) if name != "schema")
        return [each for each in members if isinstance(getattr(each, "mapping", 0), MethodMapper)]
