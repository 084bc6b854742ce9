"""Which number of a person is proved, and what the numbers of a list mean."""

import pytest

from sms import service
from sms.models import Message, Phone
from tests.builders import make_todo
from tests.sms.conftest import TO, allow

pytestmark = pytest.mark.django_db


def test_a_person_has_the_number_that_they_have_proved(alice, bob):
    Phone.objects.create(account=bob, number="+15005550077")
    assert service.proved_number(alice) is None
    assert service.proved_number(bob) == "+15005550077"


def test_a_text_keeps_what_its_numbers_mean(provider, alice):
    todos = [make_todo(allow(alice), title).pk for title in ("milk", "bread")]
    service.queue(actor=alice, to=TO, body="1 milk\n2 bread", refers_to=todos)
    service.queue(actor=alice, to=TO, body="no list")
    kept = [None, [str(each) for each in todos]]
    assert list(Message.objects.order_by("body").values_list("refers_to", flat=True)) == kept[::-1]
