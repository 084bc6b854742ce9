"""The generated Python client against a server in production settings: URL, folder of mails."""

import base64
import hmac
import re
import struct
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from nudge_client import (
    AccountApi,
    ApiClient,
    ApiTokenScopes,
    AuthApi,
    Configuration,
    DevicesRequest,
    DueRequest,
    EmailVerificationRequest,
    FactorCodeRequest,
    FactorsApi,
    LogInRequest,
    NewApiToken,
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
    token = signed_up(url, mails)
    try_programs(url, token)
    try_devices(url, token, of_two_steps(url, token))
    try_todos(TodosApi(client(url, token)))
    print("Round trip done.")


def app_code(secret: str, steps: int = 0) -> str:
    """What an authenticator app shows, so many steps of 30 seconds from now (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**6:06}"


def of_two_steps(url: str, token: str) -> str:
    """The token of another device, which logs in by the password and the code of an app."""
    factors = FactorsApi(client(url, token))
    secret = refused(404, factors.get_app).meta.secret
    factors.activate_app(FactorCodeRequest(code=app_code(secret)))
    kinds = [factor.type for factor in factors.list_factors().data]
    assert sorted(kinds) == ["recovery_codes", "totp"], kinds
    account = LogInRequest(email=EMAIL, password=PASSWORD)
    steps = refused(401, lambda: AuthApi(client(url)).log_in(account))
    pending = [flow.id for flow in steps.data.flows if flow.is_pending]
    assert pending == ["mfa_authenticate"], pending
    second = FactorsApi(client(url, steps.meta.session_token))
    answer = second.authenticate_by_code(FactorCodeRequest(code=app_code(secret, 1)))
    assert answer.meta.session_token
    return answer.meta.session_token


def try_devices(url: str, token: str, other: str) -> None:
    auth, ended = AuthApi(client(url, token)), TodosApi(client(url, other))
    assert ended.list_todos().results == []
    [theirs] = [device for device in auth.list_devices().data if not device.is_current]
    left = auth.log_out_devices(DevicesRequest(sessions=[theirs.id])).data
    assert [device.is_current for device in left] == [True]
    assert refused(401, ended.list_todos).errors[0].code == "authentication_failed"


def try_programs(url: str, token: str) -> None:
    account = AccountApi(client(url, token))
    made = account.create_api_token(NewApiToken(name="Backup", scopes=[ApiTokenScopes.READ]))
    assert [it.hint for it in account.list_api_tokens().results] == [made.hint]
    program = TodosApi(client(url, made.token))
    assert program.list_todos().results == []
    denied = refused(403, lambda: program.create_todo(TodoRequest(title="Buy milk")))
    assert denied.errors[0].code == "insufficient_scope"
    account.revoke_api_token(made.id)
    assert refused(401, program.list_todos).errors[0].code == "authentication_failed"


def try_todos(todos: TodosApi) -> None:
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


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
