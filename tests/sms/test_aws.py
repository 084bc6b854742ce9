"""AWS End User Messaging: what is asked of it, and what its errors say of a text."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from sms import alerts
from sms.providers import OutgoingMessage
from sms.providers.aws import provider as aws
from sms.providers.aws.provider import AwsProvider
from sms.results import (
    Accepted,
    AcceptedWithoutId,
    NotSent,
    RefusalReason,
    Refused,
    Result,
    Throttled,
    Unknown,
)
from tests.sms.conftest import FROM, TO

SENDER, TEXT = "+15005550006", "hé 😀"
REQUEST = {
    "DestinationPhoneNumber": TO,
    "OriginationIdentity": SENDER,
    "MessageBody": TEXT,
    "MessageType": "TRANSACTIONAL",
}


@pytest.fixture(autouse=True)
def _configured(settings, monkeypatch) -> Iterator[None]:
    settings.SMS_PROVIDER, settings.AWS_SMS_REGION = "aws", "eu-central-1"
    settings.AWS_SMS_ORIGINATION_IDENTITY, settings.AWS_SMS_CONFIGURATION_SET = SENDER, ""
    settings.SMS_TO_NUMBER = TO
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "planted-secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    aws.client.cache_clear()
    yield
    aws.client.cache_clear()


@pytest.fixture
def stub() -> Iterator:
    from botocore.stub import Stubber

    with Stubber(aws.client("eu-central-1")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def hand_over(**more: Any) -> Result:
    return AwsProvider().send(OutgoingMessage(to=TO, from_number=FROM, body=TEXT, **more))


def test_a_text_is_accepted_with_its_id(stub):
    stub.add_response("send_text_message", {"MessageId": "a1b2-c3"}, REQUEST)
    assert hand_over() == Accepted("a1b2-c3")


def test_our_id_the_validity_and_the_configuration_set_are_sent(stub, settings):
    settings.AWS_SMS_CONFIGURATION_SET = "nudge"
    more = {"Context": {"message_id": "ours"}, "TimeToLive": 60, "ConfigurationSetName": "nudge"}
    stub.add_response("send_text_message", {"MessageId": "1"}, REQUEST | more)
    outcome = hand_over(reference="ours", valid_seconds=60, callback_url="https://a.test/")
    assert outcome == Accepted("1")


@pytest.mark.parametrize(("asked", "sent"), [(0, 5), (5, 5), (259_200, 259_200), (10**7, 259_200)])
def test_the_validity_is_within_the_bounds_of_aws(stub, asked, sent):
    stub.add_response("send_text_message", {"MessageId": "1"}, REQUEST | {"TimeToLive": sent})
    assert hand_over(valid_seconds=asked) == Accepted("1")


@pytest.mark.parametrize("answer", [{}, {"MessageId": ""}, {"MessageId": "a b"}])
def test_an_answer_without_a_usable_id_is_without_id(stub, answer):
    stub.add_response("send_text_message", answer, REQUEST)
    assert hand_over() == AcceptedWithoutId()


CREDENTIALS = "AWS does not accept the credentials of this service."
SENDER_REFUSED = "AWS does not accept the sender of this service."
NOT_ALLOWED = "AWS is not allowed to send messages to this number."
OPTED_OUT = "The number has opted out of text messages."
RECIPIENT = {"Fields": [{"Name": "DestinationPhoneNumber", "Message": "no"}]}
REFUSALS = [
    (
        ("ConflictException", 409, {"Reason": "DESTINATION_PHONE_NUMBER_OPTED_OUT"}),
        Refused(OPTED_OUT, "DESTINATION_PHONE_NU", 409, RefusalReason.OPTED_OUT),
    ),
    (
        (
            "ConflictException",
            409,
            {"Reason": "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION"},
        ),
        Refused(NOT_ALLOWED, "DESTINATION_COUNTRY_", 409, RefusalReason.REGION_NOT_ALLOWED),
    ),
    (
        ("ConflictException", 409, {"Reason": "DESTINATION_PHONE_NUMBER_NOT_VERIFIED"}),
        Refused(SENDER_REFUSED, "DESTINATION_PHONE_NU", 409, RefusalReason.MISCONFIGURED),
    ),
    (
        ("ConflictException", 409, {"Reason": "RESOURCE_NOT_ACTIVE"}),
        Refused("AWS refused the message.", "RESOURCE_NOT_ACTIVE", 409, RefusalReason.OTHER),
    ),
    (
        ("ValidationException", 400, {"Reason": "FIELD_VALIDATION_FAILED", **RECIPIENT}),
        Refused(
            "AWS does not accept this number.",
            "FIELD_VALIDATION_FAI",
            400,
            RefusalReason.INVALID_RECIPIENT,
        ),
    ),
    (
        ("ValidationException", 400, {"Reason": "COUNTRY_NOT_ENABLED"}),
        Refused(NOT_ALLOWED, "COUNTRY_NOT_ENABLED", 400, RefusalReason.REGION_NOT_ALLOWED),
    ),
    (
        ("ValidationException", 400, {"Reason": "SENDER_ID_NOT_REGISTERED"}),
        Refused(SENDER_REFUSED, "SENDER_ID_NOT_REGIST", 400, RefusalReason.MISCONFIGURED),
    ),
    (
        ("ValidationException", 400, {"Reason": "MAXIMUM_SIZE_EXCEEDED"}),
        Refused(
            "The message is too long.", "MAXIMUM_SIZE_EXCEEDE", 400, RefusalReason.BODY_TOO_LONG
        ),
    ),
    (
        ("ValidationException", 400, {}),
        Refused("AWS refused the message.", "Validation", 400, RefusalReason.OTHER),
    ),
    (
        ("ServiceQuotaExceededException", 402, {"Reason": "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"}),
        Refused(
            "A quota or the spending limit at AWS is used up.",
            "MONTHLY_SPEND_LIMIT_",
            402,
            RefusalReason.QUOTA,
        ),
    ),
    (
        ("AccessDeniedException", 400, {}),
        Refused(CREDENTIALS, "AccessDenied", 400, RefusalReason.CREDENTIALS),
    ),
    (
        ("SomethingNew", 403, {}),
        Refused(CREDENTIALS, "SomethingNew", 403, RefusalReason.CREDENTIALS),
    ),
    (
        ("ResourceNotFoundException", 400, {"ResourceType": "phone-number"}),
        Refused(SENDER_REFUSED, "ResourceNotFound", 400, RefusalReason.MISCONFIGURED),
    ),
    (("ThrottlingException", 400, {}), Throttled("AWS is throttling requests.", "Throttling", 30)),
    (("SomethingNew", 429, {}), Throttled("AWS is throttling requests.", "SomethingNew", 30)),
    (("InternalServerException", 500, {}), Unknown("AWS answered HTTP 500.")),
    (("SomethingNew", 302, {}), Unknown("AWS answered HTTP 302.")),
]


@pytest.mark.wide
@pytest.mark.parametrize(("error", "outcome"), REFUSALS, ids=lambda each: str(each)[:60])
def test_an_error_has_its_outcome_and_the_next_call_is_healthy(stub, error, outcome):
    code, status, members = error
    quoting = f"arn:aws:sts::{'1' * 12}:role/x may not text {TO}: {TEXT}"
    stub.add_client_error(
        "send_text_message", code, quoting, http_status_code=status, modeled_fields=members
    )
    stub.add_response("send_text_message", {"MessageId": "next"}, REQUEST)
    assert hand_over() == outcome
    assert hand_over() == Accepted("next")


def test_without_credentials_nothing_is_sent(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    assert hand_over() == Refused(CREDENTIALS, "NoCredentials", 0, RefusalReason.CREDENTIALS)


def test_what_boto3_itself_refuses_is_refused():
    wrong = AwsProvider().send(OutgoingMessage(to="", from_number=FROM, body=TEXT))
    assert wrong == Refused("AWS refused the message.", "ParamValidation", 400, RefusalReason.OTHER)


# --- On this machine: a server that counts what it is asked --------------------------------------


class Listener:
    """Takes connections, reads each request and answers as told, or not at all."""

    def __init__(self, answer: bytes | None) -> None:
        self.requests: list[bytes] = []
        self.asked = threading.Event()
        self._answer = answer
        self._server = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def close(self) -> None:
        self._server.close()
        for connection in self._open:
            connection.close()

    def _run(self) -> None:
        while True:
            try:
                connection, _address = self._server.accept()
                self.requests.append(connection.recv(65536))
                self.asked.set()
            except OSError:
                return
            self._open.append(connection)
            if self._answer is not None:
                with contextlib.suppress(OSError):  # the client has gone
                    connection.sendall(self._answer)
                    connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def listener(monkeypatch) -> Iterator:
    made = []

    def listen(answer: bytes | None) -> Listener:
        made.append(Listener(answer))
        monkeypatch.setenv("AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2", made[-1].url)
        return made[-1]

    yield listen
    for each in made:
        each.close()


@pytest.mark.enable_socket
def test_a_read_time_out_is_unknown_after_exactly_one_request(listener, monkeypatch):
    """botocore's default sends it three times."""
    server = listener(None)
    monkeypatch.setattr(aws, "READ_SECONDS", 0.3)
    assert hand_over() == Unknown("The connection broke off (ReadTimeoutError).")
    assert len(server.requests) == 1
    assert server.requests[0].startswith(b"POST / HTTP/1.1")


