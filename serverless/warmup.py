"""Loads modules and connections that the first requests would wait for (docs/performance.md).

A starting process loads only what every request needs, because a request often waits for it. The
keep-warm event loads the rest.
"""

import logging

from django.conf import settings
from django.db import connection
from django.template.loader import get_template
from django.urls import reverse

from core.tasks import default_backend
from serverless import tasks

logger = logging.getLogger(__name__)


def warm_up() -> None:
    """An unreachable database is no error, because the next request reconnects."""
    load()
    _connect()
    if isinstance(default_backend(), tasks.LambdaBackend):
        tasks.client("lambda")


def load() -> None:
    """Load everything that needs no other service."""
    reverse("home")  # imports every URLconf
    _compile_templates()


def _compile_templates() -> None:
    for path in (folder := settings.BASE_DIR / "templates").rglob("*.html"):
        get_template(path.relative_to(folder).as_posix())  # compiled and cached


def _connect() -> None:
    """Reconnect: a new connection lasts (CONN_MAX_AGE) until the next keep-warm event."""
    try:
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as error:  # noqa: BLE001 - the driver's own errors are no reason to fail
        logger.warning("The database could not be reached to keep it warm: %s", error)
