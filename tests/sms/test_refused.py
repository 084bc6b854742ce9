"""What the provider refused for good was not sent and is not charged: it does not count."""

import pytest
from django.utils import timezone

from accounts.models import User
from core.models import Counter
from sms import delivery, service, status_updates
from sms.models import Message
from sms.providers.twilio.callbacks import status_update
from sms.results import RefusalReason, Refused
from tests.sms.conftest import SID, TO, allow

pytestmark = pytest.mark.django_db


def deliver(message: Message) -> Message:
    delivery.deliver(str(message.pk))
    message.refresh_from_db()
    return message


def take_two(person: User) -> Message:
    """Two texts of hers, each counted; one of them."""
    allow(person)
    _other, text = (service.queue(actor=person, to=TO, body="hey") for _ in range(2))
    return text


def counted() -> set[int]:
    return set(Counter.objects.filter(scope__startswith="sms:").values_list("used", flat=True))


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("21211", 400, RefusalReason.INVALID_RECIPIENT),
        ("21610", 400, RefusalReason.OPTED_OUT),
        ("21408", 403, RefusalReason.REGION_NOT_ALLOWED),
        ("20003", 401, RefusalReason.CREDENTIALS),
        ("NoCredentials", 0, RefusalReason.CREDENTIALS),
        ("ServiceQuotaExceeded", 402, RefusalReason.QUOTA),
        ("999", 422, RefusalReason.OTHER),
    ],
)
def test_what_the_provider_refused_does_not_count(provider, alice, code, status, kind):
    provider.outcome = Refused("No.", code, status, kind)
    message = take_two(alice)
    assert counted() == {2}
    assert deliver(message).state == kind.state
    assert counted() == {1}


def test_a_refusal_is_given_back_once_whatever_comes_later(provider, alice):
    provider.outcome = Refused("Not valid.", "21211", 400, RefusalReason.INVALID_RECIPIENT)
    message = deliver(take_two(alice))
    for status, code in [("failed", "21211"), ("failed", "21211"), ("delivered", "")]:
        status_updates.apply(message, status_update(SID, status, code), source="callback")
    delivery._refuse(message, provider.outcome)
    deliver(message)
    message.refresh_from_db()
    assert (message.state, message.error_code, counted()) == ("failed", "21211", {1})


def test_a_refusal_of_what_a_callback_knows_counts(provider, alice):
    """Two answers that cannot both be true: it may have been sent."""

    def quicker() -> Refused:
        Message.objects.filter(pk=message.pk).get().advance("delivered")
        return Refused("Not valid.", "21211", 400)

    provider.outcome = quicker
    message = take_two(alice)
    assert (deliver(message).state, counted()) == ("delivered", {2})


def test_a_refusal_after_the_sweep_took_it_for_unknown_does_not_count(provider, alice):
    def stall() -> Refused:
        Message.objects.get(pk=message.pk).abandon(timezone.now(), "No answer was stored.")
        return Refused("Not valid.", "21211", 400)

    provider.outcome = stall
    message = take_two(alice)
    assert (deliver(message).state, counted()) == ("failed", {1})


def test_what_failed_after_the_provider_took_it_counts(provider, alice):
    """It may be charged: Twilio has a fee for texts that fail."""
    message = deliver(take_two(alice))
    status_updates.apply(message, status_update(SID, "failed", "30003"), source="callback")
    assert (message.state, counted()) == ("failed", {2})
