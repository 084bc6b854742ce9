"""When a reminder is sent, whatever changes: the due, the zone, the status, the trash."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.feed import writing
from tests.builders import make_list, make_todo
from tests.todos.reminders.conftest import NOON, at, before, key, soon
from todos import service
from todos.models import Due, Firing, Notice, Reminder, Todo

ZONES = [
    *("Europe/Berlin", "America/New_York", "America/Los_Angeles", "Australia/Sydney"),
    *("Pacific/Auckland", "America/Santiago", "Africa/Cairo", "Asia/Beirut"),
    *("Australia/Lord_Howe", "Europe/London"),
]


def planned(todo: Todo) -> list[datetime | None]:
    return list(todo.firings.order_by("reminder_id").values_list("next_at", flat=True))


@pytest.mark.django_db
def test_a_reminder_is_planned_whatever_changes(alice, bob):
    make_todo(bob, reminders=[soon()])
    due = Due(date(2026, 11, 21), time(9), "UTC")
    todo = make_todo(alice, due=due, reminders=[before(60, id=key(1)), soon(5, id=key(2))])
    eight, soon_at = datetime(2026, 11, 21, 8, tzinfo=UTC), NOON + timedelta(minutes=5)
    assert planned(todo) == [eight, soon_at]
    todo.finish()
    assert planned(todo) == [None, None]
    todo.reopen()
    assert planned(todo) == [eight, soon_at]
    todo.trash()
    assert planned(todo) == [None, None]
    todo.restore()
    assert planned(todo) == [eight, soon_at]
    with writing(alice.pk):
        todo.change(due=Due(date(2026, 11, 22), time(9), "UTC"))
    assert planned(todo) == [eight + timedelta(days=1), soon_at]
    with writing(alice.pk):
        todo.change(due=None)
    assert planned(todo) == [None, soon_at]
    with writing(alice.pk):
        todo.change(reminders=[soon(7, id=key(2))])
    assert planned(todo) == [NOON + timedelta(minutes=7)]
    todo.delete()
    assert set(Firing.objects.values_list("owner", flat=True)) == {bob.pk}


@pytest.mark.django_db
def test_what_was_handed_out_or_sent_is_forgotten_with_its_moment(alice):
    todo = make_todo(alice, reminders=[soon(5, id=key(1))])
    notice = Notice.objects.create(owner=alice, channel="email")
    todo.firings.update(handed_at=NOON, notice=notice)
    todo.finish()
    assert [*todo.firings.values_list("handed_at", "notice")] == [(None, notice.pk)]
    todo.reopen()
    with writing(alice.pk):
        todo.change(reminders=[soon(7, id=key(1))])
    assert not todo.firings.exclude(handed_at=None, notice=None).exists()


@pytest.mark.django_db
def test_what_has_passed_when_it_is_written_is_not_sent(alice, noon):
    late = make_todo(alice, reminders=[at(NOON), at(NOON - timedelta(days=1))])
    assert planned(late) == [None, None]
    todo = make_todo(alice, reminders=[soon(5)])
    todo.finish()
    noon.move_to(NOON + timedelta(minutes=6), tick=False)
    todo.reopen()
    assert planned(todo) == [None]


@pytest.mark.django_db
def test_what_waits_to_be_sent_is_not_lost_by_another_change(alice, noon):
    todo = make_todo(alice, reminders=[soon(5, id=key(1))])
    noon.move_to(NOON + timedelta(minutes=6), tick=False)
    with writing(alice.pk):
        todo.change(reminders=[*todo.reminders, soon(9, id=key(2))])
    assert planned(todo) == [NOON + timedelta(minutes=5), NOON + timedelta(minutes=15)]


@pytest.mark.django_db
def test_bulk_changes_plan_too(alice):
    todos = [make_todo(alice, reminders=[soon()], list=make_list(alice, name)) for name in "ab"]
    Todo.objects.filter(pk=todos[0].pk).update(deleted_at=NOON)
    service.remove_list(actor=alice, todo_list=todos[1].list, trashes=True)
    assert [planned(todo) for todo in todos] == [[None], [None]]


@pytest.mark.django_db
def test_reminders_follow_the_person(api, alice, bob):
    kept = make_todo(bob, due=Due(date(2026, 12, 1)), reminders=[before(0)])
    floating = make_todo(alice, due=Due(date(2026, 12, 1), time(9)), reminders=[before(0)])
    whole = make_todo(alice, due=Due(date(2026, 12, 1)), reminders=[before(0)])
    zoned = make_todo(
        alice, due=Due(date(2026, 12, 1), time(9), "Asia/Tokyo"), reminders=[before(0)]
    )
    phone = api(alice)
    phone.patch("/api/v1/account/", {"time_zone": "Europe/Berlin", "digest_hour": 7})

    def hour(todo: Todo) -> tuple[int, int]:
        [moment] = planned(todo)
        assert moment is not None
        return moment.day, moment.hour

    assert [hour(it) for it in (kept, floating, whole, zoned)] == [(1, 9), (1, 8), (1, 6), (1, 0)]


@pytest.mark.django_db
def test_the_next_one_has_reminders_of_its_own(alice):
    due = Due(date(2026, 11, 21), time(9))
    reminders = [
        before(60, id=key(1), channel="sms"),
        at(datetime(2026, 11, 20, 20, tzinfo=UTC), id=key(2)),
    ]
    todo = make_todo(alice, due=due, recurrence="FREQ=WEEKLY", reminders=reminders)
    todo.finish()
    following = Todo.objects.exclude(pk=todo.pk).get()
    assert {it.id for it in following.reminders}.isdisjoint({key(1), key(2)})
    assert {(it.minutes_before, it.remind_at, it.channel) for it in following.reminders} == {
        (60, None, "sms"),
        (None, datetime(2026, 11, 27, 20, tzinfo=UTC), ""),
    }
    assert {*planned(following)} == {
        datetime(2026, 11, 28, 8, tzinfo=UTC),
        datetime(2026, 11, 27, 20, tzinfo=UTC),
    }
    todo.reopen()
    assert planned(following) == [None, None]
    todo.finish()
    assert Todo.objects.get(pk=following.pk).reminders == following.reminders


@pytest.mark.django_db
def test_the_next_one_of_a_to_do_without_due_is_reminded_on_its_day(alice):
    reminder = at(datetime(2026, 11, 20, 20, tzinfo=UTC))
    todo = make_todo(alice, recurrence="FREQ=DAILY;INTERVAL=3", reminders=[reminder])
    todo.finish()
    following = Todo.objects.exclude(pk=todo.pk).get()
    assert planned(following) == [datetime(2026, 11, 23, 20, tzinfo=UTC)]


# --- The clock ------------------------------------------------------------------------------------


def changes(zone: ZoneInfo, year: int = 2026) -> list[date]:
    """The days on which the clocks of the zone are changed."""
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]
    offsets = [datetime.combine(day, time(12), zone).utcoffset() for day in days]
    return [days[n] for n in range(1, 365) if offsets[n] != offsets[n - 1]]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("minutes", [0, 24 * 60, 60])
def test_eight_is_eight_on_the_days_on_which_the_clocks_change(zone, minutes):
    there = ZoneInfo(zone)
    found = changes(there)
    assert len(found) == 2
    for day in found:
        for around in (day, day + timedelta(days=1)):
            due = Due(around, time(8))
            moment = Reminder(key(1), minutes_before=minutes).moment(due, there, 9)
            assert moment is not None
            local = moment.astimezone(there)
            expected = (around - timedelta(days=minutes // 1440), 8 - minutes % 1440 // 60, 0)
            assert (local.date(), local.hour, local.minute) == expected


@given(
    day=st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    clock=st.none() | st.times().map(lambda it: it.replace(second=0, microsecond=0)),
    zone=st.sampled_from(ZONES),
    own=st.none() | st.sampled_from(ZONES),
    minutes=st.integers(0, 40_320),
    hour=st.integers(0, 23),
)
def test_the_moment_is_what_an_oracle_says(day, clock, zone, own, minutes, hour):
    """The clock of the day before, counted back by seconds of the world."""
    due = Due(day, clock, own if clock else None)
    moment = Reminder(key(1), minutes_before=minutes).moment(due, ZoneInfo(zone), hour)
    start = datetime.combine(day, clock or time(hour)) - timedelta(days=minutes // 1440)
    local = start.replace(tzinfo=ZoneInfo(own if clock and own else zone))
    assert moment is not None
    assert moment.timestamp() == pytest.approx(local.timestamp() - minutes % 1440 * 60)


def test_a_moment_before_the_calendar_is_none():
    due = Due(date(1, 1, 2))
    assert Reminder(key(1), minutes_before=40_320).moment(due, ZoneInfo("UTC"), 9) is None


@pytest.mark.django_db
def test_what_is_below_a_to_do_is_reminded_of_again(alice):
    due = Due(date(2026, 11, 21), time(9), "Asia/Tokyo")
    top = make_todo(alice, due=due, recurrence="FREQ=WEEKLY")
    there = at(datetime(2026, 11, 21, 1, tzinfo=UTC))
    make_todo(alice, "below", parent=top, due=due, reminders=[before(0), there])
    top.finish()
    copy = Todo.objects.filter(title="below", parent__status="open").get()
    assert {*planned(copy)} == {
        datetime(2026, 11, 28, tzinfo=UTC),
        datetime(2026, 11, 28, 1, tzinfo=UTC),
    }
