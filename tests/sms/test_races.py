"""Money is safe under concurrency: as many texts as allowed, to the message."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from core.models import Counter
from sms import service
from sms.models import Message
from sms.outcomes import Accepted
from tests.conftest import make_user

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
SENDERS = 8


@pytest.mark.parametrize(("own", "common", "allowed"), [(3, 100, 12), (100, 10, 10)])
def test_simultaneous_texts_never_exceed_a_limit(provider, settings, own, common, allowed):
    settings.SMS_ACCOUNT_DAILY_LIMIT, settings.SMS_DAILY_LIMIT = own, common
    numbers, barrier = itertools.count(), threading.Barrier(SENDERS)
    provider.outcome = lambda: Accepted(f"SM{next(numbers):032x}")
    people = [make_user(f"p{number}@example.com") for number in range(4)]

    def send(number: int) -> None:
        connection.ensure_connection()
        barrier.wait()
        try:
            for turn in range(5):
                try:
                    service.send(actor=people[(number + turn) % len(people)], body="hey")
                except service.LimitReachedError:
                    continue
        finally:
            connection.close()

    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(send, range(SENDERS)))
    assert len(provider.sent) == Message.objects.count() == allowed
    assert set(Message.objects.values_list("state", flat=True)) == {"accepted"}
    assert Counter.objects.get(scope="sms:all:day").used == allowed
