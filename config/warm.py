"""Loads beforehand what a request would otherwise wait for (docs/performance.md).

Only what every request needs is loaded when a process starts: a container is often started by the
request that waits for it. The rest waits for the keep-warm event, when nobody is waiting.
"""

import logging

from django.conf import settings
from django.db import connection
from django.template.loader import get_template
from django.urls import get_resolver, reverse

from core.tasks import default_backend
from serverless import tasks

logger = logging.getLogger(__name__)


def routes() -> None:
    """The URLconf, and with it every view: 120 ms that Django leaves to the first request."""
    get_resolver().url_patterns  # noqa: B018 - cached


def everything() -> None:
    """Never fails: what is missing now, the next request will ask for and answer for."""
    reverse("home")  # and with it what routes() leaves to the first request for it
    _pages()
    _connection()
    if isinstance(default_backend(), tasks.LambdaBackend):
        tasks.client()


def _pages() -> None:
    for path in (folder := settings.BASE_DIR / "templates").rglob("*.html"):
        get_template(path.relative_to(folder).as_posix())  # compiled and cached


def _connection() -> None:
    """A new one, which will not be too old (CONN_MAX_AGE) before the next keep-warm event."""
    try:
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as error:  # noqa: BLE001 - the driver's own errors are no reason to fail
        logger.warning("The database could not be reached to keep it warm: %s", error)
