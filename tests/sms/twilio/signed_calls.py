"""Calls of our webhooks as Twilio makes them, and a text to make them about."""

from typing import Any
from urllib.parse import urlencode

from django.test import Client

from localcloud.twilio.callbacks import signed
from localcloud.twilio.stub import ACCOUNT_SID, AUTH_TOKEN
from sms.models import Message
from sms.states import State
from tests.config.test_matrix import everything
from tests.sms.conftest import FROM, TO

BASE = "https://nudge.example.com/production"
SID, OTHER_SID = f"SM{'1' * 32}", f"SM{'2' * 32}"
INBOUND = "/service/sms/inbound/"
FORM = "application/x-www-form-urlencoded"


def configure(settings) -> None:
    settings.SMS_PROVIDER, settings.PUBLIC_BASE_URL = "twilio", BASE
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT_SID, AUTH_TOKEN


def make_text(state: str = State.SENDING, sid: str = "", **fields: object) -> Message:
    text = {"to": TO, "from_number": FROM, "body": "private words", "provider": "twilio"}
    return Message.objects.create(**{**text, "state": state, "provider_sid": sid, **fields})


def path_of(message: Message) -> str:
    return f"/service/sms/status/{message.pk}/"


def post(path: str, fields: dict[str, str], signature: str | None = None, **more: Any):
    """As Twilio posts, with the right signature unless another is given."""
    if signature is None:
        signature = signed(BASE + path, fields, AUTH_TOKEN)
    headers = {"X-Twilio-Signature": signature} if signature else {}
    client = Client(enforce_csrf_checks=True)
    return client.post(path, urlencode(fields), content_type=FORM, headers=headers, **more)


def report(status: str, sid: str = SID, code: str = "", **more: str) -> dict[str, str]:
    fields = {"AccountSid": ACCOUNT_SID, "MessageSid": sid, "MessageStatus": status}
    return fields | ({"ErrorCode": code} if code else {}) | more


def assert_nothing_changes(path: str, fields: dict[str, str], status: int, **more: Any) -> None:
    before = everything()
    response = post(path, fields, **more)
    assert (response.status_code, response.content) == (status, b"")
    assert everything() == before
