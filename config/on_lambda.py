"""What AWS Lambda calls: `config.on_lambda.handler`, around Zappa's own handler.

Requests go straight through. Schedules, tasks and commands are run here, once each: Zappa calls a
function up to three times where its body raises TypeError, and needs 0.1 s to import its router.
"""

import gc
import logging
import time
from typing import Any

from django.urls import clear_script_prefix
from django.utils.module_loading import import_string

from config import env, lazy, warm
from config.logging import redact
from core import events
from core.events import Event
from core.http import NO_REQUEST, current_request_id
from core.tasks import task_boundary

logger = logging.getLogger(__name__)


class TaskError(Exception):
    """What Lambda prints, as it is, and keeps in the dead letter queue: so it is redacted."""


def handler(event: Event, context: Any) -> Any:
    """One invocation. What raises is retried by Lambda, then put into the dead letter queue."""
    zappa = _zappa()
    if events.is_request(event):
        return zappa.lambda_handler(event, context)
    reset = current_request_id.set(getattr(context, "aws_request_id", NO_REQUEST))
    try:
        return _watched(event, context)
    finally:
        current_request_id.reset(reset)


def _zappa() -> Any:
    """Zappa's handler, which sets Django up when it is made; one per process.

    zappa.handler is the same file as the handler.py that Zappa writes into the package.
    """
    lazy.load()
    from zappa import handler as module

    return module.global_handler or module.LambdaHandler()


def _watched(event: Event, context: Any) -> Any:
    """A line at the start and one at the end: the name of what runs, never its payload."""
    clear_script_prefix()  # of the last request of this process, which had its own stage and host
    name, started = events.name_of(event), time.monotonic()
    logger.info("%s begins", name, extra={"task": name})
    try:
        result = _run(event, context)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, it is raised
        if _is_success(error):
            _log_end(name, started, "done")
            return None
        _log_end(name, started, "failed", error)
        raise TaskError(_summary(error)) from None
    _log_end(name, started, "done")
    return result


def _is_success(error: BaseException) -> bool:
    """Commands leave by SystemExit, `--help` with 0; the runtime of Lambda would die of it."""
    return isinstance(error, SystemExit) and not error.code


def _log_end(name: str, started: float, outcome: str, error: BaseException | None = None) -> None:
    milliseconds = round((time.monotonic() - started) * 1000)
    facts = {"task": name, "duration_ms": milliseconds, "outcome": outcome}
    level = logging.ERROR if error else logging.INFO
    logger.log(
        level, "%s: %s after %d ms", name, outcome, milliseconds, exc_info=error, extra=facts
    )


def _summary(error: BaseException) -> str:
    """The kind and the first line: PostgreSQL quotes whole rows in the lines after it."""
    first, *_rest = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {redact(first)}"


@task_boundary
def _run(event: Event, context: Any) -> Any:
    if event.get("raw_command"):
        logger.warning("raw_command is refused: it would execute whatever it is sent")
        return None
    if events.is_keep_warm(event):
        return warm.everything()
    if events.is_task(event):
        import_string(event["task_path"])(*event["args"], **event["kwargs"])
        return None
    if path := events.function_of(event):
        return import_string(path)(event, context)
    return _zappa().handler(event, context)


if env.text("INSTANTIATE_LAMBDA_HANDLER_ON_IMPORT"):
    gc.disable()  # nothing that is loaded is garbage, and looking for it takes 70 ms
    _zappa()  # while the process starts, which has more processor and more time
    gc.freeze()  # nor will it ever be
    gc.enable()
