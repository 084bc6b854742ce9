"""What Lambda is asked for when it is not a request, in the shapes that Zappa sends and reads."""

from typing import Any

Event = dict[str, Any]

TASK_ROUTE = "zappa.asynchronous.route_lambda_task"
UNKNOWN = "unknown"
_KEEP_WARM = "keep_warm_callback"


def task_event(path: str, ids: tuple[str, ...]) -> Event:
    """The event that runs the task of this dotted path: what zappa.asynchronous.run sends."""
    return {"command": TASK_ROUTE, "task_path": path, "args": list(ids), "kwargs": {}}


def is_request(event: Event) -> bool:
    """HTTP APIs and function URLs speak version 2.0, REST APIs and load balancers name a method."""
    return event.get("version") == "2.0" or bool(event.get("httpMethod"))


def is_task(event: Event) -> bool:
    return event.get("command") == TASK_ROUTE


def is_keep_warm(event: Event) -> bool:
    return _scheduled(event).endswith(_KEEP_WARM)


def function_of(event: Event) -> str:
    """The dotted path of what a schedule or a command calls with event and context; or nothing."""
    return _scheduled(event) or str(event.get("command") or "")


def name_of(event: Event) -> str:
    """For logs and lists; never an argument of a command, which may be an address or a secret."""
    if is_task(event):
        return str(event.get("task_path") or UNKNOWN)
    if path := function_of(event):
        return path
    if command := str(event.get("manage") or "").split():
        return f"manage {command[0]}"
    return next((kind for kind in ("raw_command", "Records") if event.get(kind)), UNKNOWN)


def _scheduled(event: Event) -> str:
    """Zappa's rules end in "-" and the path of a function, as in nudge-dev-sms.schedule.sweep."""
    if event.get("detail-type") != "Scheduled Event":
        return ""
    rule = "".join((event.get("resources") or [])[:1])
    path = rule.rpartition("/")[2].rpartition("-")[2]
    return path if "." in path else ""
