"""The security events of an account: what is written, who sees it, how long, and what never is."""

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.utils import timezone

from accounts import audit
from accounts.audit import Kind, SecurityEvent, events_of, record
from tests.accounts.conftest import PASSWORD, Phone, mailed_code
from tests.accounts.test_admin import USERS, profile
from tests.conftest import make_user

NEW = "another horse battery"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def kinds(account: Any) -> list[str]:
    """The oldest first."""
    return [event.kind for event in reversed(events_of(account))]


def test_the_life_of_an_account_by_phone(phone, bob, clock):
    phone.post("auth/signup", {"email": "carol@example.com", "password": PASSWORD})
    carol = EmailAddress.objects.get(email="carol@example.com").user
    clock.shift(1)
    phone.token = None
    phone.post("auth/password/request", {"email": carol.email})
    reset = {"key": mailed_code(), "password": NEW}
    phone.post("auth/password/reset", reset)
    phone.token = None
    clock.shift(1)
    phone.log_in(carol.email, NEW)
    clock.shift(1)
    changed = {"current_password": NEW, "new_password": PASSWORD}
    assert phone.post("account/password/change", changed).status_code == 200
    clock.shift(1)
    phone.post("account/email", {"email": "c2@example.com"})
    EmailAddress.objects.filter(user=carol).update(verified=True)
    phone.call("patch", "account/email", {"email": "c2@example.com", "primary": True})
    clock.shift(1)
    assert phone.delete("account/email", {"email": "carol@example.com"}).status_code == 200
    assert sorted(kinds(carol)[:2]) == ["logged_in", "signed_up"]
    assert sorted(kinds(carol)[3:5]) == ["logged_in", "new_device"]
    assert [kinds(carol)[2], *kinds(carol)[5:]] == [
        *("password_reset", "password_changed"),
        *sorted(["email_added", "email_changed"], key=kinds(carol).index),
        "email_removed",
    ]
    told = {(e.kind, e.facts["email"]) for e in events_of(carol) if e.kind.startswith("email")}
    assert told == {
        ("email_added", "c2@example.com"),
        ("email_changed", "c2@example.com"),
        ("email_removed", "carol@example.com"),
    }
    assert {event.address for event in events_of(carol)} == {"198.51.100.1"}
    assert kinds(bob) == []


def test_the_owner_sees_it_in_the_api(api, alice, bob, clock, rf):
    request = rf.get("/", REMOTE_ADDR="203.0.113.7", HTTP_USER_AGENT=FIREFOX)
    record(alice, Kind.LOGGED_IN, request)
    clock.shift(1)
    record(alice, Kind.TOKEN_CREATED, name="backup")
    record(bob, Kind.LOGGED_IN, request)
    newest, oldest = events_of(alice)
    answer = api(alice).get("/api/v1/account/activity/")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "next": None,
            "previous": None,
            "results": [
                {
                    "id": str(newest.pk),
                    "kind": "token_created",
                    "at": "2026-11-20T12:00:01.000Z",
                    "address": None,
                    "device": "",
                    "by_staff": False,
                    "facts": {"name": "backup"},
                },
                {
                    "id": str(oldest.pk),
                    "kind": "logged_in",
                    "at": "2026-11-20T12:00:00.000Z",
                    "address": "203.0.113.7",
                    "device": "Firefox on Linux",
                    "by_staff": False,
                    "facts": {},
                },
            ],
        },
    )


def test_the_owner_sees_it_on_a_page(web, alice, bob, rf):
    record(alice, Kind.LOGGED_IN, rf.get("/", REMOTE_ADDR="203.0.113.7", HTTP_USER_AGENT=FIREFOX))
    record(alice, Kind.STAFF_CHANGED, actor=bob, fields=["Name", "Email"])
    record(alice, Kind.EMAIL_ADDED, email="<b>@example.com")
    record(bob, Kind.PASSWORD_RESET)
    page = web(alice).get("/account/activity/")
    for words in (
        "Logged in",
        "Firefox on Linux",
        "Address 203.0.113.7",
        "By staff",
        "Name, Email",
    ):
        assert words in page.text
    assert "&lt;b&gt;@example.com" in page.text
    assert bob.email not in page.text
    assert "Password set" not in page.text


def test_what_staff_do_to_an_account_is_told_to_its_owner(web, staff, alice, bob):
    page = web(staff).post(f"{USERS}{alice.pk}/change/", profile(alice, name="Alice B"))
    assert page.status_code == 302
    [event] = events_of(alice)
    assert (event.kind, event.by_staff, event.actor) == ("staff_changed", True, staff)
    assert event.facts == {"fields": "Name, Date joined"}
    address = alice.emailaddress_set.get()
    row = {"user": str(alice.pk), "email": "a2@example.com", "verified": "on", "primary": "on"}
    web(staff).post(f"/admin/account/emailaddress/{address.pk}/change/", row)
    more = {"user": str(alice.pk), "email": "a3@example.com", "verified": "on"}
    web(staff).post("/admin/account/emailaddress/add/", more)
    assert kinds(alice) == ["staff_changed"] * 3
    assert kinds(bob) == []


