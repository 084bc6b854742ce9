"""A process that slept between its claim and the provider's call sends nothing that is given up."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.limits import used
from sms import delivery, policy, service, sweep
from sms.models import Message
from sms.policy import account_limit
from sms.results import Accepted
from sms.states import State
from tests.sms.conftest import SID, TO
from tests.task_backends import recorded

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sleeps(monkeypatch, noon):
    """`sleeps(seconds)`: the process does, after its last look at the message before the call."""

    def after_the_check(seconds: float, meanwhile=lambda: None) -> None:
        check = policy.check_claimed

        def slow(message: Message) -> None:
            check(message)
            noon.shift(seconds)
            meanwhile()

        monkeypatch.setattr(policy, "check_claimed", slow)

    return after_the_check


def give_up() -> None:
    for _ in range(20):
        sweep.sweep(at=timezone.now())


@pytest.mark.parametrize(("seconds", "is_sent"), [(50, True), (50.001, False), (1000, False)])
def test_a_claim_that_would_run_out_during_the_call_is_not_used(
    phone, provider, settings, sleeps, seconds, is_sent
):
    """It is tried again, as after any other attempt that sent nothing."""
    recorded(settings)
    pk = phone.post("/api/v1/sms/messages/", {"to": TO, "body": "a"}).json()["id"]
    sleeps(seconds)
    delivery.deliver(pk)
    row = Message.objects.get()
    assert (len(provider.sent), row.state) == (is_sent, "accepted" if is_sent else "queued")
    outcome = row.attempts.get().outcome
    assert outcome == ("accepted" if is_sent else "notsent")


def test_what_was_given_up_meanwhile_is_not_sent_and_does_not_count(
    phone, provider, settings, sleeps, alice
):
    recorded(settings)
    pk = phone.post("/api/v1/sms/messages/", {"to": TO, "body": "a"}).json()["id"]
    sleeps(1000, give_up)
    delivery.deliver(pk)
    row = Message.objects.get()
    assert provider.sent == []
    assert (row.state, row.error_code) == ("failed", "not_sent")
    assert used(account_limit(alice.pk, 50), at=row.created_at) == 0


def test_a_request_that_slept_is_told_to_try_again(phone, provider, sleeps):
    sleeps(60)
    answer = phone.post("/service/sms/send", {"msg": "a"})
    assert (answer.status_code, provider.sent) == (503, [])


def test_an_answer_that_comes_after_the_message_was_given_up_corrects_it(
    phone, provider, settings, noon
):
    """The process slept during the call, which no check before it can prevent."""
    recorded(settings)
    pk = phone.post("/api/v1/sms/messages/", {"to": TO, "body": "a"}).json()["id"]

    def slow() -> Accepted:
        noon.shift(timedelta(minutes=20))
        give_up()
        assert Message.objects.get().is_lost
        return Accepted(SID)

    provider.outcome = slow
    delivery.deliver(pk)
    row = Message.objects.get()
    assert (row.state, row.provider_sid) == (State.ACCEPTED, SID)
    assert (row.error_code, row.error_message, row.finished_at) == ("", "", None)
    assert len(provider.sent) == 1
    assert service.cancel(actor=None, message=row) is False
