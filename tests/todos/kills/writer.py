"""Processes that change one account in every way there is, until they are done or killed.

For each line on standard input, one begins: the e-mail address of the account, that of another one
beside it, a seed, how many changes, and the event at which it dies (tests.deaths counts them; 0:
never). Its process id is printed. The line `wait` and an id prints how it ended: 0 if every answer
was one of those that a client may get.
"""

import io
import os
import random
import sys
import uuid
from collections.abc import Callable
from typing import Any

import django
from django.db import OperationalError
from psycopg.errors import LockNotAvailable

from tests.deaths import answer, dies_at


def main() -> None:
    django.setup()
    for line in sys.stdin:
        match line.split():
            case "wait", process:
                _, status = os.waitpid(int(process), 0)
                answer(os.waitstatus_to_exitcode(status))
            case email, other, seed, changes, last:
                process = os.fork()
                if process == 0:
                    dies_at(int(last))
                    _live(email, other, random.Random(int(seed)), int(changes))  # noqa: S311 - no secret
                answer(process)


def _live(email: str, other: str, dice: random.Random, changes: int) -> None:
    try:
        writer = Writer(email, other, dice)
        for _ in range(changes):
            writer.change()
    except BaseException:  # noqa: BLE001 - the process ends here
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


class Writer:
    def __init__(self, email: str, other: str, dice: random.Random) -> None:
        from django.test import Client  # noqa: PLC0415 - needs the settings
        from rest_framework.test import APIClient  # noqa: PLC0415

        from accounts.models import User  # noqa: PLC0415
        from tests.conftest import bearer_token  # noqa: PLC0415

        self.dice = dice
        self.account = User.objects.get(email=email)
        self.other = User.objects.get(email=other)
        self.phone = APIClient(SERVER_NAME="localhost")
        self.phone.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer_token(self.account)}")
        self.browser = Client(SERVER_NAME="localhost")
        self.operator = Client(SERVER_NAME="localhost")
        self.browser.force_login(self.account)
        self.operator.force_login(User.objects.get(is_superuser=True))
        self.ways: list[Callable[[str], Any]] = [
            *(self.create, self.create, self.create_many, self.edit, self.edit, self.move),
            *(self.create_below, self.nest, self.nest),
            *(self.switch, self.trash, self.restore, self.purge, self.rename_tag, self.remove_list),
            *(self.by_admin, self.by_page, self.by_job, self.of_several_accounts, self.profile),
        ]

    def change(self) -> None:
        """One of any kind, to whatever it meets; that may be gone by now."""
        from todos.models import Todo  # noqa: PLC0415

        keys = list(Todo.objects.of(self.account.pk).values_list("pk", flat=True)[:200])
        way = self.dice.choice(self.ways) if keys else self.create
        try:
            answer = way(str(self.dice.choice(keys)) if keys else "")
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                return  # the client gets 503 and asks again
            raise
        status = getattr(answer, "status_code", 200)
        assert status in {200, 201, 204, 302, 404, 409}, (way.__name__, status, answer.content)

    def _text(self) -> str:
        return f"{self.dice.choice('abcdef')} {self.dice.random()}"

    def _todo(self, key: str, **changes: Any) -> Any:
        return self.phone.patch(f"/api/v1/todos/{key}/", changes)

    def _sync(self, *operations: dict[str, Any]) -> Any:
        sent = [{"op_id": str(uuid.uuid4()), **operation} for operation in operations]
        body = {"account": str(self.account.pk), "sent_at": "2026-11-26T12:00:00Z"}
        return self.phone.post("/api/v1/sync/", {**body, "operations": sent})

    def _any(self, kind: str) -> str:
        """The id of a list or a tag."""
        from core.feed import FeedEntry  # noqa: PLC0415

        entries = FeedEntry.objects.filter(account=self.account, kind=kind, deleted=False)
        return str(self.dice.choice(list(entries.values_list("object_id", flat=True))))

    def create(self, _key: str) -> Any:
        tags = self.dice.sample("abcd", 2)
        return self.phone.post("/api/v1/todos/", {"title": self._text(), "tags": tags})

    def create_below(self, key: str) -> Any:
        body = {"title": self._text(), "parent": key}
        return self._unless_gone(self.phone.post("/api/v1/todos/", body))

    def nest(self, key: str) -> Any:
        body = {"parent": self.dice.choice([None, self._any("todo")])}
        return self._unless_gone(self.phone.post(f"/api/v1/todos/{key}/move/", body))

    def _unless_gone(self, answer: Any) -> Any:
        """400 is right if another writer has removed what the body names."""
        is_gone = answer.status_code == 400 and "does_not_exist" in answer.text
        return None if is_gone else answer

    def create_many(self, _key: str) -> Any:
        home, fields = str(uuid.uuid4()), {"title": self._text(), "tags": ["e"]}
        new = {"kind": "todo", "op": "create"}
        return self._sync(
            {"kind": "list", "id": home, "op": "create", "fields": {"name": self._text()}},
            {**new, "id": str(uuid.uuid4()), "fields": {**fields, "list": home}},
            {**new, "id": str(uuid.uuid4()), "fields": fields},
        )

    def edit(self, key: str) -> Any:
        member = self.dice.choice(["title", "notes"])
        return self._todo(key, **{member: self._text()}, tags=self.dice.sample("abcde", 2))

    def move(self, key: str) -> Any:
        return self._unless_gone(self._todo(key, list=self._any("list")))

    def switch(self, key: str) -> Any:
        return self.phone.post(f"/api/v1/todos/{key}/{self.dice.choice(['finish', 'reopen'])}/")

    def trash(self, key: str) -> Any:
        return self.phone.delete(f"/api/v1/todos/{key}/")

    def restore(self, key: str) -> Any:
        return self.phone.post(f"/api/v1/trash/{key}/restore/")

    def purge(self, key: str) -> Any:
        return self.phone.delete(f"/api/v1/trash/{key}/")

    def rename_tag(self, _key: str) -> Any:
        fields = {"name": self._text()[:10]}
        key, version = self._any("tag"), 2**40  # as if it had seen everything
        named = {"kind": "tag", "id": key, "base_version": version}
        return self._sync({**named, "op": "update", "fields": fields})

    def remove_list(self, _key: str) -> Any:
        return self.phone.delete(f"/api/v1/lists/{self._any('list')}/?todos=trash")

    def by_admin(self, key: str) -> Any:
        action = self.dice.choice(["finish", "reopen", "move_to_trash", "restore"])
        sent = {"action": action, "_selected_action": [key]}
        return self.operator.post("/admin/todos/todo/", sent)

    def by_page(self, key: str) -> Any:
        address = self.dice.choice(["", f"{key}/rename/", f"{key}/delete/"])
        return self.browser.post(f"/todos/plain/{address}", {"title": self._text()})

    def by_job(self, _key: str) -> Any:
        from django.core.management import call_command  # noqa: PLC0415

        for name in ("prune", "refold"):
            call_command(name, stdout=io.StringIO())

    def of_several_accounts(self, _key: str) -> Any:
        from todos.models import Todo  # noqa: PLC0415

        owners = self.dice.sample([self.account, self.other], 2)
        rows = Todo.objects.filter(owner__in=owners, priority=self.dice.randrange(5))
        rows.update(priority=self.dice.randrange(5))

    def profile(self, _key: str) -> Any:
        return self.phone.patch("/api/v1/account/", {"name": self._text()})


if __name__ == "__main__":
    main()
