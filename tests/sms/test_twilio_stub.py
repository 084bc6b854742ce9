"""The stub answers as Twilio does: the judge is Twilio's own client, which knows nothing of us."""

from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.sms.conftest import FROM, TO
from tests.sms.twilio_stub import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    BAD_RECIPIENTS,
    BAD_SENDERS,
    TwilioStub,
    complains,
)

pytestmark = pytest.mark.enable_socket


def real_client(stub: TwilioStub, token: str = AUTH_TOKEN):
    """The `twilio` package, led to the stub: it has no setting for another origin."""
    from twilio.http.http_client import TwilioHttpClient
    from twilio.rest import Client

    class RebasedHttpClient(TwilioHttpClient):
        def request(self, method, url, **kwargs):
            origin, target = urlsplit(stub.url), urlsplit(url)
            rebased = (origin.scheme, origin.netloc, target.path, target.query, "")
            return super().request(method, urlunsplit(rebased), **kwargs)

    return Client(ACCOUNT_SID, token, http_client=RebasedHttpClient(timeout=5))


def refusal(call, **arguments: object) -> tuple[int, int, str]:
    """Status, code and message of the error that the package raises."""
    from twilio.base.exceptions import TwilioRestException

    with pytest.raises(TwilioRestException) as caught:
        call(**arguments)
    error = caught.value
    return error.status, error.code, error.msg.partition(": ")[2]


def test_a_created_message_can_be_fetched_and_listed(twilio):
    client = real_client(twilio)
    created = client.messages.create(to=TO, from_=FROM, body="hé & = +\n😀")
    other = client.messages.create(to="+15005550098", from_=FROM, body="b")
    assert (created.to, created.from_, created.body) == (TO, FROM, "hé & = +\n😀")
    assert (created.status, created.num_segments, created.error_code) == ("queued", "1", None)
    assert created.date_created.tzinfo is not None
    fetched = client.messages(created.sid).fetch()
    assert (fetched.sid, fetched.body) == (created.sid, created.body)
    assert [message.sid for message in client.messages.list()] == [other.sid, created.sid]
    assert [message.sid for message in client.messages.list(to=TO)] == [created.sid]
    assert client.messages.list(from_="+15005550000") == []


def test_wrong_credentials_are_refused(twilio):
    client = real_client(twilio, "wrong")
    told = refusal(client.messages.create, to=TO, from_=FROM, body="a")
    assert told == (401, 20003, "Authenticate")
    assert twilio.messages == []


def test_another_account_and_another_message_are_not_found(twilio):
    client = real_client(twilio)
    status, code, _message = refusal(client.messages("SM" + "0" * 32).fetch)
    assert (status, code) == (404, 20404)
    foreign = client.api.accounts("AC" + "f" * 32).messages
    status, code, _message = refusal(foreign.create, to=TO, from_=FROM, body="a")
    assert (status, code) == (404, 20404)


@pytest.mark.parametrize("number", BAD_RECIPIENTS)
def test_the_magic_recipients_are_refused(twilio, number):
    create = real_client(twilio).messages.create
    assert refusal(create, to=number, from_=FROM, body="a") == BAD_RECIPIENTS[number]


@pytest.mark.parametrize("number", BAD_SENDERS)
def test_the_magic_senders_are_refused(twilio, number):
    create = real_client(twilio).messages.create
    assert refusal(create, to=TO, from_=number, body="a") == BAD_SENDERS[number]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "", "from_": FROM, "body": "a"}, 21604),
        ({"to": TO, "body": "a"}, 21603),
        ({"to": TO, "from_": FROM}, 21602),
        ({"to": TO, "from_": FROM, "body": "a" * 1601}, 21617),
    ],
)
def test_what_is_missing_or_too_long_is_refused(twilio, fields, code):
    assert refusal(real_client(twilio).messages.create, **fields)[:2] == (400, code)


def test_a_fault_spoils_one_request(twilio):
    create = real_client(twilio).messages.create
    twilio.faults.append(complains(429, 20429, "Too Many Requests"))
    told = refusal(create, to=TO, from_=FROM, body="a")
    assert told == (429, 20429, "Too Many Requests")
    assert create(to=TO, from_=FROM, body="a").status == "queued"
