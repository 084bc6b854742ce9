"""What is sent to Twilio beside the text: the judge is Twilio's own package."""

import pytest

from sms.results import Accepted
from tests.localcloud.test_twilio import real_client
from tests.sms.conftest import FROM, TO
from tests.sms.twilio.test_provider import CALLBACK, POOL, hand_over

pytestmark = pytest.mark.enable_socket


def test_the_callback_and_the_validity_are_sent_as_twilios_own_package_sends_them(twilio):
    hand_over(callback_url=CALLBACK, valid_seconds=3600, reference="ours")
    create = real_client(twilio).messages.create
    create(to=TO, from_=FROM, body="hey mate!!!", status_callback=CALLBACK, validity_period=3600)
    ours, theirs = twilio.received
    assert ours == theirs


def test_a_pool_of_senders_replaces_the_number(twilio, settings):
    settings.TWILIO_MESSAGING_SERVICE_SID = POOL
    assert isinstance(hand_over(), Accepted)
    real_client(twilio).messages.create(to=TO, messaging_service_sid=POOL, body="hey mate!!!")
    ours, theirs = twilio.received
    assert ours == theirs
    assert "From" not in ours.fields


@pytest.mark.parametrize(
    ("asked", "sent"), [(0, "1"), (1, "1"), (36_000, "36000"), (10**6, "36000")]
)
def test_the_validity_is_within_twilios_bounds(twilio, asked, sent):
    hand_over(valid_seconds=asked)
    assert twilio.received[0].fields["ValidityPeriod"] == [sent]
