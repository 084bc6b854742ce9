"""The door: the row first, one attempt, the outcome written down, the limits kept."""

import pytest
from django.db import DatabaseError, connection, transaction

from core.models import Counter
from sms import service
from sms.models import Message
from sms.outcomes import Accepted, NotSent, Refused, Throttled, Unknown, WithoutSid
from sms.service import LimitReachedError, SwitchedOffError
from tests.sms.conftest import FROM, SID, TO

pytestmark = pytest.mark.django_db

ENDS = [
    (Accepted(SID), ("accepted", SID, "", "")),
    (WithoutSid(), ("unknown", "", "", "The provider gave no id.")),
    (Unknown("HTTP 500."), ("unknown", "", "", "HTTP 500.")),
    (Refused("Authenticate", "20003", 401), ("failed", "", "20003", "Authenticate")),
    (Throttled("Too many", "20429", 7), ("failed", "", "20429", "Too many")),
    (NotSent("No connection."), ("failed", "", "not_sent", "No connection.")),
]


def used() -> dict[str, int]:
    return dict(Counter.objects.values_list("scope", "used"))


@pytest.mark.parametrize(("outcome", "end"), ENDS, ids=lambda value: type(value).__name__)
def test_an_outcome_is_returned_and_written_down(provider, alice, outcome, end):
    provider.outcome = outcome
    message = service.send(actor=alice, body="hey mate!!!")
    assert message.outcome == outcome
    row = Message.objects.get()
    assert (row.state, row.provider_sid, row.error_code, row.error_message) == end
    assert (message.state, message.finished_at) == (row.state, row.finished_at)
    assert (row.sender, row.to, row.from_number, row.body, row.provider) == (
        *(alice, TO, FROM, "hey mate!!!", "scripted"),
    )
    assert provider.sent == [{"to": TO, "from_number": FROM, "body": "hey mate!!!"}]


@pytest.mark.django_db(transaction=True)
def test_the_row_is_committed_before_the_provider_is_called(provider, alice):
    """Seen through a second connection, which sees nothing that is not committed."""
    seen = []

    def look() -> Accepted:
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT state, body FROM sms_message")
            seen.append((cursor.fetchall(), connection.in_atomic_block))
        other.close()
        return Accepted(SID)

    provider.outcome = look
    service.send(actor=alice, body="hey")
    assert seen == [([("sending", "hey")], False)]
    assert Message.objects.get().state == "accepted"


@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_nothing_is_sent(provider, alice):
    """A rollback would take the row back, not the text."""
    with pytest.raises(RuntimeError), transaction.atomic():
        service.send(actor=alice, body="hey")
    assert provider.sent == []


@pytest.mark.django_db(transaction=True)
def test_a_death_during_the_call_leaves_a_trace(provider, alice):
    def die() -> Accepted:
        raise KeyboardInterrupt

    provider.outcome = die
    with pytest.raises(KeyboardInterrupt):
        service.send(actor=alice, body="hey")
    assert Message.objects.get().state == "sending"


def test_a_fault_of_ours_is_unknown_and_logged(provider, alice, caplog):
    provider.outcome = ZeroDivisionError("oops")
    message = service.send(actor=alice, body="hey")
    assert message.outcome == Unknown("The provider failed (ZeroDivisionError).")
    assert Message.objects.get().state == "unknown"
    assert f"The provider failed while sending message {message.pk}" in caplog.text


def test_an_outcome_that_cannot_be_written_down_is_still_told(provider, alice, caplog, monkeypatch):
    def away(*args: object, **kwargs: object) -> None:
        raise DatabaseError(f"Failing row contains ({TO}, hey)")

    monkeypatch.setattr(Message, "refresh_from_db", away)
    message = service.send(actor=alice, body="hey")
    assert message.outcome == Accepted(SID)
    assert Message.objects.values_list("state", "provider_sid").get() == ("sending", "")
    assert caplog.messages == [
        f"Message {message.pk} ended as {SID}, which could not be written down: DatabaseError"
    ]
    assert TO not in caplog.text


