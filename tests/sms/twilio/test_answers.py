"""All the way: Twilio tells of a text, and what it is answered is at Twilio."""

import pytest

from sms.models import Phone
from tests.builders import make_todo
from tests.sms.conftest import allow
from tests.sms.twilio.signed_calls import BASE
from tests.todos.answers.conftest import NUMBER, tell
from todos.models import Todo

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.enable_socket]


def test_done_1_ticks_the_first_of_the_list_that_was_texted(twilio, settings, alice, bob, noon):
    settings.PUBLIC_BASE_URL, settings.SMS_ALLOWED_REGIONS = BASE, ["US"]
    Phone.objects.create(account=allow(alice), number=NUMBER)
    make_todo(bob, "private")
    for title in ("bread", "milk"):
        make_todo(alice, title)
    for number, words in enumerate(("list", "done 1", "done 1")):
        noon.shift(5)
        assert tell(words, f"SM{min(number, 1):032x}") == 200  # the last one is told twice
    said = [each["body"] for each in twilio.messages]
    assert said == ["1 milk\n2 bread", "Done: milk"]
    done = Todo.objects.filter(status="finished")
    assert [todo.title for todo in done] == ["milk"]
