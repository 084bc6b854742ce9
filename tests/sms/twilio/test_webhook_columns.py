"""What a webhook writes: each column is known, and takes from outside only what its model takes."""

import re
from typing import Any

import pytest
from django.db.models import Model

from localcloud.twilio.stub import ACCOUNT_SID
from sms.models import Event, InboundMessage, Message, OptOut
from sms.providers.twilio.callbacks import STATES
from sms.states import State
from tests.sms.conftest import FROM, TO
from tests.sms.twilio.signed_calls import (
    INBOUND,
    OTHER_SID,
    SID,
    configure,
    make_text,
    path_of,
    post,
    report,
)

pytestmark = pytest.mark.django_db
ROWS: tuple[type[Model], ...] = (Event, InboundMessage, Message, OptOut)
SID_FORM = r"((SM|MM)[0-9a-fA-F]{32})?"
# What is made of the call, and the form in which it is stored; the rest we say ourselves.
FROM_OUTSIDE = {
    "sms.Event.error_code": r"[0-9]{0,9}",
    "sms.Event.status": r"[a-z_]{1,30}",
    "sms.InboundMessage.sid": SID_FORM,
    "sms.Message.error_code": r"[0-9]{0,9}",
    "sms.Message.error_message": r"(The provider (gave no |reported error [0-9]{1,9}\.).*)?",
    "sms.Message.provider_sid": SID_FORM,
    "sms.Message.state": "|".join(State),
    "sms.OptOut.number": r"\+[1-9][0-9]{6,14}",
}
OUR_OWN = {
    *("sms.Event.message", "sms.Event.received_at", "sms.Event.source"),
    *("sms.InboundMessage.received_at", "sms.Message.accepted_at", "sms.Message.finished_at"),
    *("sms.OptOut.created_at", "sms.OptOut.source"),
}
HOSTILE = [
    *(
        "",
        " ",
        "\t",
        "\0",
        "\u200b",
        "\u2800",
        "\u202eabc",
        "e\u0301",
        "a\nb",
        "👩\u200d👧",
        "x" * 2000,
    ),
    *("'; DROP TABLE sms_message; --", "<script>alert(1)</script>", "%00", "-1", "1e9", "١٢٣"),
    *(
        "+1500555000",
        "tel:+15005550006",
        "+15005550006\n",
        "\uff0b15005550006",
        "SM" + "\uff11" * 32,
    ),
    *("delivered\0", "DELIVERED", " delivered", "sent,delivered", "21610 ", "0x5262", "9" * 10),
]


@pytest.fixture(autouse=True)
def _twilio(settings):
    configure(settings)


def columns() -> dict[tuple[str, Any], dict[str, Any]]:
    return {
        (model._meta.label, row.pk): {
            f"{model._meta.label}.{column.name}": getattr(row, column.attname)
            for column in model._meta.concrete_fields
            if column.name != "id"
        }
        for model in ROWS
        for row in model._default_manager.all()
    }


def inbound(**fields: str) -> dict[str, str]:
    told = {"AccountSid": ACCOUNT_SID, "MessageSid": OTHER_SID, "From": TO, "To": FROM}
    return {**told, "Body": "STOP", **fields}


def written_by(path: str, fields: dict[str, str]) -> set[str]:
    before = columns()
    assert post(path, fields).status_code in (200, 204)
    after = columns()
    return {
        name
        for row, values in after.items()
        for name, value in values.items()
        if before.get(row, {}).get(name) != value
    }


def test_every_column_that_a_webhook_writes_is_known():
    """A new one fails here, and then has to take the values below."""
    seen = written_by(INBOUND, inbound())
    for number, word in enumerate(STATES):
        message = make_text(attempt_count=1)
        seen |= written_by(path_of(message), report(word, sid=f"SM{number:032x}", code="30003"))
    opted_out = make_text(attempt_count=1, to="+14155550177")
    seen |= written_by(path_of(opted_out), report("failed", sid=SID, code="21610"))
    assert sorted(seen) == sorted({*FROM_OUTSIDE, *OUR_OWN})


@pytest.mark.parametrize("field", ["MessageSid", "MessageStatus", "ErrorCode"])
def test_a_report_is_stored_in_the_form_of_its_columns_or_not_at_all(field):
    for value in HOSTILE:
        message = make_text(attempt_count=1)
        post(path_of(message), {**report("failed", code="30003"), field: value})
        assert_in_form(value)
        message.delete()


@pytest.mark.parametrize("field", ["MessageSid", "From", "To", "Body", "OptOutType"])
def test_an_inbound_message_is_stored_in_the_form_of_its_columns_or_not_at_all(field):
    for value in HOSTILE:
        assert post(INBOUND, inbound(**{field: value})).status_code == 200
        assert_in_form(value)


def assert_in_form(value: str) -> None:
    for row in columns().values():
        for name, form in FROM_OUTSIDE.items():
            assert re.fullmatch(form, row.get(name, "") or "") or name not in row, (value, name)
