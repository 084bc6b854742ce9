"""The nightly job; a schedule calls it with an event and a context."""

import logging
from io import StringIO

from django.core.management import call_command

from core.tasks import task_boundary

NIGHTLY = (
    "prune",
    "clearsessions",
    "delete_accounts",
    "prune_files",  # after accounts, whose files it removes
    "refold",
    "renew_positions",
)  # each safe at any time, and to repeat

logger = logging.getLogger(__name__)


def nightly(event: object, context: object) -> None:
    """Ignores both arguments. Lambda repeats the job if a command fails."""
    failed = [name for name in NIGHTLY if not task_boundary(_succeeds)(name)]
    if failed:
        raise RuntimeError(f"Failed: {', '.join(failed)}")


def _succeeds(name: str) -> bool:
    out = StringIO()
    try:
        call_command(name, stdout=out)
    except Exception:
        logger.exception("%s failed", name)
        return False
    logger.info("%s: %s", name, out.getvalue().strip() or "done")
    return True