def test_a_sid_that_came_twice_stays_sending(provider, alice):
    """A provider that repeats an id may have dropped the text: an open question, not an error."""
    service.send(actor=alice, body="a")
    message = service.send(actor=alice, body="b")
    assert message.outcome == Accepted(SID)
    assert Message.objects.get(body="b").state == "sending"


def test_a_row_that_moved_on_meanwhile_is_left_alone(provider, alice):
    """Only `sending` is left by an answer: whoever was quicker knew more."""

    def quicker() -> Unknown:
        Message.objects.get().accept(SID)
        return Unknown("HTTP 500.")

    provider.outcome = quicker
    message = service.send(actor=alice, body="hey")
    assert (message.state, message.provider_sid) == ("accepted", SID)
    assert Message.objects.get().error_message == ""


def test_the_switch_stops_everything(provider, alice, settings):
    settings.SMS_ENABLED = False
    with pytest.raises(SwitchedOffError) as caught:
        service.send(actor=alice, body="hey")
    assert caught.value.retry_after == 300
    assert (provider.sent, Message.objects.count(), used()) == ([], 0, {})


def test_an_account_has_its_own_limit(provider, alice, bob, settings):
    settings.SMS_ACCOUNT_DAILY_LIMIT = 1
    service.send(actor=alice, body="a")
    with pytest.raises(LimitReachedError, match="Your daily limit"):
        service.send(actor=alice, body="b")
    provider.outcome = Accepted(SID[::-1])
    service.send(actor=bob, body="c")
    assert [message["body"] for message in provider.sent] == ["a", "c"]
    assert Message.objects.count() == 2


def test_a_refusal_of_the_common_limit_gives_the_own_one_back(provider, alice, bob, settings):
    settings.SMS_DAILY_LIMIT = 1
    service.send(actor=bob, body="a")
    with pytest.raises(LimitReachedError, match="limit of this service"):
        service.send(actor=alice, body="b")
    assert used().get(f"sms:account:{alice.pk}:day", 0) == 0
    assert used()["sms:all:day"] == 1
    assert Message.objects.count() == len(provider.sent) == 1


def test_a_refusal_of_the_own_limit_takes_nothing_from_the_common_one(provider, alice, settings):
    settings.SMS_ACCOUNT_DAILY_LIMIT = 0
    with pytest.raises(LimitReachedError) as caught:
        service.send(actor=alice, body="a")
    assert 0 < caught.value.retry_after <= 24 * 3600 + 1
    assert used().get("sms:all:day", 0) == 0


def test_where_both_limits_are_used_up_the_own_one_is_told(provider, alice, settings):
    settings.SMS_DAILY_LIMIT = settings.SMS_ACCOUNT_DAILY_LIMIT = 0
    with pytest.raises(LimitReachedError, match="Your daily limit"):
        service.send(actor=alice, body="a")


def test_nobody_counts_against_the_common_limit_only(provider, settings):
    settings.SMS_DAILY_LIMIT, settings.SMS_ACCOUNT_DAILY_LIMIT = 1, 0
    service.send(actor=None, body="a")
    assert used() == {"sms:all:day": 1}
    with pytest.raises(LimitReachedError):
        service.send(actor=None, body="b")
    assert Message.objects.get().sender is None


@pytest.mark.parametrize(("outcome", "end"), ENDS, ids=lambda value: type(value).__name__)
def test_what_certainly_was_not_sent_does_not_count(provider, alice, outcome, end):
    provider.outcome = outcome
    service.send(actor=alice, body="a")
    expected = 0 if isinstance(outcome, NotSent | Throttled) else 1
    assert used() == {f"sms:account:{alice.pk}:day": expected, "sms:all:day": expected}


def test_a_developers_machine_is_open_and_nothing_else(settings, provider, alice, staff):
    for debug, name, is_open in [
        (True, "console", True),
        (False, "console", False),
        (True, "scripted", False),
        (True, "twilio", False),
        (False, "twilio", False),
    ]:
        settings.DEBUG, settings.SMS_PROVIDER = debug, name
        assert service.is_open() is is_open
        assert service.may_send(alice) is is_open
        assert service.may_send(staff)
