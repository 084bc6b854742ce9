"""The entry point on AWS Lambda: `lambda_handler` in zappa_settings.json."""

import functools
import gc
import json
import logging
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from serverless import modules, versions
from serverless.parameters import BusyError

if TYPE_CHECKING:
    from types import ModuleType

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Django REST framework imports these if they are installed, but no request needs them. Without them
# a cold start is 40 ms faster.
OPTIONAL_FOR_DRF = ("requests", "yaml", "django.contrib.postgres")


# The same error as in core/api/errors.py, which is not loaded yet.
STARTING = {
    "statusCode": 503,
    "headers": {"Content-Type": "application/json", "Retry-After": "5"},
    "body": json.dumps(
        {
            "type": "server_error",
            "errors": [
                {
                    "code": "starting",
                    "detail": "The service is starting; please try again in a moment.",
                    "attr": None,
                }
            ],
        }
    ),
    "isBase64Encoded": False,
}

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], context: Any) -> Any:
    """Handle a request or an event. Lambda retries a failed event, then moves it to the dead
    letters.
    """
    request = _events.is_request(event)
    try:
        respond = _application()
    except BusyError as error:
        if not request:
            raise
        logger.error("%s", error)  # noqa: TRY400 - its text is the whole reason
        return STARTING
    return respond(event, context) if request else _events.run(event, context)


@functools.cache
def _application() -> Any:
    """The application. Raises BusyError if too many processes read their parameters now. The next
    event retries, because a stopped process would cause a 502.
    """
    return import_module("serverless.gateway").handler_of(load_project())


def load_project() -> Any:
    skip_unused_imports()
    with versions.by_folders(modules.ROOT):
        module, _, name = import_module("django.conf").settings.WSGI_APPLICATION.rpartition(".")
        return getattr(import_module(module), name)


def skip_unused_imports() -> None:
    """Hide DRF's optional packages while it looks for them; later imports find the real ones.

    None in sys.modules means "no such module" (Python reference, "The module cache").
    """
    absent: list[str] = [name for name in OPTIONAL_FOR_DRF if name not in sys.modules]
    loaded: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
    loaded |= dict.fromkeys(absent)
    try:
        import_module("rest_framework.compat")
    finally:
        for name in absent:
            del sys.modules[name]


# Loaded at import time, because Lambda gives a starting process a whole processor. The garbage
# collector is off while modules load: it would take 70 ms, and modules are never garbage.
gc.disable()
_events = import_module("serverless.events")
with suppress(BusyError):
    _application()
import_module("serverless.snapshot").register(_application)
gc.freeze()
gc.enable()
