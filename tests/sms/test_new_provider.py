"""A provider with callbacks needs one class and one line in PROVIDERS (docs/extending.md)."""

import json
import tomllib
from pathlib import Path
from typing import ClassVar

import pytest
from django.http import HttpRequest

from sms import providers, service
from sms.models import Event, Message, OptOut
from sms.providers import CallbackRefusedError, OutgoingMessage, Provider
from sms.results import Accepted, Inbound, Result, StatusUpdate
from sms.states import State
from tests.sms.conftest import TO, allow

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "the pigeon's ring"
STATES = {"landed": State.DELIVERED, "lost": State.FAILED}


class PigeonProvider(Provider):
    """Signs its calls by a shared secret and posts JSON."""

    name: ClassVar[str] = "pigeon"
    costs_money: ClassVar[bool] = True
    has_callbacks: ClassVar[bool] = True

    def send(self, message: OutgoingMessage) -> Result:
        return Accepted(f"pigeon-{message.reference}")

    def parse_callback(self, request: HttpRequest) -> StatusUpdate | Inbound | None:
        if request.headers.get("X-Pigeon") != SECRET:
            raise CallbackRefusedError(403)
        said = json.loads(request.body)
        if "from" in said:
            return Inbound(said["id"], said["from"], said["text"], reply="coo")
        return StatusUpdate(said["id"], said["word"], STATES.get(said["word"]))


@pytest.fixture(autouse=True)
def _pigeon(monkeypatch, settings) -> None:
    monkeypatch.setitem(providers.PROVIDERS, "pigeon", f"{__name__}.PigeonProvider")
    settings.SMS_PROVIDER, settings.SMS_TO_NUMBER = "pigeon", TO


def post(client, path: str, secret: str = SECRET, **said: str):
    body = json.dumps(said)
    headers = {"X-Pigeon": secret}
    return client.post(path, body, content_type="application/json", headers=headers)


def test_a_status_update_moves_its_message(client, alice, bob):
    mine = service.send(actor=allow(alice), body="hey")
    other = service.send(actor=allow(bob), body="hey")
    path = f"/service/sms/status/{mine.pk}/"
    assert post(client, path, id=mine.provider_sid, word="landed").status_code == 204
    states = dict(Message.objects.values_list("pk", "state"))
    assert states == {mine.pk: "delivered", other.pk: "accepted"}
    assert Event.objects.get(source="callback").status == "landed"


def test_a_call_that_is_not_signed_changes_nothing(client, alice):
    message = service.send(actor=allow(alice), body="hey")
    path = f"/service/sms/status/{message.pk}/"
    answer = post(client, path, secret="a guess", id=message.provider_sid, word="lost")
    assert answer.status_code == 403
    assert Message.objects.get().state == "accepted"


@pytest.mark.parametrize(("provider", "status"), [("pigeon", 403), ("twilio", 415)])
def test_the_refusal_of_the_provider_in_use_is_the_answer(
    client, alice, settings, provider, status
):
    """Twilio answers a body that is no form with 415."""
    message = service.send(actor=allow(alice), body="hey")
    settings.SMS_PROVIDER = provider
    path = f"/service/sms/status/{message.pk}/"
    assert client.post(path, "{}", content_type="text/plain").status_code == status


def test_a_status_update_of_another_providers_message_changes_nothing(client, alice):
    message = service.send(actor=allow(alice), body="hey")
    Message.objects.update(provider="twilio")
    path = f"/service/sms/status/{message.pk}/"
    assert post(client, path, id=message.provider_sid, word="lost").status_code == 204
    assert Message.objects.get().state == "accepted"


def test_an_inbound_message_is_answered_as_the_provider_expects(client, db):
    answer = post(client, "/service/sms/inbound/", **{"id": "1", "from": TO, "text": "Stop!"})
    assert (answer.status_code, answer.content) == (200, b"coo")
    assert list(OptOut.objects.values_list("number", "source")) == [(TO, "inbound")]


def test_the_folder_of_every_provider_is_its_own():
    """A contract of import-linter (pyproject.toml) keeps the rest of sms out of it."""
    root = Path(__file__).resolve().parents[2]
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    [own] = [each for each in contracts["contracts"] if each["name"].startswith("A provider is")]
    folders = {
        f"sms.providers.{path.parent.name}"
        for path in (root / "sms" / "providers").glob("*/__init__.py")
    }
    assert set(own["protected_modules"]) == folders
    assert set(own["allowed_importers"]) == {*folders, "tests"}
