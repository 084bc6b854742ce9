"""Applies commands as sync operations, so that open pages and phones show them immediately."""

from types import SimpleNamespace
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from django.utils import timezone

from sms.service import Asked
from todos.models import Due, Todo
from todos.sync.operations import DONE, Push

NAMESPACE: Final = uuid5(NAMESPACE_URL, "urn:nudge:answers")
HELD: Final = (*DONE, "replayed")
Undo = dict[str, Any]


class Changes:
    """The changes of one message; `undo` has the reverse operations, in the same order."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.undo: list[Undo] = []

    def op_id(self, *of: object) -> UUID:
        """An id that is the same if the provider repeats the message."""
        return uuid5(NAMESPACE, " ".join(map(str, (self.asked.sid, *of))))

    def finish(self, op_id: UUID, todo: Todo) -> dict[str, Any]:
        return self._change(op_id, todo, {"op": "finish"}, back={"op": "reopen"})

    def move(self, op_id: UUID, todo: Todo, due: Due) -> dict[str, Any]:
        back: Undo = {"op": "update", **({"fields": {"due": wire(todo.due)}} if todo.due else {})}
        if todo.due is None:
            back["clear"] = ["due"]
        change = {"op": "update", "fields": {"due": wire(due)}}
        return self._change(op_id, todo, change, back=back)

    def add(self, op_id: UUID, fields: dict[str, Any]) -> dict[str, Any]:
        key = uuid5(op_id, "todo")
        result = self._push({"op_id": str(op_id), "id": str(key), "op": "create", "fields": fields})
        return self._noted(result, {"op": "trash"})

    def take_back(self, number: object, undo: list[Undo]) -> list[dict[str, Any]]:
        """Undo the changes, last one first, except where something has changed since."""
        results = []
        for place, each in reversed(list(enumerate(undo))):
            item = {**each, "op_id": str(self.op_id(number, place))}
            results.append(self._push(item))
        return results

    def _change(self, op_id: UUID, todo: Todo, change: Undo, *, back: Undo) -> dict[str, Any]:
        item = {"op_id": str(op_id), "id": str(todo.pk), "base_version": todo.version, **change}
        return self._noted(self._push(item), back)

    def _noted(self, result: dict[str, Any], back: Undo) -> dict[str, Any]:
        if result["status"] in HELD:
            self.undo.append({**back, "id": result["id"], "after": result["op_id"]})
        return result

    def _push(self, item: dict[str, Any]) -> dict[str, Any]:
        request = SimpleNamespace(user=self.asked.account)
        push = Push(request, self.asked.account, timezone.now())
        return push.run([{**item, "kind": "todo", "at": self.asked.at.isoformat()}])[0]


def wire(due: Due) -> dict[str, Any]:
    at = None if due.at is None else f"{due.at:%H:%M}"
    return {"on": due.on.isoformat(), "at": at, "time_zone": due.time_zone}
