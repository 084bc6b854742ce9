"""What the operator stops does not leave, however long ago it was accepted."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from core.models import Counter
from sms import delivery, policy, service, sweep, telephony
from sms.models import Allowance, Message, OptOut
from tests.sms.conftest import allow
from tests.task_backends import IMMEDIATE, recorded, use

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "+14155552671"
LATER = timedelta(hours=1)
NOT_ALLOWED = "This account may not send text messages any more."

STOPS: dict[str, Callable[[User], object]] = {
    "nothing a day": lambda person: allow(person, per_day=0),
    "no allowance": lambda person: Allowance.objects.filter(account=person).delete(),
    "disabled": lambda person: User.objects.filter(pk=person.pk).update(is_active=False),
    "deleted": lambda person: User.objects.get(pk=person.pk).delete(),
}


@pytest.fixture(autouse=True)
def _later(settings) -> None:
    """Nothing is delivered when it is accepted."""
    recorded(settings)


def queue(person: User | None, **fields) -> Message:
    text = {"to": NUMBER, "body": "hey"}
    return service.queue(actor=person, **{**text, **fields})


def deliver(message: Message) -> Message:
    delivery.deliver(str(message.pk))
    message.refresh_from_db()
    return message


def end(message: Message) -> tuple[str, str, str]:
    return message.state, message.error_code, message.error_message


def history(message: Message) -> list[tuple[str, str, str]]:
    return list(message.events.values_list("source", "status", "error_code"))


def used() -> dict[str, int]:
    """What is used of the limits of all people together."""
    common = (
        Counter.objects.filter(scope__startswith="sms:")
        .exclude(scope__contains=":account:")
        .values_list("scope", "used")
    )
    return {":".join(scope.split(":")[:2]): amount for scope, amount in common}


# --- Accounts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("wait", [None, LATER], ids=["queued", "scheduled"])
@pytest.mark.parametrize("stop", STOPS)
def test_the_texts_of_a_stopped_account_do_not_leave(provider, alice, bob, stop, wait, settings):
    at = timezone.now()
    send_at = wait and at + wait
    message = queue(allow(alice), send_at=send_at)
    other = queue(allow(bob), send_at=send_at, body="of bob")
    STOPS[stop](alice)
    if wait:
        Message.objects.update(next_attempt_at=at)
    use(settings, IMMEDIATE)
    assert sweep.sweep(at=timezone.now())["dispatched"] == 2
    message.refresh_from_db()
    other.refresh_from_db()
    assert end(message) == ("blocked", "not_allowed", NOT_ALLOWED)
    assert history(message)[1:] == [("service", "blocked", "not_allowed")]
    assert message.finished_at is not None
    assert (other.state, [sent["body"] for sent in provider.sent]) == ("accepted", ["of bob"])
    assert used() == {"sms:number": 1, "sms:country": 1, "sms:all": 1, "sms:segments": 1}


def test_what_was_put_off_is_stopped_too(provider, alice):
    message = queue(allow(alice))
    assert message.claim(timezone.now())
    assert message.release(timezone.now(), "not_sent", "No connection.")
    allow(alice, per_day=0)
    assert end(deliver(message)) == ("blocked", "not_allowed", NOT_ALLOWED)
    assert provider.sent == []


def test_what_is_stopped_after_the_claim_does_not_leave(provider, alice, monkeypatch):
    message, claim = queue(allow(alice)), delivery._claim

    def claim_then_stop(row: Message) -> bool:
        claimed = claim(row)
        assert not transaction.get_connection().in_atomic_block
        allow(alice, per_day=0)
        return claimed

    monkeypatch.setattr(delivery, "_claim", claim_then_stop)
    assert (deliver(message).state, provider.sent) == ("blocked", [])


def test_blocked_twice_it_is_given_back_once(provider, alice):
    queue(allow(alice), body="another")
    message = queue(alice)
    allow(alice, per_day=0)
    for _ in range(3):
        deliver(message)
    assert set(Counter.objects.filter(scope__startswith="sms:").values_list("used", flat=True)) == {
        1
    }
    assert (len(history(message)), provider.sent) == (2, [])


def test_account_and_recipient_are_asked_for_in_one_query(
    provider, alice, django_assert_num_queries
):
    message = queue(allow(alice))
    assert message.claim(timezone.now(), provider="scripted")
    with django_assert_num_queries(1):
        policy.check_claimed(message)


def test_the_original_endpoint_asks_again_too(provider, alice, monkeypatch):
    """It was allowed when the request began; the answer is the one of a refusal."""
    admit = service._admit
    allow(alice)
    monkeypatch.setattr(
        service, "_admit", lambda *args, **fields: [admit(*args, **fields), allow(alice, 0)][0]
    )
    message = service.send(actor=alice, body="hey")
    assert end(message) == ("blocked", "not_allowed", NOT_ALLOWED)
    assert (message.result.code, provider.sent) == ("not_allowed", [])


def test_a_request_asks_for_allowance_and_opt_out_once_when_accepted_and_once_when_sent(
    provider, api, alice
):
    phone = api(allow(alice))
    with CaptureQueriesContext(connection) as captured:
        assert phone.post("/service/sms/send", {"msg": "hey"}).status_code == 201
    selects = [query["sql"] for query in captured if query["sql"].startswith("SELECT")]
    for table in ("sms_allowance", "sms_optout"):
        assert len([sql for sql in selects if f'"{table}"' in sql]) == 2, selects


# --- Nobody ---------------------------------------------------------------------------------------


def test_a_text_of_nobody_leaves_where_it_costs_nothing(development, settings, capsys):
    settings.SMS_ALLOWED_REGIONS = ["US"]
    message = deliver(queue(None))
    assert (message.state, "hey" in capsys.readouterr().out) == ("accepted", True)


@pytest.mark.parametrize(
    ("debug", "name"), [(True, "scripted"), (False, "scripted"), (False, "console")]
)
def test_a_text_of_nobody_leaves_nowhere_else(provider, settings, capsys, debug, name):
    settings.DEBUG, settings.SMS_PROVIDER = True, "console"
    message = queue(None)
    settings.DEBUG, settings.SMS_PROVIDER = debug, name
    assert end(deliver(message)) == ("blocked", "not_allowed", NOT_ALLOWED)
    assert (provider.sent, "hey" in capsys.readouterr().out) == ([], False)


def test_where_it_costs_nothing_an_account_must_be_active(development, alice, settings):
    settings.SMS_ALLOWED_REGIONS = ["US"]
    first, second = queue(alice), queue(alice)
    assert deliver(first).state == "accepted"
    STOPS["disabled"](alice)
    assert end(deliver(second)) == ("blocked", "not_allowed", NOT_ALLOWED)


# --- Recipients -----------------------------------------------------------------------------------


def test_a_region_that_is_not_allowed_any_more_gets_nothing(provider, alice, settings):
    settings.SMS_ALLOWED_REGIONS = ["US", "DE"]
    american, german = queue(allow(alice)), queue(alice, to="+4915112345678")
    settings.SMS_ALLOWED_REGIONS = ["DE"]
    reason = "Messages to this country are not allowed."
    assert end(deliver(american)) == ("blocked", "region_not_allowed", reason)
    assert history(american)[1:] == [("service", "blocked", "region_not_allowed")]
    assert deliver(german).state == "accepted"
    assert [sent["to"] for sent in provider.sent] == ["+4915112345678"]
    assert used()["sms:all"] == 1


def test_a_kind_of_number_that_is_not_allowed_any_more_gets_nothing(provider, alice, monkeypatch):
    message = queue(allow(alice))
    monkeypatch.setattr(telephony, "REFUSED_TYPES", frozenset({"fixed_line_or_mobile"}))
    reason = "Messages to this type of number are not allowed."
    assert end(deliver(message)) == ("blocked", "type_not_allowed", reason)
    assert (provider.sent, set(used().values())) == ([], {0})


@pytest.mark.parametrize("number", ["", "+15005550006", "+1 (500) 555-0006"])
def test_the_operators_own_number_may_be_in_any_region_where_it_is_free(
    development, settings, capsys, number
):
    settings.SMS_ALLOWED_REGIONS, settings.SMS_TO_NUMBER = ["DE"], number
    assert service.send(actor=None, body="hey").state == "accepted"
    assert "hey" in capsys.readouterr().out
    assert ("sms:country" in used()) is bool(number)


def test_the_account_is_told_before_the_recipient(provider, alice):
    """Whoever may not send learns nothing of who wants no texts."""
    message = queue(allow(alice))
    OptOut.objects.create(number=NUMBER, source="inbound")
    allow(alice, per_day=0)
    assert (deliver(message).error_code, provider.sent) == ("not_allowed", [])
