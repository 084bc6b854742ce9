"""STOP, START and HELP by text."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import Counter
from sms import inbound
from sms.models import OptOut
from tests.sms.signed_calls import INBOUND, configure, post
from tests.sms.twilio_stub import ACCOUNT_SID

pytestmark = pytest.mark.django_db
NUMBER, STRANGER = "+15005550098", "+15005550097"
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
HELP = (
    '<?xml version="1.0" encoding="UTF-8"?><Response><Message>Nudge sends the reminders that its'
    " users ask for. Reply STOP to get no more texts, START to get them again."
    "</Message></Response>"
)


@pytest.fixture(autouse=True)
def _configured(settings) -> None:
    configure(settings)


@pytest.fixture(autouse=True)
def stranger(db) -> OptOut:
    """Somebody else's opt-out, which nobody else's words change."""
    return OptOut.objects.create(number=STRANGER, source="admin")


def say(body: str, number: str = NUMBER) -> str:
    response = post(INBOUND, {"AccountSid": ACCOUNT_SID, "From": number, "Body": body})
    assert response.status_code == 200
    assert response["Content-Type"] == "text/xml; charset=utf-8"
    return response.content.decode()


def opted_out() -> set[tuple[str, str]]:
    assert OptOut.objects.of(STRANGER).exists()
    return set(OptOut.objects.exclude(number=STRANGER).values_list("number", "source"))


STOP = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"]


@pytest.mark.parametrize("word", [*STOP, "stop", " Stop.\r\n", '"STOP!"'])
def test_stop_is_kept_once(word):
    for _ in range(2):
        assert say(word) == EMPTY
    assert opted_out() == {(NUMBER, "inbound")}


@pytest.mark.parametrize("word", ["START", "YES", "UNSTOP", "unstop "])
@pytest.mark.parametrize("source", OptOut.Source.values)
def test_start_takes_it_back(word, source):
    OptOut.objects.create(number=NUMBER, source=source)
    for _ in range(2):
        assert say(word) == EMPTY
    assert opted_out() == set()


def test_stop_leaves_an_opt_out_that_is_known_as_it_is():
    OptOut.objects.create(number=NUMBER, source="admin")
    assert say("STOP") == EMPTY
    assert opted_out() == {(NUMBER, "admin")}


@pytest.mark.parametrize("word", ["HELP", "INFO", "help"])
def test_help_is_answered(word):
    assert say(word) == HELP
    assert opted_out() == set()


def test_help_is_answered_three_times_a_day_to_each_number():
    """Two machines that answer each other must not make a bill."""
    assert [say("HELP") for _ in range(5)] == [HELP] * 3 + [EMPTY] * 2
    assert say("HELP", STRANGER) == HELP
    later = timezone.now() + timedelta(days=1)
    assert inbound.receive(number=NUMBER, body="HELP", at=later) == inbound.HELP_TEXT
    assert not Counter.objects.filter(scope__contains=NUMBER[1:]).exists()


def test_help_is_not_answered_where_sending_is_switched_off(settings):
    settings.SMS_ENABLED = False
    assert say("HELP") == EMPTY
    assert say("STOP") == EMPTY
    assert opted_out() == {(NUMBER, "inbound")}


@pytest.mark.parametrize(
    "body", ["", "please stop", "STOP it", "hello", "ST\uff2fP", "<b>", "S\u0000TOP"]
)
def test_anything_else_is_kept_nowhere(body):
    assert say(body) == EMPTY
    assert opted_out() == set()


@pytest.mark.parametrize(
    "number", ["", "whatsapp:+15005550098", "12345", "Nudge", "+0123", "a" * 300]
)
def test_who_has_no_number_is_nobody(number):
    for word in ("STOP", "HELP"):
        assert say(word, number) == EMPTY
    assert opted_out() == set()
