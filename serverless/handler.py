"""The entry of the service on AWS Lambda: `lambda_handler` in zappa_settings.json."""

import gc
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Django REST framework imports them if they are installed, but no request needs them there. Without
# them a cold start is 40 ms faster.
OPTIONAL_FOR_DRF = ("requests", "yaml", "django.contrib.postgres")


def handler(event: dict[str, Any], context: Any) -> Any:
    """Lambda retries an event that raises, then moves it to the dead letter queue."""
    if _events.is_request(event):
        return _respond(event, context)
    return _events.run(event, context)


def load_project() -> Any:
    skip_unused_imports()
    module, _, name = import_module("django.conf").settings.WSGI_APPLICATION.rpartition(".")
    return getattr(import_module(module), name)


def skip_unused_imports() -> None:
    """Hide DRF's optional packages while it looks for them; later imports find the real ones.

    None in sys.modules means "no such module" (Python reference, "The module cache").
    """
    absent: list[str] = [name for name in OPTIONAL_FOR_DRF if name not in sys.modules]
    modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
    modules |= dict.fromkeys(absent)
    try:
        import_module("rest_framework.compat")
    finally:
        for name in absent:
            del sys.modules[name]


# Loaded at import time, because Lambda gives a starting process a whole processor. The garbage
# collector is off while modules load: it would search them for 70 ms, and they are never garbage.
gc.disable()
_events = import_module("serverless.events")
_respond = import_module("serverless.gateway").handler_of(load_project())
gc.freeze()
gc.enable()
