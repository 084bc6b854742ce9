"""Imported when the OpenAPI document is asked for: what it says of each app's routes.

drf-spectacular takes 40 ms to load, and no other request needs it.
"""

from typing import Any

import accounts.schema  # noqa: F401 - each registers itself with drf-spectacular
import sms.api.schema
import sms.schema  # noqa: F401
import todos.api.schema  # noqa: F401


def register(endpoints: list[Any]) -> list[Any]:
    """A drf-spectacular preprocessing hook: by the time it is called the imports are done."""
    return endpoints
