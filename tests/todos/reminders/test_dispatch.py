"""Due reminders become messages, once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from accounts.models import User
from core.feed import writing
from sms.models import Lane, Message, OptOut, Phone
from tests import task_backends
from tests.builders import make_todo
from tests.conftest import make_user
from tests.todos.reminders.conftest import NOON, run, soon, with_phone
from todos.models import Due, Firing, Notice, Todo
from todos.reminders import dispatch
from todos.reminders.dispatch import deliver, remind, tick

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(minutes=10)


def notices() -> list[tuple[str, str, str]]:
    rows = Notice.objects.order_by("created_at", "channel")
    return list(rows.values_list("channel", "state", "reason"))


def bodies() -> list[str]:
    return list(Message.objects.order_by("body").values_list("body", flat=True))


def test_a_reminder_is_one_text(numbered, alice, bob, noon):
    with_phone(alice)
    make_todo(bob, "not mine", reminders=[soon(60)])
    todo = make_todo(alice, due=Due.read("2026-11-20T13:00"), reminders=[soon(), soon(30)])
    assert run(noon, LATER - timedelta(seconds=1))["persons"] == 0
    for _ in range(3):
        run(noon, LATER)
    message = Message.objects.get()
    assert (message.body, message.to, message.lane) == (
        "Nudge: buy milk (due today 13:00)",
        "+14155550100",
        Lane.REMINDER,
    )
    assert (message.sender, message.refers_to) == (alice, [str(todo.pk)])
    assert notices() == [("sms", "sent", "")]
    assert len(numbered.sent) == 1
    assert len(mail.outbox) == 0


def test_the_longest_waiting_mails_are_handed_out_first(alice, settings, noon):
    settings.REMINDERS_PER_MINUTE = 1
    recorded = task_backends.recorded(settings)
    rows = [
        Notice.objects.create(owner=alice, channel="email", state="queued", created_at=at)
        for at in (NOON, NOON - timedelta(minutes=1))
    ]
    tick(LATER)
    assert recorded == [(str(rows[1].pk),)]


def test_a_mail_is_in_the_language_of_its_person(alice, noon, settings):
    alice.change(language="zh-hans")
    make_todo(alice, "milk", due=Due.read("2026-11-21"), reminders=[soon()])
    recorded = task_backends.recorded(settings)
    noon.move_to(LATER, tick=False)
    remind(str(alice.pk))
    [(notice,)] = recorded
    deliver(notice)
    assert "明天" in mail.outbox[0].body


def test_a_task_fires_the_reminders_of_its_person_only(bob, alice, noon):
    for person in (bob, alice):
        make_todo(person, f"of {person.email}", reminders=[soon()])
    noon.move_to(LATER, tick=False)
    remind(str(alice.pk))
    assert [it.owner for it in Notice.objects.all()] == [alice]
    assert [(it.to, it.subject) for it in mail.outbox] == [
        (["alice@example.com"], "Nudge: of alice@example.com")
    ]
    assert Firing.objects.get(owner=bob).next_at == LATER


def test_who_was_taken_is_not_given_back_with_who_was_not(alice, bob, noon, settings, monkeypatch):
    for person in (alice, bob):
        make_todo(person, reminders=[soon()])
    noon.move_to(LATER, tick=False)
    task_backends.recorded(settings)
    taken = lambda _self, _task, _ids, **_: [str(alice.pk)]  # noqa: E731
    monkeypatch.setattr(task_backends.RecordingBackend, "enqueue_each", taken)
    tick(LATER)
    handed = {it.owner: it.handed_at for it in Firing.objects.all()}
    assert handed == {alice: LATER, bob: None}


def test_a_reminder_is_one_mail(bob, alice, noon):
    todo = make_todo(alice, "<b>milk</b>", due=Due.read("2026-11-21"), reminders=[soon()])
    for _ in range(3):
        run(noon, LATER)
    sent: Any = mail.outbox[0]
    assert len(mail.outbox) == 1
    assert (sent.to, sent.subject) == (["alice@example.com"], "Nudge: <b>milk</b>")
    assert "<b>milk</b>\nDue tomorrow\n" in sent.body
    [(html, kind)] = sent.alternatives
    assert kind == "text/html"
    assert "&lt;b&gt;milk&lt;/b&gt;" in html
    assert notices() == [("email", "sent", "")]
    assert todo.firings.get().notice == Notice.objects.get()


def test_the_channel_of_the_reminder_comes_first_and_the_next_stands_in(numbered, alice, noon):
    with_phone(alice)
    make_todo(alice, reminders=[soon(channel="email")])
    run(noon, LATER)
    assert notices() == [("email", "sent", "")]
    Phone.objects.all().delete()
    make_todo(alice, reminders=[soon()])
    run(noon, LATER + timedelta(minutes=10))
    assert notices() == [("email", "sent", "")] * 2
    User.objects.filter(pk=alice.pk).update(reminder_channel="none")
    make_todo(alice, reminders=[soon()])
    run(noon, LATER + timedelta(minutes=20))
    assert notices()[2:] == [("none", "failed", "no_channel")]
    assert run(noon, LATER + timedelta(minutes=21))["persons"] == 0


def test_a_channel_that_fails_for_good_is_switched_off_and_said(numbered, api, alice, noon):
    with_phone(alice)
    OptOut.objects.create(number="+14155550100")
    make_todo(alice, reminders=[soon()])
    run(noon, LATER)
    assert notices() == [("email", "sent", "")]
    profile = api(alice).get("/api/v1/account/").json()
    assert profile["channels_off"] == ["sms"]
    alice.refresh_from_db()
    assert alice.channels_off == {"sms": "opted_out"}
    assert profile["version"] == 3
    OptOut.objects.all().delete()
    make_todo(alice, reminders=[soon()])
    run(noon, LATER + timedelta(minutes=10))
    assert notices() == [("email", "sent", "")] * 2


def test_a_limit_is_no_reason_to_switch_a_channel_off(numbered, alice, noon, settings):
    with_phone(alice)
    settings.SMS_DAILY_LIMIT = 0
    make_todo(alice, reminders=[soon()])
    run(noon, LATER)
    alice.refresh_from_db()
    assert (notices(), alice.channels_off) == ([("email", "sent", "")], {})


def test_what_is_late_is_one_digest(numbered, alice, noon):
    with_phone(alice)
    titles = ["milk", "bread", "tea"]
    todos = [make_todo(alice, it, reminders=[soon(n)]) for n, it in enumerate(titles, 1)]
    run(noon, NOON + timedelta(days=1))
    message = Message.objects.get()
    assert message.body == "Nudge: 3 reminders\n1. milk\n2. bread\n3. tea"
    assert message.refers_to == [str(todo.pk) for todo in todos]
    assert Firing.objects.filter(notice=Notice.objects.get()).count() == 3


def test_a_text_names_the_day_as_the_person_does(numbered, alice, noon):
    with_phone(alice)
    for minutes, day in enumerate(("2026-11-19T13:00", "2026-11-20", "2026-11-21", "2026-11-22")):
        make_todo(alice, str(minutes), due=Due.read(day), reminders=[soon(1)])
        run(noon, NOON + timedelta(minutes=1 + minutes))
    assert bodies() == [
        "Nudge: 0 (due yesterday 13:00)",
        "Nudge: 1 (due today)",
        "Nudge: 2 (due tomorrow)",
        "Nudge: 3 (due November 22)",
    ]


def test_one_late_one_is_an_ordinary_text_and_prompt_ones_are_single(numbered, alice, noon):
    with_phone(alice)
    for minutes, title in ((1, "late"), (90, "one"), (91, "two")):
        make_todo(alice, title, reminders=[soon(minutes)])
    run(noon, NOON + timedelta(minutes=95))
    assert bodies() == ["Nudge: late", "Nudge: one", "Nudge: two"]


@pytest.mark.parametrize(("seconds", "texts"), [(0, 2), (1, 1)])
def test_an_hour_late_is_not_yet_late(numbered, alice, noon, seconds, texts):
    with_phone(alice)
    for title in ("milk", "tea"):
        make_todo(alice, title, reminders=[soon()])
    run(noon, LATER + timedelta(hours=1, seconds=seconds))
    assert len(bodies()) == texts


@pytest.mark.parametrize(("many", "texts"), [(5, 5), (6, 1)])
def test_many_at_once_are_one_digest(numbered, alice, noon, many, texts):
    with_phone(alice)
    for number in range(many):
        make_todo(alice, f"to-do {number}", reminders=[soon(10)])
    run(noon, LATER)
    begin = "Nudge: 6 reminders\n1. to-do " if texts == 1 else "Nudge: to-do "
    assert [body.startswith(begin) for body in bodies()] == [True] * texts


def test_what_does_not_fit_is_left_out(numbered, alice, noon):
    with_phone(alice)
    for _ in range(10):
        make_todo(alice, "w" * 60, reminders=[soon()])
    make_todo(alice, "x" * 126 + "{}", due=Due.read("2026-12-24T13:00"), reminders=[soon(20)])
    make_todo(alice, "字" * 128, reminders=[soon(21)])
    run(noon, LATER)
    run(noon, LATER + timedelta(minutes=10))
    run(noon, LATER + timedelta(minutes=11))
    rows = Message.objects.order_by("created_at")
    assert list(rows.values_list("segments", flat=True)) == [2, 1, 1]
    digest, long, wide = rows.values_list("body", flat=True)
    assert digest.endswith("\n...")
    assert long == f"Nudge: {'x' * 126}... (due December 24 13:00)"
    assert wide == f"Nudge: {'字' * 60}..."


def test_quiet_hours_hold_what_is_due_and_their_end_brings_one_digest(numbered, alice, noon):
    with_phone(alice)
    User.objects.filter(pk=alice.pk).update(
        quiet_from="22:00", quiet_until="07:30", time_zone="Europe/Berlin"
    )
    night = datetime(2026, 11, 20, 21, tzinfo=UTC)  # 22:00 there
    for minutes in (-1, 0, 300):
        make_todo(alice, f"at {minutes}", reminders=[soon(540 + minutes)])
    run(noon, night - timedelta(minutes=1))
    assert bodies() == ["Nudge: at -1"]
    run(noon, night)
    run(noon, night + timedelta(hours=5))
    assert bodies() == ["Nudge: at -1"]
    morning = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
    assert run(noon, morning - timedelta(seconds=1))["persons"] == 0
    run(noon, morning)
    assert bodies() == ["Nudge: 2 reminders\n1. at 0\n2. at 300", "Nudge: at -1"]


def test_a_to_do_that_is_finished_trashed_or_moved_meanwhile_is_not_mailed(alice, noon, settings):
    todos = [make_todo(alice, it, reminders=[soon()]) for it in ("done", "gone", "moved", "kept")]
    noon.move_to(LATER, tick=False)
    recorded = task_backends.recorded(settings)
    remind(str(alice.pk))
    todos[0].finish()
    todos[1].trash()
    phone = Todo.objects.get(pk=todos[2].pk)
    with writing(alice.pk):
        phone.change(reminders=[soon(60)])
    for [notice_id] in recorded:
        deliver(notice_id)
    assert [sent.subject for sent in mail.outbox] == ["Nudge: kept"]
    assert sorted(state for _c, state, _r in notices()) == ["canceled"] * 3 + ["sent"]


def test_a_process_that_died_while_sending_leaves_an_unknown_mail(alice, noon, settings):
    make_todo(alice, reminders=[soon()])
    task_backends.recorded(settings)
    noon.move_to(LATER, tick=False)
    remind(str(alice.pk))
    notice = Notice.objects.get()
    assert dispatch._claim(notice)
    task_backends.use(settings, task_backends.IMMEDIATE)
    run(noon, LATER + timedelta(minutes=2))
    assert notices() == [("email", "sending", "")]
    run(noon, LATER + timedelta(minutes=4))
    assert notices() == [("email", "unknown", "interrupted")]
    deliver(str(notice.pk))
    assert mail.outbox == []


def test_a_mail_that_was_not_handed_to_a_process_is_sent_later(alice, noon, settings):
    make_todo(alice, reminders=[soon()])
    task_backends.recorded(settings)
    run(noon, LATER)
    remind(str(alice.pk))
    task_backends.use(settings, task_backends.IMMEDIATE)
    run(noon, LATER + timedelta(minutes=2))
    assert notices() == [("email", "queued", "")]
    run(noon, LATER + timedelta(minutes=4))
    assert notices() == [("email", "sent", "")]


def test_nothing_is_sent_while_reminders_are_off(numbered, alice, noon, settings):
    with_phone(alice)
    make_todo(alice, reminders=[soon()])
    settings.REMINDERS = False
    assert run(noon, LATER) == {}
    remind(str(alice.pk))
    assert bodies() == []
    settings.REMINDERS = True
    run(noon, LATER)
    assert bodies() == ["Nudge: buy milk"]


def test_a_person_who_is_not_active_is_not_reminded(numbered, alice, noon):
    make_todo(with_phone(alice), reminders=[soon()])
    User.objects.filter(pk=alice.pk).update(is_active=False)
    run(noon, LATER)
    run(noon, LATER)
    assert (bodies(), notices()) == ([], [])
    assert Firing.objects.get().next_at is None


def test_a_moment_that_was_sent_is_not_sent_again_if_the_clock_goes_back(numbered, alice, noon):
    with_phone(alice)
    todo = make_todo(alice, reminders=[soon()])
    run(noon, LATER)
    noon.move_to(NOON, tick=False)
    todo.finish()
    todo.reopen()
    run(noon, LATER)
    assert len(bodies()) == 1


def test_a_tick_hands_out_so_many_and_the_longest_waiting_first(alice, bob, noon, settings):
    settings.REMINDERS_PER_MINUTE = 1
    make_todo(alice, reminders=[soon(2)])
    make_todo(bob, reminders=[soon(1)])
    noon.move_to(LATER, tick=False)
    recorded = task_backends.recorded(settings)
    for _ in range(3):
        tick(LATER)
    assert recorded == [(str(bob.pk),), (str(alice.pk),)]
    recorded.clear()
    tick(LATER + timedelta(minutes=4))
    assert recorded == [(str(bob.pk),)]


def test_a_tick_asks_as_often_for_many_as_for_one(alice, noon, settings, django_assert_num_queries):
    task_backends.recorded(settings)
    noon.move_to(LATER, tick=False)
    with django_assert_num_queries(4):
        tick(LATER)
    for persons in (1, 5):
        noon.move_to(NOON, tick=False)
        for number in range(persons):
            person = make_user(f"{persons}.{number}@example.com")
            make_todo(person, reminders=[soon(), soon()])
        noon.move_to(LATER, tick=False)
        with django_assert_num_queries(5):
            tick(LATER)
