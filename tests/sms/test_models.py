"""What the database itself guarantees of every text."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from sms.models import FINAL, Message, State

pytestmark = pytest.mark.django_db
SID = f"SM{'1' * 32}"


def make_message(**fields: object) -> Message:
    return Message.objects.create(**{"body": "hey", "provider": "console", **fields})


def test_a_new_message_is_being_sent():
    message = make_message()
    message.refresh_from_db()
    assert (message.state, message.finished_at, message.provider_sid) == ("sending", None, "")
    assert list(Message.objects.sending()) == [message]


def test_its_name_tells_neither_number_nor_text():
    message = make_message(to="+15005550006", body="secret")
    assert str(message) == f"{message.pk} (sending)"


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "nonsense"},
        {"state": State.ACCEPTED},
        {"state": State.FAILED},
        {"state": State.SENDING, "finished_at": datetime(2026, 11, 20, tzinfo=UTC)},
        {"body": ""},
        {"body": "a" * 1601},
    ],
)
def test_the_database_refuses(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_message(**wrong)


def test_a_sid_is_unique_within_its_provider():
    make_message(provider_sid=SID)
    make_message(provider_sid=SID, provider="twilio")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_message(provider_sid=SID)


def test_many_messages_have_no_sid():
    make_message()
    make_message()
    assert Message.objects.filter(provider_sid="").count() == 2


def test_accepted_is_not_the_end():
    message = make_message()
    assert message.accept(SID)
    assert (message.state, message.provider_sid) == ("accepted", SID)
    assert message.finished_at is None
    assert State.ACCEPTED not in FINAL


def test_failed_is_the_end():
    message = make_message()
    assert message.fail("21211", "The 'To' number +15005550001 is not valid.")
    assert (message.state, message.error_code) == ("failed", "21211")
    assert message.error_message == "The 'To' number +…01 is not valid."
    assert message.finished_at is not None


def test_what_became_of_it_may_stay_unknown():
    message = make_message()
    assert message.lose("x" * 600)
    assert (message.state, message.finished_at) == ("unknown", None)
    assert message.error_message == "x" * 500


@pytest.mark.parametrize("first", ["accept", "fail", "lose"])
def test_only_the_first_answer_counts(first):
    message = make_message()
    arguments = {"accept": (SID,), "fail": ("1", "a"), "lose": ("a",)}
    assert getattr(message, first)(*arguments[first])
    before = Message.objects.values().get()
    for late, values in arguments.items():
        assert not getattr(message, late)(*values)
    assert Message.objects.values().get() == before


def test_a_deleted_account_leaves_the_log(alice):
    message = make_message(sender=alice)
    alice.delete()
    message.refresh_from_db()
    assert message.sender is None
