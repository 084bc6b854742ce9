"""Leaving: seven days to come back, then nothing of the person is left, and all of the others."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts import api_tokens, deletion
from accounts.audit import Kind, SecurityEvent, events_of, record
from accounts.models import Invitation, LimitPlace, User
from core.limits import Limit, take
from core.models import Counter, IdempotencyKey
from sms import consent
from sms.consent import Asker
from sms.models import (
    Attempt,
    Consent,
    Event,
    Message,
    OptOut,
    Phone,
    PhoneCode,
    ReceivedText,
    Source,
)
from tests.accounts.conftest import PASSWORD, assert_error
from tests.accounts.conftest import Phone as Device
from tests.accounts.test_admin import USERS, profile
from tests.builders import make_list, make_todo, make_transfer
from tests.config.test_matrix import everything
from tests.conftest import make_user
from tests.sms.conftest import allow
from todos import service
from todos.models import (
    CalendarFeed,
    Firing,
    List,
    Notice,
    PushSubscription,
    SyncOperation,
    Tag,
    TagAlias,
    Todo,
)

DELETION, KEEP, PAGE = (
    "/api/v1/account/deletion/",
    "/api/v1/account/deletion/keep/",
    "/account/deletion/",
)
WEEK = deletion.GRACE


def logged_in(email: str) -> Device:
    device = Device()
    assert device.log_in(email).status_code == 200
    return device


def kept_token(answer: Any) -> str:
    return str(answer.json()["keep"]["token"])


# --- Asking and coming back -----------------------------------------------------------------------


def test_who_leaves_is_logged_out_everywhere_and_told(clock, alice, bob, mailoutbox):
    device, other, of_bob = logged_in(alice.email), logged_in(alice.email), logged_in(bob.email)
    _row, token = api_tokens.issue(alice, name="script", scopes=["read"])
    mailoutbox.clear()
    answer = device.post(DELETION)
    assert (answer.status_code, answer.json()) == (202, {"deletion_at": "2026-11-27T12:00:00.000Z"})
    programs = [device, other, Device(), of_bob]
    programs[2].token = token
    statuses = [each.get("/api/v1/todos/").status_code for each in programs]
    assert statuses == [401, 401, 401, 200]
    assert {row.user for row in UserSession.objects.all()} == {bob}
    [letter] = mailoutbox
    assert (letter.to, letter.subject) == ([alice.email], "Nudge: Your account will be deleted")
    assert "after Nov. 27, 2026, noon (UTC)" in letter.body
    assert "http://testserver/account/keep/" in letter.body
    [event] = events_of(alice).filter(kind="deletion_asked")
    assert event.address == "198.51.100.1"


def test_a_log_in_offers_to_keep_the_account(clock, alice, bob, mailoutbox):
    logged_in(alice.email).post(DELETION)
    refused = Device().log_in(alice.email)
    detail = "This account will be deleted. Keep it by `keep.token`, then log in again."
    token = kept_token(refused)
    assert (refused.status_code, refused.json()) == (
        403,
        {
            "type": "client_error",
            "errors": [{"code": "deletion_pending", "detail": detail, "attr": None}],
            "keep": {"token": token, "until": "2026-11-27T12:00:00.000Z"},
        },
    )
    assert_error(
        Device().log_in(alice.email, "a wrong password"), 400, "email_password_mismatch", "password"
    )
    deletion.ask(bob, None)
    clock.shift(WEEK - timedelta(seconds=1))
    assert Device().post(KEEP, {"token": token}).status_code == 204
    assert "the deletion was cancelled" in mailoutbox[-1].body
    assert not User.objects.get(pk=bob.pk).is_active
    assert_error(Device().post(KEEP, {"token": token}), 400, "invalid", "token")
    device = logged_in(alice.email)
    assert device.get("/api/v1/account/").status_code == 200
    clock.shift(WEEK)
    call_command("delete_accounts")
    assert User.objects.filter(pk=alice.pk).exists()
    assert events_of(alice).filter(kind="deletion_cancelled").count() == 1


def test_who_comes_too_late_is_told_so(clock, client, alice):
    logged_in(alice.email).post(DELETION)
    token = kept_token(Device().log_in(alice.email))
    clock.shift(WEEK)
    assert_error(Device().post(KEEP, {"token": token}), 400, "invalid", "token")
    for answer in (client.get(f"/account/keep/{token}/"), client.post(f"/account/keep/{token}/")):
        assert answer.status_code == 404
        assert "This link was used or has expired" in answer.text
    assert deletion.cancel(alice, None) is False
    assert not User.objects.get(pk=alice.pk).is_active


def test_who_has_waited_longest_goes_first(clock, alice, bob):
    for person in (alice, bob):
        deletion.ask(person, None)
        clock.shift(60)
    assert [*deletion.due(timezone.now() + WEEK)] == [alice, bob]


@pytest.mark.parametrize(
    "forge", [lambda t: t[:-1] + "AB"[t[-1] == "A"], lambda t: "", lambda t: "x:y:z"]
)
def test_a_made_up_token_keeps_nothing(clock, alice, forge):
    logged_in(alice.email).post(DELETION)
    token = kept_token(Device().log_in(alice.email))
    assert Device().post(KEEP, {"token": forge(token)}).status_code == 400
    assert not User.objects.get(pk=alice.pk).is_active


def test_a_token_of_the_first_time_keeps_nothing_the_second_time(clock, alice):
    logged_in(alice.email).post(DELETION)
    first = kept_token(Device().log_in(alice.email))
    Device().post(KEEP, {"token": first})
    clock.shift(60)
    logged_in(alice.email).post(DELETION)
    assert Device().post(KEEP, {"token": first}).status_code == 400


def test_an_account_that_an_operator_switched_off_is_offered_nothing(alice):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    refused = Device().log_in(alice.email)
    assert "keep" not in refused.json()


def test_who_logged_in_long_ago_proves_it_again(clock, alice, settings):
    device = logged_in(alice.email)
    clock.shift(settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
    assert_error(device.post(DELETION), 403, "proof_required")
    assert User.objects.get(pk=alice.pk).is_active
    device.post("auth/reauthenticate", {"password": PASSWORD})
    assert device.post(DELETION).status_code == 202


def test_the_pages_of_leaving_and_of_staying(clock, client, alice, mailoutbox):
    form = {"login": alice.email, "password": PASSWORD}
    client.post("/auth/login/", form)
    assert "For 7 days you can come back" in client.get(PAGE).text
    left = client.post(PAGE)
    assert (left.status_code, left["Location"]) == (302, "/auth/login/")
    assert left["Clear-Site-Data"] == '"storage"'
    page = client.get("/auth/login/").text
    assert "Your account will be deleted after Nov. 27, 2026. To keep it, log in" in page
    offered = client.post("/auth/login/", form)
    url = offered["Location"]
    assert re.fullmatch(r"/account/keep/[\w:-]+/", url)
    assert url in mailoutbox[-1].body
    assert "Your account will be deleted after Nov. 27, 2026, noon." in client.get(url).text
    assert not User.objects.get(pk=alice.pk).is_active
    assert client.post(url)["Location"] == "/auth/login/"
    assert "Your account stays." in client.get("/auth/login/").text
    assert mailoutbox[-1].to == [alice.email]
    assert "Your account stays" in mailoutbox[-1].subject
    for again in (client.get(url), client.post(url)):
        assert again.status_code == 404
        assert "This link was used or has expired" in again.text
    assert client.post("/auth/login/", form)["Location"] == "/todos/"


def test_the_page_asks_for_the_password(clock, client, alice, settings):
    client.post("/auth/login/", {"login": alice.email, "password": PASSWORD})
    clock.shift(settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
    asked = client.post(PAGE)
    assert asked["Location"].startswith("/auth/reauthenticate/")
    assert User.objects.get(pk=alice.pk).is_active
    client.post(asked["Location"], {"password": PASSWORD})
    assert not User.objects.get(pk=alice.pk).is_active


def test_who_asks_twice_is_told_the_same_day(clock, alice):
    at = deletion.ask(alice, None)
    clock.shift(3600)
    assert deletion.ask(alice, None) == at
    assert events_of(alice).count() == 1


# --- Nothing is left ------------------------------------------------------------------------------

MARK = "Zebulon"
NUMBERS = {"alice": "+15005550006", "bob": "+15005550009"}


def fill(person: User, name: str) -> None:
    """A row in every table that a person may own, with the mark of the person in every text."""
    mark, number = f"{MARK} {name}", NUMBERS[name]
    person.name = mark
    person.save()
    home = make_list(person, mark)
    todo = make_todo(person, mark, notes=mark, list=home, tags=[mark])
    make_todo(person, f"{mark} below", parent=todo, list=home)
    service.add_filter(actor=person, name=mark, query="x")
    now = timezone.now()
    tag = Tag.objects.get(owner=person)
    TagAlias.objects.create(tag=tag, folded=f"{mark} old", seq=1, renamed_at=now)
    PushSubscription.objects.create(owner=person, digest=name, endpoint=f"https://push/{mark}")
    about = {"kind": "todo", "object_id": todo.pk, "status": "applied", "base": 1}
    SyncOperation.objects.create(account=person, op_id=todo.pk, done_at=now, **about)
    notice = Notice.objects.create(owner=person, channel="email")
    Firing.objects.create(owner=person, todo=todo, notice=notice, reminder_id=todo.pk)
    text = Message.objects.create(sender=person, to=number, body=mark)
    Attempt.objects.create(message=text, number=1, started_at=now)
    Event.objects.create(message=text, status="sent", source="poll")
    Message.objects.create(sender=None, to=number, body=f"{mark}: a code")
    Phone.objects.create(account=person, number=number)
    consent.note(Consent.Event.STOPPED, number, account=None, asker=Asker(Source.TEXT))
    PhoneCode.objects.create(account=person, number=number, asked_at=now, expires_at=now)
    ReceivedText.objects.create(sid=name, account=person, number=number, body=mark, received_at=now)
    consent.note(
        Consent.Event.AGREED, number, account=person, asker=Asker(Source.API, "203.0.113.1", mark)
    )
    allow(person)
    api_tokens.issue(person, name=mark, scopes=["read"])
    make_transfer(person, "export", error_detail=mark)
    CalendarFeed.objects.create(owner=person, digest=name, created_at=now)
    record(person, Kind.LOGGED_IN)
    person.groups.add(Group.objects.get_or_create(name="all")[0])
    person.user_permissions.add(Permission.objects.all()[0])
    logged_in(person.email)
    Authenticator.objects.create(user=person, type="totp", data={"secret": mark})
    take(Limit(scope=f"sms:account:{person.pk}:day", amount=5, window=timedelta(days=1)))
    IdempotencyKey.objects.create(
        scope=f"user:{person.pk}", endpoint="POST /", key=mark, body=mark, claimed_at=now
    )
    LimitPlace.objects.create(scope=f"login:{person.pk}", number=0, taken_at=now)
    staff = User.objects.get(email="staff@example.com")
    Invitation.objects.create(email=person.email, account=person, used_at=now)
    Invitation.objects.create(email=person.email)
    for row in (person, todo, text):
        kind = ContentType.objects.get_for_model(row)
        LogEntry.objects.create(
            user=staff,
            content_type=kind,
            object_id=str(row.pk),
            object_repr=mark,
            action_flag=CHANGE,
        )


def rows_with(*marks: str) -> dict[str, list[str]]:
    """Every row of every table that has one of these texts in any of its columns."""
    found = {
        table: [row for row in rows if any(mark in row for mark in marks)]
        for table, rows in every_table().items()
    }
    return {table: rows for table, rows in found.items() if rows}


def every_table() -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        tables = {}
        for name in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - our own table names
            tables[name] = sorted(repr(row) for row in cursor.fetchall())
    return tables


def marks_of(person: User, name: str) -> tuple[str, ...]:
    return (str(person.pk), person.pk.hex, person.email, f"{MARK} {name}", NUMBERS[name])


@pytest.fixture
def full(alice, bob, staff) -> None:
    fill(alice, "alice")
    fill(bob, "bob")


@pytest.mark.usefixtures("full")
def test_every_table_that_names_an_account_has_a_row_of_alice(alice):
    """A new table fails here, until `fill` makes a row of it that the next test looks for."""
    tables = {model._meta.db_table for model, _column in deletion.owned_columns()}
    assert tables - {"django_admin_log"} <= set(rows_with(*marks_of(alice, "alice")))


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("batch", [1, 1000])
def test_nothing_of_the_person_is_left_and_all_of_the_others(
    clock, web, alice, bob, monkeypatch, batch, mailoutbox
):
    monkeypatch.setattr(deletion, "BATCH", batch)
    deletion.ask(alice, None)
    clock.shift(WEEK)
    others = rows_with(*marks_of(bob, "bob"))
    sessions, mailoutbox[:] = Session.objects.count(), []
    call_command("delete_accounts")
    assert rows_with(*marks_of(alice, "alice")) == {}
    assert rows_with(*marks_of(bob, "bob")) == others
    assert Session.objects.count() == sessions
    [left] = SecurityEvent.objects.filter(kind="deleted")
    assert (left.account, left.address, left.facts) == (None, None, {})
    [receipt] = mailoutbox
    assert (receipt.to, receipt.subject) == ([alice.email], "Nudge: Your account was deleted")
    assert "was deleted on Nov. 27, 2026, noon" in receipt.body
    assert web(bob).get("/api/v1/todos/").status_code == 200


@pytest.mark.usefixtures("full")
def test_a_number_that_texted_stop_stays_stopped(clock, alice):
    OptOut.objects.create(number=NUMBERS["alice"], source="text")
    deletion.begin(alice)
    deletion.erase(alice)
    assert {*rows_with(*marks_of(alice, "alice"))} == {"sms_optout"}


def test_invitations_to_every_address_of_the_account_go(alice, bob):
    """An account that was made by a command may have no row for its own address."""
    EmailAddress.objects.create(user=alice, email="alice@home.example")
    alice.email = "alice@work.example"
    alice.save()
    for email in ("alice@home.example", "alice@work.example", "alice@example.com", bob.email):
        Invitation.objects.create(email=email)
    deletion.begin(alice)
    deletion.erase(alice)
    assert [each.email for each in Invitation.objects.all()] == [bob.email]


def test_the_log_of_the_admin_about_a_row_of_another_kind_stays(alice, staff):
    """Ids that are numbers are those of rows in several tables."""
    address = EmailAddress.objects.get(user=alice)
    for model in (EmailAddress, Group):
        LogEntry.objects.create(
            user=staff,
            content_type=ContentType.objects.get_for_model(model),
            object_id=str(address.pk),
            object_repr="x",
            action_flag=CHANGE,
        )
    deletion.begin(alice)
    deletion.erase(alice)
    assert [*LogEntry.objects.values_list("content_type__model", flat=True)] == ["group"]


# What a number has in common with others: who proves it, who texts it, who had it before.
TOOK_PART = {
    "a text without a sender": lambda number, bob: Message(sender=None, to=number, body="x"),
    "a text of another person": lambda number, bob: Message(sender=bob, to=number, body="x"),
    "an entry without an account": lambda number, bob: Consent(
        number=number, event="stopped", source="text"
    ),
    "an entry of its former owner": lambda number, bob: Consent(
        account=bob, number=number, event="agreed", source="api"
    ),
}


@pytest.mark.parametrize("known_by", ["phone", "ledger"])
def test_what_others_did_with_a_number_stays_and_what_nobody_did_goes(alice, bob, known_by):
    """The number is known by the verified phone or, once that was removed, by the ledger."""
    number, others = NUMBERS["alice"], NUMBERS["bob"]
    if known_by == "phone":
        Phone.objects.create(account=alice, number=number)
    else:
        Consent.objects.create(account=alice, number=number, event="removed", source="api")
    Phone.objects.create(account=bob, number=others)
    Consent.objects.create(account=bob, number=others, event="agreed", source="api")
    for each in (number, others):
        for make in TOOK_PART.values():
            make(each, bob).save()
    deletion.begin(alice)
    deletion.erase(alice)
    texts = Message.objects.values_list("to", "sender__email")
    assert sorted(texts, key=str) == sorted(
        [(number, bob.email), (others, bob.email), (others, None)], key=str
    )
    entries = Consent.objects.values_list("number", "account__email", "event")
    assert sorted(entries, key=str) == sorted(
        [
            (number, bob.email, "agreed"),
            *[(others, bob.email, "agreed")] * 2,
            (others, None, "stopped"),
        ],
        key=str,
    )


@pytest.mark.usefixtures("full")
def test_a_run_that_dies_after_any_batch_is_taken_up_by_the_next(clock, alice, bob, monkeypatch):
    others = rows_with(*marks_of(bob, "bob"))
    batches: list[str] = []
    deletion.ask(alice, None)
    clock.shift(WEEK)
    erase_some = deletion._erase_some

    def dying(rows: Any) -> int:
        if len(batches) % 2:
            batches.append("died")
            raise ConnectionError
        batches.append("lived")
        return erase_some(rows)

    monkeypatch.setattr(deletion, "_erase_some", dying)
    runs = 0
    while User.objects.filter(pk=alice.pk).exists():
        batches.clear()
        runs += 1
        if runs > 3:
            monkeypatch.setattr(deletion, "_erase_some", erase_some)
            call_command("delete_accounts")
        else:
            with pytest.raises(CommandError, match="0 accounts deleted, 1 not"):
                call_command("delete_accounts")
    assert rows_with(*marks_of(alice, "alice")) == {}
    assert rows_with(*marks_of(bob, "bob")) == others


def test_an_account_whose_mailbox_is_full_goes_too(clock, alice, monkeypatch, caplog):
    deletion.ask(alice, None)
    clock.shift(WEEK)

    def fails(*_args: object, **_more: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", fails)
    call_command("delete_accounts")
    assert not User.objects.filter(pk=alice.pk).exists()
    assert "The receipt of a deleted account was not sent" in caplog.text
    assert alice.email not in caplog.text


def test_nobody_goes_before_the_time(clock, alice, bob, capsys):
    deletion.ask(alice, None)
    clock.shift(WEEK - timedelta(seconds=1))
    call_command("delete_accounts")
    assert capsys.readouterr().out == "0 accounts deleted.\n"
    assert User.objects.filter(pk__in=[alice.pk, bob.pk]).count() == 2


def test_an_account_that_is_gone_already_is_no_error(alice, bob):
    deletion.begin(alice)
    assert deletion.erase(alice)
    Invitation.objects.create(email=alice.email)  # since then
    before = everything()
    assert not deletion.erase(alice)
    assert everything() == before


def test_what_is_written_between_two_batches_goes_too(alice, bob, monkeypatch):
    """A request that began before the end: its to-do stands in a list that is about to go."""
    make_todo(alice)
    theirs = make_todo(bob)
    erase_some = deletion._erase_some
    late: list[Todo] = []

    def with_a_late_one(rows: Any) -> int:
        if rows.model is List and not late:
            late.append(make_todo(alice, "late"))
        return erase_some(rows)

    monkeypatch.setattr(deletion, "_erase_some", with_a_late_one)
    deletion.begin(alice)
    deletion.erase(alice)
    assert late
    assert [*User.objects.filter(pk__in=[alice.pk, bob.pk])] == [bob]
    assert [*Todo.objects.all()] == [theirs]


def test_of_two_runs_at_once_the_slower_one_leaves_nothing(alice, monkeypatch, mailoutbox):
    deletion.begin(alice)
    finish = deletion._finish

    def overtaken(user: User, actor: User | None) -> None:
        finish(user, actor)
        finish(user, actor)

    monkeypatch.setattr(deletion, "_finish", overtaken)
    call_command("delete_accounts")
    assert mailoutbox == []  # the quicker one sends the receipt
    assert SecurityEvent.objects.filter(kind="deleted").count() == 1
    assert rows_with(str(alice.pk), alice.pk.hex) == {}


def test_who_is_not_leaving_cannot_be_kept(alice):
    assert deletion.cancel(alice, None) is False
    assert not events_of(alice).exists()


# --- The admin ------------------------------------------------------------------------------------


def act(browser: Any, action: str, *people: User) -> None:
    form = {"action": action, "_selected_action": [str(each.pk) for each in people]}
    assert browser.post("/admin/accounts/user/", form).status_code == 302


def test_staff_start_and_stop_a_deletion(clock, web, staff, alice, bob, mailoutbox):
    browser = web(staff)
    act(browser, "delete_in_a_week", alice)
    alice.refresh_from_db()
    assert (alice.is_active, alice.deletion_at) == (False, timezone.now() + WEEK)
    [letter] = mailoutbox
    assert letter.to == [alice.email]
    act(browser, "keep", alice, bob)
    alice.refresh_from_db()
    assert (alice.is_active, alice.deletion_at) == (True, None)
    told = [(event.kind, event.by_staff) for event in events_of(alice)]
    assert sorted(told) == [("deletion_asked", True), ("deletion_cancelled", True)]
    assert not events_of(bob).exists()


def test_staff_offer_no_way_back_to_whom_they_have_switched_off(web, staff, alice, mailoutbox):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    act(web(staff), "delete_in_a_week", alice)
    alice.refresh_from_db()
    assert (alice.is_active, alice.deletion_at, mailoutbox) == (False, None, [])


def test_staff_who_switch_the_account_on_keep_it(clock, web, staff, alice):
    deletion.ask(alice, None)
    form = profile(alice)
    assert web(staff).post(f"{USERS}{alice.pk}/change/", form).status_code == 302
    alice.refresh_from_db()
    assert (alice.is_active, alice.deletion_at) == (True, None)
    assert events_of(alice).filter(kind="deletion_cancelled", by_staff=True).exists()


def test_an_account_in_use_never_goes(clock, alice):
    """However it was switched on."""
    deletion.ask(alice, None)
    User.objects.filter(pk=alice.pk).update(is_active=True)
    clock.shift(WEEK)
    call_command("delete_accounts")
    assert User.objects.filter(pk=alice.pk).exists()
    assert deletion.ask(alice, None) == timezone.now() + WEEK


def test_a_helper_deletes_no_operator(web, staff, alice):
    helper = make_user("helper@example.com", is_staff=True)
    names = ("view_user", "delete_user")
    helper.user_permissions.set(Permission.objects.filter(codename__in=names))
    act(web(helper), "delete_in_a_week", staff, alice)
    staff.refresh_from_db()
    alice.refresh_from_db()
    assert (staff.deletion_at, alice.is_active) == (None, False)


@pytest.mark.usefixtures("full")
def test_the_admin_deletes_at_once(web, staff, alice, bob, mailoutbox):
    others = rows_with(*marks_of(bob, "bob"))
    browser, mailoutbox[:] = web(staff), []
    others_before = json.dumps(others)
    assert (
        browser.post(f"/admin/accounts/user/{alice.pk}/delete/", {"post": "yes"}).status_code == 302
    )
    assert rows_with(*marks_of(alice, "alice")) == {}
    left = SecurityEvent.objects.get(kind="deleted")
    assert (left.account, left.by_staff, left.actor) == (None, True, staff)
    assert json.dumps(rows_with(*marks_of(bob, "bob"))) == others_before
    assert [letter.to for letter in mailoutbox] == [[alice.email]]
    assert Counter.objects.filter(scope__contains=str(alice.pk)).count() == 0
    assert Todo.objects.filter(owner=bob).count() == 2