def test_the_operator_reads_it_and_changes_nothing(web, staff, alice):
    record(alice, Kind.LOGGED_IN)
    [event] = events_of(alice)
    browser = web(staff)
    assert "Logged in" in browser.get("/admin/accounts/securityevent/").text
    url = f"/admin/accounts/securityevent/{event.pk}"
    assert browser.get(f"{url}/change/").status_code == 200
    statuses = [
        browser.post(f"{url}/{what}/", {"post": "yes"}).status_code for what in ("change", "delete")
    ]
    assert [*statuses, browser.post("/admin/accounts/securityevent/add/").status_code] == [403] * 3


def test_nothing_that_opens_anything_is_kept(alice, rf):
    token, key = "nudge_" + "a1" * 20, "z" + "a1" * 15 + "b"
    request = rf.get("/", HTTP_USER_AGENT=f"curl Bearer {token}\0 {key} " + "x" * 500)
    record(alice, Kind.LOGGED_IN, request, device=f"{token} +15005550006", names=[key])
    [event] = events_of(alice)
    assert event.user_agent.startswith("curl Bearer [redacted] [redacted]")
    assert len(event.user_agent) == 200
    assert event.facts == {"device": "nudge_[redacted] +…06", "names": "[redacted]"}


def test_a_loop_of_one_kind_hides_no_other_kind(alice, bob, clock, monkeypatch):
    monkeypatch.setattr(audit, "DAILY_OF_ONE_KIND", 2)
    for _ in range(4):
        record(alice, Kind.LOGGED_IN)
    record(alice, Kind.PASSWORD_CHANGED)
    record(bob, Kind.LOGGED_IN)
    assert sorted(kinds(alice)) == ["logged_in", "logged_in", "password_changed"]
    assert kinds(bob) == ["logged_in"]
    clock.shift(timedelta(days=1))
    record(alice, Kind.LOGGED_IN)
    assert len(kinds(alice)) == 4


def test_it_goes_after_ninety_days(alice):
    for kind in (Kind.LOGGED_IN, Kind.PASSWORD_CHANGED):
        record(alice, kind)
    for kind, age in ((Kind.LOGGED_IN, 90), (Kind.PASSWORD_CHANGED, 89)):
        at = timezone.now() - timedelta(days=age, minutes=1)
        events_of(alice).filter(kind=kind).update(at=at)
    call_command("prune")
    assert kinds(alice) == ["password_changed"]


def test_of_an_account_that_is_gone_one_line_is_left_that_names_nobody(alice, bob):
    record(alice, Kind.LOGGED_IN)
    helper = make_user("helper@example.com", is_staff=True)
    record(bob, Kind.STAFF_CHANGED, actor=helper)
    audit.record_deletion()
    for gone in (alice, helper):
        gone.delete()
    [left] = SecurityEvent.objects.filter(account=None)
    facts = (left.kind, left.address, left.user_agent, left.facts, left.actor)
    assert facts == ("deleted", None, "", {}, None)
    [of_bob] = events_of(bob)
    assert (of_bob.actor, of_bob.by_staff) == (None, True)


def test_a_phone_that_is_not_logged_in_learns_nothing():
    assert Phone().get("/api/v1/account/activity/").status_code == 401


def test_an_event_is_called_by_what_happened(alice):
    record(alice, Kind.LOGGED_IN)
    assert str(events_of(alice).get()).startswith("Logged in, 20")


def test_what_leaves_the_account_is_written_down(web, api, alice, bob):
    client, page = api(alice), web(alice)
    assert client.post("/api/v1/exports/", {"format": "csv"}).status_code == 202
    assert client.post("/api/v1/account/export/").status_code == 202
    assert client.post("/api/v1/account/feed/").status_code == 201
    assert page.post("/transfer/", {"action_export": "1", "format": "json"}).status_code == 302
    assert page.post("/transfer/", {"action_everything": "1"}).status_code == 302
    assert page.post("/transfer/", {"action_renew": "1"}).status_code == 200
    events = [event for event in reversed(events_of(alice)) if event.kind != "logged_in"]
    made = [(event.kind, event.facts) for event in events]
    assert made == [
        ("exported", {"format": "csv"}),
        ("exported", {"format": "account"}),
        ("feed_made", {}),
        ("exported", {"format": "json"}),
        ("exported", {"format": "account"}),
        ("feed_made", {}),
    ]
    assert kinds(bob) == []
