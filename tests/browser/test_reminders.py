"""Reminders on the page: set and removed, settings, notifications, and what a text has done."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.browser.app import all_sent, eventually, open_detail, open_page, row, stored, tick
from tests.builders import make_todo
from tests.todos.answers.conftest import sent, tell  # noqa: F401 - a fixture
from tests.todos.reminders.test_push import Browser, service  # noqa: F401 - a fixture
from todos.models import Due, Firing, PushSubscription, Reminder, Todo
from todos.reminders import dispatch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]
PROFILE = "/account/"
POLL = 61_000  # milliseconds; static/app/sync.js asks each minute
# Chromium without Google's push service cannot subscribe: the keys are those of the test, the rest
# is real, also the message that the service worker gets.
SUBSCRIBE = """({ endpoint, keys }) => {
    PushManager.prototype.subscribe = async () => ({ toJSON: () => ({ endpoint, keys }) });
}"""
SHOWN = """async () => {
    const worker = await navigator.serviceWorker.ready;
    const shown = await worker.getNotifications();
    return shown.map(({ title, body, actions }) => [title, body, actions.map((it) => it.title)]);
}"""
PRESS = """async (action) => {
    const [notification] = await self.registration.getNotifications();
    self.dispatchEvent(new NotificationEvent("notificationclick", { notification, action }));
}"""


def reminders(person: User) -> list[tuple[datetime | None, int | None]]:
    todo = Todo.objects.get(owner=person)
    return sorted(((it.remind_at, it.minutes_before) for it in todo.reminders), key=str)


def test_a_reminder_by_minutes_and_one_by_moment_are_set_and_removed(visit, alice, bob):
    make_todo(bob, "bob's", reminders=[Reminder(uuid.uuid4(), minutes_before=5)])
    make_todo(alice, "milk", due=Due.read("2027-12-01T09:00"))
    User.objects.filter(pk=alice.pk).update(time_zone="Europe/Berlin")
    page = visit(as_=alice, locale="en-GB")
    open_page(page)
    panel = open_detail(page, "milk")
    choice = panel.get_by_label("Reminders", exact=True)
    choice.select_option("30 minutes before")
    choice.select_option("At a time …")
    panel.get_by_label("Remind at").fill("2027-11-30T18:00")
    expect(panel.get_by_role("button", name="Remove reminder")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="Remove reminder")).to_have_count(2)
    expect(choice).to_be_focused()
    all_sent(page)
    assert reminders(alice) == [(None, 30), (datetime(2027, 11, 30, 17, tzinfo=UTC), None)]
    moments = (
        Firing.objects.filter(owner=alice).order_by("next_at").values_list("next_at", flat=True)
    )
    assert [f"{it:%d %H:%M}" for it in moments] == ["30 17:00", "01 07:30"]

    panel.get_by_role("button", name="Remove reminder 30 minutes before").click()
    expect(panel.get_by_role("button", name="Remove reminder")).to_have_count(1)
    panel.get_by_role("button", name="Remove reminder").click()
    all_sent(page)
    assert reminders(alice) == []
    assert reminders(bob) == [(None, 5)]


def settings_of(person: User) -> tuple[str, int | None, str, str]:
    person.refresh_from_db()
    return (
        person.reminder_channel,
        person.default_reminder,
        person.quiet_from,
        person.quiet_until,
    )


def test_the_settings_hold_and_the_usual_reminder_is_that_of_a_new_to_do(visit, alice, bob):
    page = visit(as_=alice, locale="en-GB")
    page.goto(PROFILE)
    page.get_by_label("Remind me by").select_option("Notification")
    page.get_by_label("Minutes before a to-do with a time").fill("15")
    page.get_by_label("Quiet from").fill("22:00")
    page.get_by_label("Quiet until").fill("07:30")
    page.get_by_role("button", name="Save", exact=True).click()
    eventually(lambda: settings_of(alice), ("push", 15, "22:00", "07:30"), page)
    assert settings_of(bob) == ("email", None, "", "")

    open_page(page)
    page.get_by_label("New to-do").fill("timed 1 dec 2027 9am")
    page.keyboard.press("Enter")
    expect(tick(page, "timed")).to_be_visible()
    all_sent(page)
    assert reminders(alice) == [(None, 15)]


def test_a_channel_that_is_off_is_said_until_it_is_saved(visit, alice):
    alice.change(channels_off={"email": "bounced"})
    page = visit(as_=alice, locale="en-GB")
    page.goto(PROFILE)
    note = page.get_by_role("note").filter(has_text="Reminders by email no longer reached you")
    expect(note).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(note).to_have_count(0)
    alice.refresh_from_db()
    assert alice.channels_off == {}


def test_a_browser_is_subscribed_shows_a_reminder_and_its_button_finishes(visit, alice, service):  # noqa: F811
    """All but the push service is real: the page, the keys, the message, the service worker."""
    User.objects.filter(pk=alice.pk).update(reminder_channel="push")
    make_todo(alice, "milk", reminders=[Reminder(uuid.uuid4(), remind_at=soon())])
    browser = Browser("one")
    page = visit(as_=alice, locale="en-GB")
    page.context.grant_permissions(["notifications"])
    open_page(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto(PROFILE)
    page.evaluate(SUBSCRIBE, browser.subscription())
    page.get_by_role("button", name="Show reminders in this browser").click()
    expect(page.get_by_text("This browser shows your reminders.")).to_be_visible()
    subscribed = PushSubscription.objects.get()
    assert (subscribed.owner, subscribed.endpoint) == (alice, browser.endpoint)

    Firing.objects.update(next_at=timezone.now())
    dispatch.tick(timezone.now())
    [(_url, sealed, _headers)] = service.got
    open_page(page)
    deliver(page, browser.read(sealed))
    eventually(lambda: page.evaluate(SHOWN), [["milk", "", ["Done", "In an hour"]]], page)

    page.context.service_workers[0].evaluate(PRESS, "done")
    eventually(lambda: stored(alice, status="finished"), ["milk"], page)


def deliver(page: Page, told: Any) -> None:
    """What a push service would bring to the service worker of this page."""
    devtools = page.context.new_cdp_session(page)
    seen: list[Any] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated", lambda it: seen.extend(it["registrations"])
    )
    devtools.send("ServiceWorker.enable")
    eventually(lambda: bool(seen), wanted=True, page=page)
    registration = seen[-1]
    message = {
        "origin": page.evaluate("location.origin"),
        "registrationId": registration["registrationId"],
        "data": json.dumps(told),
    }
    devtools.send("ServiceWorker.deliverPushMessage", message)


def soon() -> datetime:
    return timezone.now() + timedelta(hours=1)


def test_a_to_do_that_a_text_has_finished_is_finished_on_an_open_page(visit, alice, sent):  # noqa: F811
    make_todo(alice, "milk")
    make_todo(alice, "bread")
    page = visit(as_=alice, locale="en-GB")
    page.clock.install()
    open_page(page)
    expect(tick(page, "milk")).to_be_visible()
    assert tell("done milk", f"SM{'1' * 32}") == 200
    assert [it["body"] for it in sent] == ["Done: milk"]
    page.clock.fast_forward(POLL)
    expect(row(page, "milk")).to_have_count(0)
    expect(tick(page, "bread")).to_be_visible()
    assert stored(alice, status="finished") == ["milk"]
