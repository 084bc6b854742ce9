"""What a text may cost: every limit to the message, warned of once, refused at the end."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.db import connections, transaction

from accounts.models import User
from core.limits import used
from core.models import Counter
from sms import service
from sms.models import Allowance, Message
from sms.policy import (
    WARNING_CODE,
    SendError,
    account_limit,
    admit,
    common_limits,
    may_send,
    return_unused,
)
from tests.sms.conftest import TO, allow

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NUMBER = "+14155552671"


def take_one(account: User | None, to: str = NUMBER, **fields) -> None:
    given = {"region": "US", "segments": 1, "at": NOON, **fields}
    with transaction.atomic():
        admit(account=account, to=to, **given)


def refusal(account: User | None, **fields) -> tuple[str, int | None]:
    with pytest.raises(SendError) as error:
        take_one(account, **fields)
    return str(error.value), error.value.retry_after


def counted() -> dict[str, int]:
    """What is used, by the first two words of the scope; without the marks of warnings."""
    rows = (
        Counter.objects.filter(scope__startswith="sms:")
        .exclude(scope__endswith=":warned")
        .values_list("scope", "used")
    )
    return {":".join(scope.split(":")[:2]): amount for scope, amount in rows}


# --- Who may send --------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.usefixtures("provider")
def test_who_may_send_where_it_costs_money(alice, bob, staff):
    allow(alice, per_day=1)
    allow(bob, per_day=0)
    people = (alice, bob, staff, AnonymousUser())
    assert [may_send(person) for person in people] == [True, False, False, False]


@pytest.mark.django_db
@pytest.mark.usefixtures("development")
def test_everybody_may_send_where_it_costs_nothing(alice):
    assert may_send(alice)
    assert may_send(AnonymousUser())


# --- Taking --------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.usefixtures("provider")
def test_a_text_takes_one_of_each_and_its_segments(alice):
    take_one(allow(alice), segments=3)
    assert counted() == {
        "sms:account": 1,
        "sms:number": 1,
        "sms:country": 1,
        "sms:all": 1,
        "sms:segments": 3,
    }
    assert not Counter.objects.filter(scope__contains=NUMBER[1:]).exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("provider")
def test_a_refusal_takes_nothing_of_any_limit(alice, settings):
    settings.SMS_MONTHLY_SEGMENTS = 2
    allow(alice)
    take_one(alice)
    before = counted()
    message, retry_after = refusal(alice, segments=2)
    assert message == "The monthly budget of this service is used up."
    assert retry_after == int(timedelta(days=10, hours=12).total_seconds()) + 1
    assert counted() == before


@pytest.mark.django_db
@pytest.mark.usefixtures("provider")
def test_limits_of_others_are_not_touched(alice, bob, settings):
    settings.SMS_DESTINATION_DAILY_LIMIT = settings.SMS_COUNTRY_DAILY_LIMIT = 1
    allow(alice, per_day=1)
    allow(bob, per_day=2)
    take_one(alice)
    assert refusal(alice, to=TO, region="DE")[0].startswith("Your daily limit")
    assert refusal(bob, region="DE")[0] == "The daily limit of messages to this number is used up."
    assert refusal(bob, to=TO)[0] == "The daily limit of messages to this country is used up."
    take_one(bob, to=TO, region="DE")


@pytest.mark.django_db
@pytest.mark.usefixtures("provider")
def test_an_allowance_of_three_digits_is_counted_to_its_end(alice, settings):
    settings.SMS_DESTINATION_DAILY_LIMIT = settings.SMS_DAILY_LIMIT = 1000
    own = account_limit(allow(alice, per_day=100).pk, 100)
    for number in range(9, 100, 10):
        while used(own, at=NOON) < number:
            take_one(alice)
    take_one(alice)
    assert used(own, at=NOON) == 100
    assert refusal(alice)[0] == "Your daily limit of text messages is used up."
    assert used(own, at=NOON) == 100


@pytest.mark.django_db
@pytest.mark.usefixtures("provider")
def test_a_lower_allowance_holds_at_once(alice):
    allow(alice, per_day=5)
    for _ in range(3):
        take_one(alice)
    allow(alice, per_day=2)
    assert refusal(alice)[1] == 43_201
    Allowance.objects.all().delete()
    assert refusal(alice)[1] == 43_201


@pytest.mark.django_db
@pytest.mark.usefixtures("development")
def test_in_development_nobody_needs_an_allowance(alice, settings):
    settings.SMS_DAILY_LIMIT = 3
    take_one(alice)
    take_one(None, to="", region="")
    take_one(allow(alice, per_day=2))
    assert refusal(alice)[0].startswith("Your daily limit")
    assert counted()["sms:all"] == 3
    assert refusal(None)[0] == "The daily limit of this service is used up."


# --- Giving back ---------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.usefixtures("provider")
def test_what_was_never_sent_does_not_count(alice):
    take_one(allow(alice), segments=2)
    take_one(alice, segments=3)
    message = Message(sender=alice, to=NUMBER, region="US", segments=3, created_at=NOON)
    return_unused(message)
    assert counted() == {
        "sms:account": 1,
        "sms:number": 1,
        "sms:country": 1,
        "sms:all": 1,
        "sms:segments": 2,
    }


@pytest.mark.django_db
@pytest.mark.usefixtures("provider")
def test_it_is_given_back_to_the_window_it_was_taken_from(alice):
    take_one(allow(alice))
    take_one(alice, at=NOON + timedelta(days=1))
    return_unused(Message(sender=alice, to=NUMBER, region="US", segments=1, created_at=NOON))
    daily, monthly = common_limits()
    assert [used(daily, at=NOON), used(daily, at=NOON + timedelta(days=1))] == [0, 1]
    assert used(monthly, at=NOON) == 1


# --- Warnings ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("provider")
def test_the_operator_is_warned_once_at_four_fifths(alice, settings, caplog):
    settings.SMS_DAILY_LIMIT, settings.ADMINS = 10, [("", "operator@example.com")]
    allow(alice)
    settings.SMS_DESTINATION_DAILY_LIMIT = 50
    with caplog.at_level(logging.WARNING, "sms.policy"):
        for _ in range(7):
            take_one(alice)
        assert (caplog.messages, mail.outbox) == ([], [])
        take_one(alice)
        return_unused(Message(sender=alice, to=NUMBER, region="US", created_at=NOON))
        for _ in range(3):
            take_one(alice)
        assert refusal(alice)[0] == "The daily limit of this service is used up."
    told = "8 of 10 are used (sms:all:day, 2026-11-20); at 10 messages are refused."
    assert caplog.messages == [f"{WARNING_CODE}: {told}"]
    [letter] = mail.outbox
    assert (letter.to, letter.body) == (["operator@example.com"], told)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("provider")
def test_the_months_segments_are_warned_of_and_the_next_month_anew(alice, settings, caplog):
    settings.SMS_MONTHLY_SEGMENTS = 10
    allow(alice)
    with caplog.at_level(logging.WARNING, "sms.policy"):
        for days, amounts in ((0, (4, 5)), (1, (1,)), (11, (4, 5))):
            for segments in amounts:
                take_one(alice, segments=segments, at=NOON + timedelta(days=days))
        assert len(caplog.messages) == 2
    assert all("sms:segments:month" in message for message in caplog.messages)
    assert mail.outbox == []  # ADMINS is empty


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("provider")
def test_what_is_rolled_back_warns_nobody(alice, settings, caplog):
    settings.SMS_DAILY_LIMIT, settings.SMS_MONTHLY_SEGMENTS = 1, 1
    allow(alice)
    with caplog.at_level(logging.WARNING, "sms.policy"):
        refusal(alice, segments=2)
    assert caplog.messages == []
    take_one(alice)
    assert refusal(alice)[0] == "The daily limit of this service is used up."


# --- All at once ---------------------------------------------------------------------------------


def simultaneously(sends: list[tuple[User, int]], threads: int) -> dict[object, int]:
    """service.queue for each of these by so many threads at once; how many each account got."""
    taken: dict[object, int] = {}
    lock, together = threading.Lock(), threading.Barrier(threads)

    def send(account: User, number: int) -> None:
        try:
            service.queue(
                actor=account,
                to=f"+1415555{number:04}",
                body="hey",
                send_at=datetime.now(UTC) + timedelta(hours=1),  # nothing is delivered here
            )
        except service.SendError:
            return
        with lock:
            taken[account.pk] = taken.get(account.pk, 0) + 1

    def work(mine: list[tuple[User, int]]) -> None:
        together.wait()
        try:
            for account, number in mine:
                send(account, number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, [sends[start::threads] for start in range(threads)]))
    return taken


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("provider")
def test_fifty_new_accounts_by_two_hundred_sends_get_exactly_what_is_allowed(settings):
    """First the allowances bind, one by one; then the limit of the day, whoever comes first."""
    settings.SMS_COUNTRY_DAILY_LIMIT = settings.SMS_MONTHLY_SEGMENTS = 100_000
    settings.SMS_DAILY_LIMIT, per_day = 100_000, 3
    people = [User(email=f"p{number}@example.com") for number in range(50)]
    User.objects.bulk_create(people)
    granted, others = people[:40], people[40:]
    Allowance.objects.bulk_create(Allowance(account=p, per_day=per_day) for p in granted)
    sends = [(person, number) for number in range(200) for person in people]

    taken = simultaneously(sends, threads=32)
    assert taken == {person.pk: per_day for person in granted}
    assert Message.objects.count() == 40 * per_day
    assert not Message.objects.filter(sender__in=others).exists()

    settings.SMS_DAILY_LIMIT = 40 * per_day + 77
    Allowance.objects.update(per_day=200)
    later = {person.pk: person for person in User.objects.all()}  # as the next requests load them
    taken = simultaneously([(later[each.pk], n) for each, n in sends[:2_000]], threads=32)
    assert sum(taken.values()) == 77
    assert Message.objects.count() == settings.SMS_DAILY_LIMIT
    daily, monthly = common_limits()
    assert used(daily) == used(monthly) == settings.SMS_DAILY_LIMIT
    accounts = {person.pk: used(account_limit(person.pk, 0)) for person in granted}
    assert accounts == {pk: per_day + taken.get(pk, 0) for pk in accounts}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("provider")
def test_taking_and_giving_back_at_once_never_wait_for_each_other(alice, bob, settings):
    settings.SMS_DESTINATION_DAILY_LIMIT = 10_000
    allow(alice, 10_000)
    allow(bob, 10_000)

    def work(account: User) -> None:
        for _ in range(50):
            take_one(account)
            with transaction.atomic():
                return_unused(
                    Message(sender=account, to=NUMBER, region="US", segments=1, created_at=NOON)
                )
        connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [alice, bob] * 4))
    assert set(Counter.objects.filter(scope__startswith="sms:").values_list("used", flat=True)) == {
        0
    }
