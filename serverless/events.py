"""Events that are not requests: schedules, tasks and commands, in the shapes that Zappa sends.

Each runs once, with a log line before and after. Zappa's own handler would call a function up to
three times if its body raises TypeError, and execute any Python code in an event.
"""

import json
import logging
import time
from typing import Any

from django.urls import clear_script_prefix
from django.utils.module_loading import import_string

from core.http import NO_REQUEST, current_request_id
from core.redaction import redact
from core.tasks import task_boundary
from serverless import mail_reports
from serverless.tasks import TASK_ROUTE

Event = dict[str, Any]

UNKNOWN = "unknown"
TASK_MILLISECONDS = 12_000  # a provider's call may take ten seconds
_KEEP_WARM = "keep_warm_callback"

logger = logging.getLogger(__name__)


class UnknownEventError(Exception):
    """The event names no function. An error keeps it in its queue."""


class TaskError(Exception):
    """Lambda prints this error unchanged and stores it with a dead letter, so it is redacted."""


# --- Kinds of events ------------------------------------------------------------------------------


def is_request(event: Event) -> bool:
    """HTTP APIs and function URLs send version 2.0; REST APIs send a method."""
    return event.get("version") == "2.0" or bool(event.get("httpMethod"))


def is_task(event: Event) -> bool:
    return event.get("command") == TASK_ROUTE


def is_queue(event: Event) -> bool:
    """Lambda sends the records of one queue together."""
    records = event.get("Records") or []
    return bool(records) and all(each.get("eventSource") == "aws:sqs" for each in records)


def is_keep_warm(event: Event) -> bool:
    return _scheduled(event).endswith(_KEEP_WARM)


def function_of(event: Event) -> str:
    """The dotted path of the function that a schedule or a command calls; empty without one."""
    return _scheduled(event) or str(event.get("command") or "")


def name_of(event: Event) -> str:
    """The name for logs and lists, without arguments, which may be addresses or secrets."""
    if is_task(event):
        return str(event.get("task_path") or UNKNOWN)
    if path := function_of(event):
        return path
    if command := str(event.get("manage") or "").split():
        return f"manage {command[0]}"
    if is_queue(event):
        return "queue"
    if mail_reports.is_report(event):
        return "mail report"
    return next((kind for kind in ("raw_command", "Records") if event.get(kind)), UNKNOWN)


def _scheduled(event: Event) -> str:
    """The rules of Zappa end in "-" and the path of a function: nudge-dev-sms.schedule.sweep."""
    if event.get("detail-type") != "Scheduled Event":
        return ""
    rule = "".join((event.get("resources") or [])[:1])
    path = rule.rpartition("/")[2].rpartition("-")[2]
    return path if "." in path else ""


# --- Run ------------------------------------------------------------------------------------------


def run(event: Event, context: Any) -> Any:
    """Run the event. Raises TaskError if it fails, so that Lambda retries it."""
    reset = current_request_id.set(getattr(context, "aws_request_id", NO_REQUEST))
    try:
        return _watched(event, context)
    finally:
        current_request_id.reset(reset)


def _watched(event: Event, context: Any) -> Any:
    clear_script_prefix()  # the last request in this process may have set one
    name, started = name_of(event), time.monotonic()
    logger.info("%s begins", name, extra={"task": name})
    try:
        result = _run(event, context)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - raised again as TaskError
        if _is_success(error):
            _log_end(name, started, "done")
            return None
        _log_end(name, started, "failed", error)
        raise TaskError(_summary(error)) from None
    _log_end(name, started, "done")
    return result


@task_boundary
def _run(event: Event, context: Any) -> Any:
    if event.get("raw_command"):
        logger.warning("raw_command is refused: it would execute any code in the event")
        return None
    if is_keep_warm(event):
        from serverless.warmup import warm_up

        return warm_up()
    if is_task(event):
        return _run_task(event)
    if is_queue(event):
        return _run_queue(event, context)
    if mail_reports.is_report(event):
        return mail_reports.take(event)
    if path := function_of(event):
        return import_string(path)(event, context)
    if command := event.get("manage"):
        from django.core.management import call_command

        call_command(*command.split(" "))
        return {}
    raise UnknownEventError(f"There is no function for this event ({name_of(event)}).")


def _run_task(event: Event) -> None:
    """Call `sync` of functions with Zappa's decorator, because a plain call would enqueue again."""
    function = import_string(event["task_path"])
    getattr(function, "sync", function)(*event["args"], **event["kwargs"])


def _run_queue(event: Event, context: Any) -> dict[str, list[dict[str, str]]]:
    """Run the records; returns those that the queue must keep, as a partial batch response.

    Also keeps records that cannot start in time, because an interrupted message would become
    `unknown`.
    """
    kept = []
    for record in event["Records"]:
        in_time = context.get_remaining_time_in_millis() >= TASK_MILLISECONDS
        if not (in_time and _run_record(record, context)):
            kept.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": kept}


def _run_record(record: Event, context: Any) -> bool:
    """Run a record, if it is a task; the queue contains nothing else."""
    event = _task_in(record)
    if not event:
        logger.error("Record %s of the queue has no task.", record["messageId"])
        return False
    try:
        _watched(event, context)
    except TaskError:
        return False  # logged
    return True


def _task_in(record: Event) -> Event:
    """The task in the record; empty without one."""
    try:
        event = json.loads(record["body"])
    except ValueError:
        return {}
    return event if isinstance(event, dict) and is_task(event) else {}


def _is_success(error: BaseException) -> bool:
    """Commands end with SystemExit, `--help` with code 0; Lambda's runtime would stop."""
    return isinstance(error, SystemExit) and not error.code


def _log_end(name: str, started: float, outcome: str, error: BaseException | None = None) -> None:
    milliseconds = round((time.monotonic() - started) * 1000)
    facts = {"task": name, "duration_ms": milliseconds, "outcome": outcome}
    level = logging.ERROR if error else logging.INFO
    logger.log(
        level, "%s: %s after %d ms", name, outcome, milliseconds, exc_info=error, extra=facts
    )


def _summary(error: BaseException) -> str:
    """The type and the first line only, because PostgreSQL quotes whole rows in later lines."""
    first, *_rest = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {redact(first)}"
