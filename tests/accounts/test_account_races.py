"""What happens to an account at one instant: the last token, the last day, a run that is killed."""

import io
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as apps
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.db.models import QuerySet
from django.utils import timezone

from accounts import api_tokens, deletion
from accounts.audit import SecurityEvent
from accounts.factors import passkeys
from accounts.models import ApiToken, User
from tests.accounts.conftest import Phone, assert_error
from tests.accounts.factors import PASSKEYS, TOTP, code_of, logged_in
from tests.accounts.soft_key import SoftKey
from tests.builders import make_todo
from tests.config.test_scopes import program, token_of
from tests.conftest import make_user
from tests.interleaving import is_waited_for, until
from todos.models import Todo

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
TOKENS = "/api/v1/account/tokens/"


def together(count: int, act: Callable[[int], Any]) -> list[Any]:
    start, told = threading.Barrier(count), []

    def run(number: int) -> None:
        try:
            start.wait()
            told.append(act(number))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert connection.vendor == "postgresql"
    assert len(told) == count  # nobody raised an error
    return told


def meeting(monkeypatch, owner: Any, name: str, count: int = 2) -> None:
    """All callers are there before any goes on."""
    start, then = threading.Barrier(count), getattr(owner, name)

    def wait(*args: Any) -> Any:
        start.wait(timeout=30)
        return then(*args)

    monkeypatch.setattr(owner, name, wait)


def test_of_eight_tokens_at_once_as_many_are_made_as_fit(settings):
    settings.QUOTA_TOKENS = 3
    alice, bob = make_user("alice@example.com"), make_user("bob@example.com")
    token_of(bob, "read")
    phone = Phone()
    phone.log_in(alice.email)

    def ask(_number: int) -> int:
        one = Phone()
        one.token = phone.token
        return int(one.post(TOKENS, {"name": "x", "scopes": ["read"]}).status_code)

    assert Counter(together(8, ask)) == {201: 3, 409: 5}
    assert ApiToken.objects.owned_by(alice).count() == 3


def test_thirty_wrong_tokens_at_once_are_thirty_refusals():
    """Not bounded, and need not be: of 62**43 texts fifty are right."""
    token = token_of(make_user("alice@example.com"), "read")
    wrong = [api_tokens._random() for _ in range(30)]

    def ask(number: int) -> int:
        return int(program(wrong[number]).get("/api/v1/todos/").status_code)

    assert Counter(together(30, ask)) == {401: 30}
    assert program(token).get("/api/v1/todos/").status_code == 200


def test_parallel_uses_of_a_token_all_work(monkeypatch):
    """Each has read it as unused."""
    meeting(monkeypatch, ApiToken, "note_use", count=8)
    token = token_of(make_user("alice@example.com"), "read")
    statuses = together(8, lambda _n: program(token).get("/api/v1/todos/").status_code)
    assert Counter(statuses) == {200: 8}


def test_an_account_goes_whatever_is_being_written(monkeypatch):
    """Requests that began before the end: each is done and goes too, or is refused."""
    alice, bob = make_user("alice@example.com"), make_user("bob@example.com")
    for number in range(30):
        make_todo(alice, str(number))
    make_todo(bob)
    monkeypatch.setattr(deletion, "BATCH", 5)
    deletion.begin(alice)

    def act(number: int) -> str:
        if number == 0:
            return "erased" if deletion.erase(alice) else "was gone"
        try:
            for _ in range(30):
                make_todo(alice, f"late {number}")
        except (DatabaseError, User.DoesNotExist, Todo.DoesNotExist, AttributeError):
            return "refused"
        return "done"

    told = Counter(together(5, act))
    assert (told["erased"], told["was gone"]) == (1, 0)
    assert [*User.objects.all()] == [bob]
    left = [
        model._meta.label
        for model, column in deletion.owned_columns()
        if QuerySet(model).filter(**{column: alice.pk}).exists()
    ]
    assert left == []
    assert set(Todo.objects.values_list("owner_id", flat=True)) == {bob.pk}


def test_two_runs_at_once_delete_each_account_once():
    people = [make_user(f"p{number}@example.com") for number in range(3)]
    for person in people:
        make_todo(person)
        deletion.begin(person)
    stays = make_user("bob@example.com")

    def run(_number: int) -> int:
        out = io.StringIO()
        call_command("delete_accounts", stdout=out)  # raises CommandError if one fails
        return int(out.getvalue().split()[0])

    assert sum(together(2, run)) == 3
    assert SecurityEvent.objects.filter(kind="deleted").count() == 3
    assert [*User.objects.all()] == [stays]