@pytest.mark.enable_socket
def test_the_whole_call_is_bounded(listener, monkeypatch):
    server = listener(None)
    monkeypatch.setattr(aws, "CALL_SECONDS", 0.2)
    monkeypatch.setattr(aws, "READ_SECONDS", 30.0)
    assert hand_over() == Unknown("No answer in time.")
    # On a slow machine the thread asks only now; it may not ask the server of another test.
    assert server.asked.wait(60)
    assert len(server.requests) == 1


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"", Unknown("The connection broke off (ConnectionClosedError).")),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{",
            AcceptedWithoutId(),
        ),  # botocore's word for it
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", AcceptedWithoutId()),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", Unknown("AWS answered HTTP 503.")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", AcceptedWithoutId()),
    ],
)
def test_a_broken_answer_is_never_repeated(listener, answer, outcome):
    server = listener(answer)
    assert hand_over() == outcome
    assert len(server.requests) == 1


@pytest.mark.enable_socket
def test_a_refused_connection_sent_nothing(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2", url)
    assert hand_over() == NotSent("No connection (EndpointConnectionError).")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("ConnectTimeoutError", NotSent("No connection (ConnectTimeoutError).")),
        ("ProxyConnectionError", NotSent("No connection (ProxyConnectionError).")),
        ("SSLError", Unknown("The connection broke off (SSLError).")),
        ("UnknownEndpointError", Unknown("boto3 failed (UnknownEndpointError).")),
    ],
)
def test_an_error_before_the_answer_tells_whether_it_left(monkeypatch, error, outcome):
    from botocore import exceptions

    members = {"endpoint_url": "u", "proxy_url": "p", "error": "e", "service_name": "s"}
    broken = getattr(exceptions, error)(**members, region_name="r")

    def send_text_message(**_request: object) -> None:
        raise broken

    monkeypatch.setattr(aws.client("eu-central-1"), "send_text_message", send_text_message)
    assert hand_over() == outcome


