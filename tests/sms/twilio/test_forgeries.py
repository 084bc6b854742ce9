"""Calls of the webhooks that Twilio has not signed for us: 403, and nothing changes."""

import uuid

import pytest

from localcloud.twilio.callbacks import signed
from localcloud.twilio.stub import ACCOUNT_SID, AUTH_TOKEN
from sms.models import Message, OptOut
from sms.states import State
from tests.sms.conftest import TO
from tests.sms.twilio.signed_calls import (
    BASE,
    INBOUND,
    SID,
    assert_nothing_changes,
    configure,
    make_text,
    path_of,
    report,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _configured(settings) -> None:
    configure(settings)


@pytest.fixture
def text() -> Message:
    return make_text(State.ACCEPTED, SID)


def another_end(signature: str) -> str:
    return f"{signature[:26]}{'E' if signature[26] == 'A' else 'A'}="


FORGERIES = {
    "unsigned": lambda _path, _fields: "",
    "forged": lambda _path, _fields: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "no base64": lambda _path, _fields: "é!",
    "another end": lambda path, fields: another_end(signed(BASE + path, fields, AUTH_TOKEN)),
    "in other letters": lambda path, fields: signed(BASE + path, fields, AUTH_TOKEN).swapcase(),
    "another token": lambda path, fields: signed(BASE + path, fields, "another"),
    "another host": lambda path, fields: signed(f"https://a.test{path}", fields, AUTH_TOKEN),
    "without the stage": lambda path, fields: signed(
        f"https://nudge.example.com{path}", fields, AUTH_TOKEN
    ),
    "http": lambda path, fields: signed(
        f"http://nudge.example.com/production{path}", fields, AUTH_TOKEN
    ),
    "another text": lambda _path, fields: signed(
        f"{BASE}/service/sms/status/{uuid.uuid4()}/", fields, AUTH_TOKEN
    ),
    "other fields": lambda path, fields: signed(BASE + path, {**fields, "a": "b"}, AUTH_TOKEN),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
@pytest.mark.parametrize("known", [True, False])
def test_a_status_that_twilio_has_not_signed_is_refused(text, forge, known):
    """The same for texts that we have and have not: no stranger learns which exist."""
    path, fields = path_of(text if known else Message()), report("failed", code="30003")
    assert_nothing_changes(path, fields, 403, signature=forge(path, fields))


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
@pytest.mark.parametrize("word", ["STOP", "START", "HELP"])
def test_a_text_that_twilio_has_not_signed_is_refused(forge, word):
    OptOut.objects.create(number="+15005550098", source="inbound")
    text = {"MessageSid": SID, "From": "+15005550098", "Body": word}
    fields = {"AccountSid": ACCOUNT_SID, **text}
    assert_nothing_changes(INBOUND, fields, 403, signature=forge(INBOUND, fields))


@pytest.mark.parametrize(
    "account",
    ["", f"AC{'f' * 32}", "é", ACCOUNT_SID[:-1], ACCOUNT_SID.swapcase(), f"{ACCOUNT_SID}0"],
)
def test_what_is_about_another_account_is_refused(text, account):
    fields = report("failed", AccountSid=account)
    assert_nothing_changes(path_of(text), fields, 403)
    fields = {"AccountSid": account, "From": TO, "Body": "STOP", "MessageSid": SID}
    assert_nothing_changes(INBOUND, fields, 403)


@pytest.mark.parametrize("name", ["TWILIO_AUTH_TOKEN", "PUBLIC_BASE_URL", "TWILIO_ACCOUNT_SID"])
def test_without_configuration_everything_is_refused(text, settings, name):
    setattr(settings, name, "")
    assert_nothing_changes(path_of(text), report("failed"), 403)
    fields = report("failed", AccountSid=settings.TWILIO_ACCOUNT_SID)
    base, token = settings.PUBLIC_BASE_URL, settings.TWILIO_AUTH_TOKEN
    empty = signed(base + path_of(text), fields, token)
    assert_nothing_changes(path_of(text), fields, 403, signature=empty)