def test_keeping_and_deleting_at_one_instant_is_one_of_them():
    alice = make_user("alice@example.com")
    deletion.ask(alice, None)
    alice.refresh_from_db()
    token = deletion.keep_token(alice)
    kept = together(8, lambda _n: deletion.keep(token, None) is not None)
    assert Counter(kept) == {True: 1, False: 7}
    assert User.objects.get().is_active


def test_a_run_that_is_killed_between_two_batches_is_taken_up(monkeypatch):
    """The connection is cut as by the end of a process: what was committed stays deleted."""
    alice, bob = make_user("alice@example.com"), make_user("bob@example.com")
    for number in range(12):
        make_todo(alice, str(number))
    make_todo(bob)
    monkeypatch.setattr(deletion, "BATCH", 5)
    deletion.begin(alice)
    erase_some, batches = deletion._erase_some, iter(range(1000))

    def cut(rows: Any) -> int:
        if rows.model is Todo and next(batches) == 2:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return erase_some(rows)

    with monkeypatch.context() as patch:
        patch.setattr(deletion, "_erase_some", cut)
        with pytest.raises(DatabaseError):
            deletion.erase(alice)
    connections.close_all()
    assert Todo.objects.filter(owner=alice).count() == 2
    assert [user.pk for user in deletion.due(timezone.now())] == [alice.pk]
    call_command("delete_accounts")
    assert [*User.objects.all()] == [bob]
    assert set(Todo.objects.values_list("owner_id", flat=True)) == {bob.pk}


# --- Two factors at one instant -------------------------------------------------------------------


def linger(monkeypatch, owner: Any, name: str) -> None:
    """Called between a check and its write: until the other waits for a lock, or is here too."""
    then, here = getattr(owner, name), []

    def wait() -> Any:
        here.append(threading.get_ident())
        until(lambda: len(here) == 2 or is_waited_for())
        return then()

    monkeypatch.setattr(owner, name, wait)


def test_of_two_apps_at_once_one_is_switched_on(monkeypatch):
    alice = make_user("alice@example.com")
    phones = [logged_in(alice), logged_in(alice)]
    secrets = [phone.get(TOTP).json()["meta"]["secret"] for phone in phones]
    meeting(monkeypatch, apps.TOTP, "activate")
    told = together(2, lambda n: phones[n].post(TOTP, {"code": code_of(secrets[n])}))
    assert Counter(answer.status_code for answer in told) == {200: 1, 409: 1}
    [refused] = [answer for answer in told if answer.status_code == 409]
    assert_error(refused, 409, "app_exists")
    assert sorted(Authenticator.objects.values_list("type", flat=True)) == [
        "recovery_codes",
        "totp",
    ]


def test_two_passkeys_at_once_have_one_set_of_recovery_codes(monkeypatch):
    """Each ends the session of the other, which is 401 and no error of ours."""
    alice = make_user("alice@example.com")
    phones = [logged_in(alice), logged_in(alice)]
    options = [phone.get(f"{PASSKEYS}?passwordless").json()["data"] for phone in phones]
    made = [SoftKey().create(each["creation_options"]) for each in options]
    meeting(monkeypatch, passkeys.auth.WebAuthn, "add")
    meeting(monkeypatch, RecoveryCodes, "activate")
    linger(monkeypatch, RecoveryCodes, "generate_seed")
    told = together(2, lambda n: phones[n].post(PASSKEYS, {"name": "Key", "credential": made[n]}))
    for answer in told:
        assert_error(answer, 401, "session_gone")
    types = Counter(Authenticator.objects.values_list("type", flat=True))
    assert types == {"webauthn": 2, "recovery_codes": 1}


def test_of_two_passkeys_at_once_as_many_are_added_as_fit(monkeypatch):
    monkeypatch.setattr(passkeys, "MOST", 1)
    alice = make_user("alice@example.com")
    phones = [logged_in(alice), logged_in(alice)]
    options = [phone.get(f"{PASSKEYS}?passwordless").json()["data"] for phone in phones]
    made = [SoftKey().create(each["creation_options"]) for each in options]
    meeting(monkeypatch, passkeys.auth.WebAuthn, "add")
    told = together(2, lambda n: phones[n].post(PASSKEYS, {"name": "Key", "credential": made[n]}))
    codes = [it.json()["errors"][0]["code"] for it in told if it.status_code == 400]
    assert codes == ["too_many_passkeys"]
    assert Authenticator.objects.filter(type="webauthn").count() == 1
