"""The price before sending, and of the month, by the operator's own table."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sms.models import Message
from sms.prices import forecast
from tests.sms.conftest import TO

pytestmark = pytest.mark.django_db
URL = "/api/v1/sms/messages/segments/"
PRICES = {"US": (Decimal("0.0083"), "USD"), "DE": (Decimal("0.09"), "EUR")}


@pytest.fixture
def priced(settings) -> None:
    settings.SMS_PRICES = PRICES
    settings.SMS_ALLOWED_REGIONS = ["US", "DE", "FR"]


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        (TO, {"amount": "0.0166", "currency": "USD"}),
        ("+4915123456789", {"amount": "0.18", "currency": "EUR"}),
        ("+33612345678", None),
    ],
)
def test_the_price_is_told_before_anything_is_sent(priced, provider, api, alice, to, expected):
    answer = api(alice).post(URL, {"body": "a" * 200, "to": to}).json()
    assert (answer["segments"], answer["price"], provider.sent) == (2, expected, [])
    assert "price" not in api(alice).post(URL, {"body": "a"}).json()


def test_all_other_countries_have_a_price_of_their_own(priced, settings, api, alice):
    settings.SMS_PRICES = {**PRICES, "*": (Decimal("0.5"), "USD")}
    answer = api(alice).post(URL, {"body": "a", "to": "+33612345678"}).json()
    assert answer["price"] == {"amount": "0.5", "currency": "USD"}


def sent(region: str, at: datetime, state: str = "delivered", **fields: object) -> None:
    ended = {} if state in ("accepted", "queued") else {"finished_at": at}
    Message.objects.create(
        to=TO,
        body="a",
        provider="twilio",
        region=region,
        state=state,
        claimed_at=at,
        provider_sid=f"SM{Message.objects.count():032}",
        **{"created_at": at, **ended, **fields},
    )


def test_the_price_of_a_month_is_what_was_sent_and_what_will_be(priced, web, staff, alice):
    noon = datetime(2026, 11, 16, tzinfo=UTC)  # half of the month
    for at in (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 10, tzinfo=UTC)):
        sent("US", at, segments=2)
        sent("DE", at)
        sent("FR", at, "accepted", segments=3)
    sent("US", datetime(2026, 10, 31, 23, tzinfo=UTC))
    created = datetime(2026, 10, 6, tzinfo=UTC)  # 35 days ahead of its time
    sent("DE", datetime(2026, 11, 10, tzinfo=UTC), created_at=created)
    for state in ("blocked", "canceled", "expired"):
        sent("US", noon, state)
    told = forecast(noon)
    assert [str(each) for each in told.spent] == ["0.27 EUR", "0.03 USD"]
    assert [str(each) for each in told.expected] == ["0.54 EUR", "0.07 USD"]
    assert told.unknown == 6
    assert [str(each) for each in forecast(datetime(2026, 12, 1, 3, tzinfo=UTC)).expected] == []
    page = web(staff).get("/admin/sms/message/").text  # on the 20th
    assert "0.27 EUR, 0.03 USD" in " ".join(page.split()).replace(" ,", ",")


def test_without_a_table_the_admin_says_what_to_set(web, staff, settings):
    settings.SMS_PRICES = {}
    assert "unknown: set SMS_PRICES" in web(staff).get("/admin/sms/message/").text
