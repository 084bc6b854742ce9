"""Idempotency-Key on POST /service/sms/send: the same key twice sends one text."""

import re

import pytest

from core.idempotency import KeyReused
from core.models import IdempotencyKey
from sms import service
from sms.models import Message
from sms.results import Accepted, AcceptedWithoutId, NotSent, Refused, Unknown
from tests.sms.conftest import SID, TO, URL, allow, assert_failure

pytestmark = pytest.mark.django_db
KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
HEY = {"msg": "hey mate!!!"}
MESSAGES = "/api/v1/sms/messages/"


def is_replay(response) -> bool:
    return response.get("Idempotency-Replayed") == "true"


def texts_on_the_terminal(capsys, text: str) -> int:
    return len(re.findall(re.escape(text), capsys.readouterr().out))


@pytest.mark.usefixtures("development")
def test_the_same_key_twice_sends_one_text(client, capsys):
    first, second = (client.post(URL, HEY, "application/json", headers=KEY) for _ in range(2))
    assert (first.status_code, first.json()["status"]) == (201, "success")
    assert (second.status_code, second.content) == (201, first.content)
    assert [is_replay(first), is_replay(second)] == [False, True]
    assert texts_on_the_terminal(capsys, "hey mate!!!") == 1
    assert Message.objects.count() == 1


@pytest.mark.usefixtures("development")
def test_without_a_key_every_call_sends(client, capsys):
    for _ in range(2):
        assert client.post(URL, HEY, "application/json").status_code == 201
    assert texts_on_the_terminal(capsys, "hey mate!!!") == 2
    assert IdempotencyKey.objects.count() == 0


@pytest.mark.usefixtures("development")
def test_strangers_share_their_keys_and_a_person_has_her_own(client, api, alice):
    assert not is_replay(client.post(URL, HEY, "application/json", headers=KEY))
    hers = api(alice).post(URL, HEY, headers=KEY)
    assert (hers.status_code, is_replay(hers)) == (201, False)
    refused_token = {**KEY, "Authorization": "Bearer nonsense"}
    assert is_replay(client.post(URL, HEY, "application/json", headers=refused_token))
    assert set(IdempotencyKey.objects.values_list("scope", "endpoint")) == {
        ("anonymous", "POST /service/sms/send"),
        (f"user:{alice.pk}", "POST /service/sms/send"),
    }


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Accepted(SID), 201),
        (AcceptedWithoutId(), 200),
        (Refused("Not valid.", "21211", 400), 400),
        (Unknown("HTTP 500."), 202),
    ],
    ids=str,
)
def test_what_became_of_a_text_is_said_again_and_nothing_is_sent(phone, provider, outcome, status):
    provider.outcome = outcome
    first, second = phone.post(URL, HEY, headers=KEY), phone.post(URL, HEY, headers=KEY)
    assert (first.status_code, second.status_code) == (status, status)
    assert second.content == first.content
    assert (len(provider.sent), is_replay(second)) == (1, True)


@pytest.mark.parametrize("place", [0, 152, 160, 306, 1528, 1529])
def test_bodies_that_differ_in_one_character_are_two_texts(phone, provider, settings, place):
    """In whichever segment it is, at both paths."""
    settings.SMS_MAX_SEGMENTS = 10
    first, second = ("a" * place + letter + "a" * (1529 - place) for letter in "bc")
    for path, member, more in ((URL, "msg", {}), (MESSAGES, "body", {"to": TO})):
        taken = phone.post(path, {member: first, **more}, headers=KEY)
        reused = phone.post(path, {member: second, **more}, headers=KEY)
        assert (taken.status_code // 100, reused.status_code) == (2, 422), taken.json()
    mine = {"actor": Message.objects.first().sender, "to": TO, "key": "mine"}
    service.queue(body=first, **mine)  # as other apps do
    with pytest.raises(KeyReused):
        service.queue(body=second, **mine)
    assert Message.objects.filter(body=second).count() == 0


def test_what_was_not_sent_may_be_sent_again(phone, provider):
    provider.outcome = NotSent("No connection.")
    assert phone.post(URL, HEY, headers=KEY).status_code == 503
    provider.outcome = Accepted(SID)
    response = phone.post(URL, HEY, headers=KEY)
    assert (response.status_code, is_replay(response), len(provider.sent)) == (201, False, 2)


def test_a_limit_does_not_use_the_key_up(phone, provider, settings):
    settings.SMS_DAILY_LIMIT = 0
    assert_failure(phone.post(URL, HEY, headers=KEY), 429)
    settings.SMS_DAILY_LIMIT = 1
    assert phone.post(URL, HEY, headers=KEY).status_code == 201
    assert is_replay(phone.post(URL, HEY, headers=KEY))
    assert len(provider.sent) == 1


def test_the_faults_of_a_key_have_the_shape_of_the_seed(phone, provider):
    inner = []
    provider.outcome = lambda: inner.append(phone.post(URL, HEY, headers=KEY)) or Accepted(SID)
    assert phone.post(URL, HEY, headers=KEY).status_code == 201
    [meanwhile] = inner
    running = "The first request with this Idempotency-Key is still running. Ask again."
    assert_failure(meanwhile, 409, running)
    assert meanwhile["Retry-After"] == "2"
    reused = "This Idempotency-Key was sent with another body. Take a new key."
    assert_failure(phone.post(URL, {"msg": "b"}, headers=KEY), 422, reused)
    assert_failure(phone.post(URL, HEY, headers={"Idempotency-Key": "a b"}), 400)
    assert len(provider.sent) == 1


@pytest.mark.usefixtures("provider")
def test_who_may_not_send_learns_nothing_of_a_key(api, alice, bob):
    assert api(allow(alice)).post(URL, HEY, headers=KEY).status_code == 201
    assert_failure(api(bob).post(URL, HEY, headers=KEY), 403)
    allow(alice, per_day=0)
    assert_failure(api(alice).post(URL, HEY, headers=KEY), 403)


def test_a_key_belongs_to_its_door_so_at_both_doors_it_is_two_texts(phone, provider, settings):
    """By design (docs/sms.md): a key is a promise about one path."""
    settings.SMS_ALLOWED_REGIONS = ["US"]
    text = {"to": TO, "body": HEY["msg"]}
    for _ in range(2):
        at_once = phone.post(URL, HEY, headers=KEY)
        later = phone.post(MESSAGES, text, headers=KEY)
        assert (at_once.status_code, later.status_code) == (201, 202)
    assert (is_replay(at_once), is_replay(later)) == (True, True)
    assert Message.objects.count() == 2
    assert set(IdempotencyKey.objects.values_list("endpoint", flat=True)) == {
        "POST /service/sms/send",
        "POST /api/v1/sms/messages/",
    }
