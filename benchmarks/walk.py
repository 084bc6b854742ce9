"""Counts the project's files that a request runs through (docs/performance.md), with
sys.setprofile.

Counts only the flow: code inside the view or the task. Middleware, authentication, permissions and
content negotiation are the same for every request and counted separately. The first call of each
request loads lazy imports and does not count.

python -m benchmarks.walk [--files]
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks import stage
from benchmarks.sms import provider

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("accounts", "config", "core", "serverless", "sms", "todos")
# Django calls the view and the hooks of its middleware from `_get_response`.
VIEW_CALLER, HOOKS = "_get_response", {"process_view", "resolve_request", "process_exception"}
AROUND = {"initial", "initialize_request", "finalize_response"}  # of a DRF view


@dataclass
class Walk:
    """The files of a call, in the order in which it enters them."""

    entry: str = VIEW_CALLER
    flow: list[str] = field(default_factory=list)
    around: set[str] = field(default_factory=set)

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        if event != "call" or (name := _file(frame)) is None:
            return
        if not self._is_in_the_flow(frame):
            self.around.add(name)
        elif not self.flow or self.flow[-1] != name:
            self.flow.append(name)

    def _is_in_the_flow(self, frame: FrameType) -> bool:
        each: FrameType | None = frame
        while each is not None and each.f_back is not None:
            called = each.f_code.co_name
            if called in AROUND:
                return False
            if each.f_back.f_code.co_name == self.entry:
                return called not in HOOKS
            each = each.f_back
        return False

    @property
    def files(self) -> set[str]:
        return set(self.flow)

    @property
    def returns(self) -> int:
        """How often the flow returns to a file that it has left."""
        return len(self.flow) - len(self.files)


def _file(frame: FrameType) -> str | None:
    path = Path(frame.f_code.co_filename)
    if not path.is_relative_to(ROOT) or frame.f_code.co_name.startswith("<"):
        return None
    name = path.relative_to(ROOT)
    return name.as_posix() if name.parts[0] in PACKAGES else None


@contextmanager
def recorded(walk: Walk) -> Iterator[None]:
    sys.setprofile(walk)
    try:
        yield
    finally:
        sys.setprofile(None)


def main() -> None:
    parser = argparse.ArgumentParser(description="Count the files that a request runs through.")
    parser.add_argument("--files", action="store_true", help="name them")
    arguments = parser.parse_args()
    print("| request | files | moves between files | returns | around it |")
    print("|---|---|---|---|---|")
    with provider(), stage.database():
        for name, walk in walks().items():
            print(
                f"| {name} | {len(walk.files)} | {len(walk.flow)} | {walk.returns}"
                f" | {len(walk.around - walk.files)} |"
            )
            if arguments.files:
                print("\n".join(f"    {each}" for each in dict.fromkeys(walk.flow)))


def walks() -> dict[str, Walk]:
    """Run each request twice, once to warm up and once recorded."""
    calls = _requests()
    found = {}
    for name, call in calls.items():
        walk = Walk("_run_task") if name == "deliver" else Walk()
        call()
        with recorded(walk):
            call()
        found[name] = walk
    return found


def _requests() -> dict[str, Callable[[], object]]:
    from django.conf import settings
    from django.test import Client

    from sms.models import Allowance
    from todos.models import Todo

    settings.SMS_PROVIDER = "twilio"
    settings.TASKS = {"default": {"BACKEND": "benchmarks.stage.NoBackend"}}
    person = stage.account("person@example.com", 50)
    Allowance.objects.create(account=person, per_day=1_000_000)
    headers = {"Authorization": f"Bearer {stage.token(person)}", "Host": "localhost"}
    client = Client(headers=headers, raise_request_exception=True)
    todo = Todo.objects.order_by("pk")[0]

    def ask(method: str, path: str, expected: int, body: object = None) -> Callable[[], Any]:
        def call() -> Any:
            answer = client.generic(method, path, json_of(body), content_type="application/json")
            assert answer.status_code == expected, answer.content
            return answer

        return call

    send = ask("POST", "/service/sms/send", 201, {"msg": "hey"})
    accept = ask("POST", "/api/v1/sms/messages/", 202, {"to": "+14155552671", "body": "hey"})
    return {
        "`POST /service/sms/send`": send,
        "`POST /api/v1/sms/messages/`": accept,
        "deliver": lambda: _run_task(accept().json()["id"]),
        "`PATCH /api/v1/todos/{id}/`": ask("PATCH", f"/api/v1/todos/{todo.pk}/", 200, TITLES),
        "`GET /api/v1/todos/`": ask("GET", "/api/v1/todos/", 200),
        "`POST /api/v1/todos/{id}/finish/`": ask("POST", f"/api/v1/todos/{todo.pk}/finish/", 200),
    }


class _Titles:
    """A new title each time, so that every PATCH is a change."""

    count = 0

    def __call__(self) -> dict[str, str]:
        self.count += 1
        return {"title": f"Title {self.count}"}


TITLES = _Titles()


def json_of(body: object) -> str:
    found = body() if callable(body) else body
    return "" if found is None else json.dumps(found)


def _run_task(message_id: str) -> None:
    """The calls of this function are the flow of a delivery."""
    from sms.delivery import deliver

    deliver(message_id)


if __name__ == "__main__":
    main()