def test_one_attempt_and_the_time_outs_are_configured():
    config = aws.client("eu-central-1").meta.config
    assert config.retries["total_max_attempts"] == 1
    assert (config.connect_timeout, config.read_timeout) == (3.0, 8.0)
    assert aws.CALL_SECONDS < 10


def test_aws_cannot_be_asked_later():
    assert AwsProvider().fetch("1") is None
    now = timezone.now()
    assert (
        AwsProvider().find(
            OutgoingMessage(to=TO, from_number=FROM, body=TEXT), since=now, until=now
        )
        is None
    )


@pytest.mark.django_db
def test_no_log_line_has_a_credential_a_number_or_a_text(stub, caplog):
    caplog.set_level("DEBUG", logger="sms")
    quoting = f"planted-secret {TO} {TEXT}"
    stub.add_client_error("send_text_message", "AccessDeniedException", quoting)
    refused = hand_over()
    alerts.refused("aws", refused.reason, refused.code)
    expected = "aws refuses our messages (provider_auth, code AccessDenied). See docs/sms.md."
    assert [record.getMessage() for record in caplog.records] == [expected]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("AWS_SMS_REGION", ["", "europe", "eu-central-1; rm"], "sms.E009"),
        ("AWS_SMS_ORIGINATION_IDENTITY", ["", "no blanks", "a" * 257], "sms.E010"),
        ("SMS_TO_NUMBER", ["", "15005550006"], "sms.E011"),
    ],
)
def test_a_setting_that_aws_cannot_use_is_an_error(settings, name, values, expected):
    assert AwsProvider.check() == []
    for value in values:
        setattr(settings, name, value)
        [message] = AwsProvider.check()
        assert message.id == expected
        assert message.hint


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "ap-southeast-4"])
def test_every_region_of_aws_is_one(settings, region):
    settings.AWS_SMS_REGION = region
    assert AwsProvider.check() == []
