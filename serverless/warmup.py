"""Loads beforehand what the first requests would otherwise wait for (docs/performance.md).

A process loads only what every request needs when it starts, because a request often waits for it.
The keep-warm event loads the rest.
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
    """Never fails: what cannot be loaded now, the next request asks for again."""
    reverse("home")  # imports every URLconf
    _compile_templates()
    _connect()
    if isinstance(default_backend(), tasks.LambdaBackend):
        tasks.client()


def _compile_templates() -> None:
    for path in (folder := settings.BASE_DIR / "templates").rglob("*.html"):
        get_template(path.relative_to(folder).as_posix())  # compiled and cached


def _connect() -> None:
    """Anew: a connection lives longer (CONN_MAX_AGE) than the time to the next keep-warm event."""
    try:
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as error:  # noqa: BLE001 - the driver's own errors are no reason to fail
        logger.warning("The database could not be reached to keep it warm: %s", error)
