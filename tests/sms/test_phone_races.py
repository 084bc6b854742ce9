"""One number, many requests at the same moment: on PostgreSQL, with a connection each."""

import threading

import pytest
from django.db import connection

from sms import phones, service
from sms.consent import Asker
from sms.models import Consent, Phone, PhoneCode, Source
from sms.phones import NoCodeError, WrongCodeError
from sms.policy import SendError
from tests.conftest import make_user
from tests.interleaving import overtake
from tests.sms.conftest import TO
from tests.sms.test_phones import ask, phone_of, texted_code

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
BOBS = "+15005550077"


@pytest.fixture(autouse=True)
def _codes(settings, numbered, bob) -> None:
    settings.SMS_CODES_DAILY = 100
    Phone.objects.create(account=bob, number=BOBS)


def together(count: int, work) -> list:
    barrier, results = threading.Barrier(count), []

    def run(number: int) -> None:
        connection.ensure_connection()
        barrier.wait()
        try:
            results.append(work(number))
        except (NoCodeError, WrongCodeError, SendError) as error:
            results.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return results


def test_of_24_simultaneous_guesses_three_are_compared(numbered, alice):
    ask(phone_of(alice))
    right = int(texted_code(numbered))
    results = together(
        24, lambda n: phones.confirm(actor=alice, typed=f"{(right + 1 + n) % 10**6:06}")
    )
    assert sorted(results) == ["NoCodeError"] * 21 + ["WrongCodeError"] * 3
    assert PhoneCode.objects.get().guesses == 3


def test_a_code_that_is_sent_many_times_is_taken_once(numbered, alice):
    ask(phone_of(alice))
    right = texted_code(numbered)
    results = together(24, lambda n: phones.confirm(actor=alice, typed=right))
    assert sorted(map(str, results)) == sorted(["None", *["NoCodeError"] * 23])
    assert Consent.objects.filter(event="agreed").count() == 1


def test_of_many_who_prove_one_number_at_once_the_last_one_has_it(numbered):
    people = [make_user(f"{n}@example.com") for n in range(3)]
    codes = []
    for number, person in enumerate(people):
        phones.ask(actor=person, number=TO, asker=Asker(Source.API, address=str(number)))
        codes.append(texted_code(numbered))
    results = together(3, lambda n: phones.confirm(actor=people[n], typed=codes[n]))
    assert results == [None] * 3
    assert Phone.objects.filter(number=TO).count() == 1
    assert Consent.objects.filter(event="agreed").count() == 3
    assert Consent.objects.filter(event="taken_over").count() == 2


def test_simultaneous_requests_text_as_many_codes_as_a_number_may_get(numbered):
    people = [make_user(f"{n}@example.com") for n in range(12)]

    def asking(number: int) -> None:
        asker = Asker(Source.API, address=str(number))
        phones.ask(actor=people[number], number=TO, asker=asker)

    results = together(12, asking)
    assert sorted(map(str, results)) == sorted(["None"] * 3 + ["SendError"] * 9)
    assert len(numbered.sent) == 3


def history_of(number: str) -> list[str]:
    return list(
        Consent.objects.filter(number=number).order_by("pk").values_list("event", flat=True)
    )


def test_a_number_that_is_removed_twice_at_once_is_removed_once(bob):
    def remove() -> bool:
        return phones.remove(actor=bob, asker=Asker(Source.API))

    assert overtake(remove, after='FROM "sms_phone"', by=remove) == (True, False)
    assert history_of(BOBS) == ["removed"]


def test_a_number_is_taken_over_or_removed_and_never_both(numbered, alice, bob):
    """Its former owner removes it while another person proves it."""
    phones.ask(actor=alice, number=BOBS, asker=Asker(Source.API))
    code = texted_code(numbered)

    ends = overtake(
        lambda: phones.confirm(actor=alice, typed=code),
        after='FROM "sms_phone"',
        by=lambda: phones.remove(actor=bob, asker=Asker(Source.API)),
    )

    assert ends == (None, False)
    assert history_of(BOBS) == ["taken_over", "agreed"]
    assert (service.proved_number(alice), service.proved_number(bob)) == (BOBS, None)
