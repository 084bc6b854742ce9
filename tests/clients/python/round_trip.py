"""The generated Python client against a server in production settings: URL, folder of mails."""

import re
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from nudge_client import (
    ApiClient,
    AuthApi,
    Configuration,
    DueRequest,
    EmailVerificationRequest,
    LogInRequest,
    SignUpRequest,
    TodoClear,
    TodoRequest,
    TodosApi,
    TodoStatus,
    TodoUpdate,
)
from nudge_client.exceptions import ApiException

EMAIL, PASSWORD = "python@example.com", "a long passphrase"


def client(url: str, token: str | None = None) -> ApiClient:
    return ApiClient(Configuration(host=url, access_token=token))


def refused(status: int, ask: Callable[[], object]) -> Any:
    """The body of the refusal."""
    try:
        ask()
    except ApiException as error:
        assert error.status == status
        assert error.data is not None
        return error.data
    raise AssertionError(f"{status} was expected")


def signed_up(url: str, mails: Path) -> str:
    """A token; sign-up answers 401 with the step that is pending."""
    account = SignUpRequest(email=EMAIL, password=PASSWORD)
    steps = refused(401, lambda: AuthApi(client(url)).sign_up(account))
    pending = [flow.id for flow in steps.data.flows if flow.is_pending]
    assert pending == ["verify_email"], pending
    code = re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}\r?$", (mails / EMAIL).read_text(), re.MULTILINE)
    assert code
    step = AuthApi(client(url, steps.meta.session_token))
    step.verify_email(EmailVerificationRequest(key=code[0].strip()))
    answer = AuthApi(client(url)).log_in(LogInRequest(email=EMAIL, password=PASSWORD))
    assert answer.data.user.email == EMAIL
    assert answer.meta.session_token
    return answer.meta.session_token


def main(url: str, mails: Path) -> None:
    stranger = refused(401, TodosApi(client(url)).list_todos)
    assert stranger.errors[0].code == "not_authenticated"
    todos = TodosApi(client(url, signed_up(url, mails)))
    due = DueRequest(on=date(2026, 12, 1), at="09:00", time_zone="Europe/Berlin")
    wanted = TodoRequest(id=uuid.uuid4(), title="Buy milk", due=due, tags=["shop"])
    made = todos.create_todo(wanted)
    assert todos.create_todo(wanted) == made
    page = todos.list_todos(status=TodoStatus.OPEN)
    assert page.results == [made]
    assert page.next is None
    changed = todos.update_todo(
        made.id, if_match='"1"', todo_update=TodoUpdate(title="Buy oat milk")
    )
    assert (changed.title, changed.version) == ("Buy oat milk", 2)
    late = TodoUpdate(title="Buy soy milk")
    stale = refused(412, lambda: todos.update_todo(made.id, if_match='"1"', todo_update=late))
    assert stale.current == changed
    assert changed.due
    assert (changed.due.on, changed.due.at) == (date(2026, 12, 1), "09:00")
    assert changed.due_at == datetime(2026, 12, 1, 8, tzinfo=UTC)
    moved = todos.update_todo(made.id, todo_update=TodoUpdate(due=DueRequest(on=due.on)))
    assert moved.due
    assert (moved.due.on, moved.due.at, moved.due_at) == (due.on, None, None)
    cleared = todos.update_todo(made.id, todo_update=TodoUpdate(clear=[TodoClear.DUE]))
    assert cleared.due is None
    finished = todos.finish_todo(made.id)
    assert finished.status == TodoStatus.FINISHED
    assert finished.finished_at
    print("Round trip done.")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
