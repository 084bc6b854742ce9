"""AWS End User Messaging, SMS and voice v2 (docs.aws.amazon.com/sms-voice), by boto3.

AWS has no idempotency token and no searchable list of messages, and it reports through event
destinations. So a message stays unknown if its response was lost.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.conf import settings
from django.core.checks import CheckMessage, Error

from core.clients import per_process
from sms.providers.aws.errors import result_of
from sms.providers.http import within
from sms.providers.provider import OutgoingMessage, Provider
from sms.results import Accepted, AcceptedWithoutId, Result, Unknown
from sms.telephony import is_e164

CONNECT_SECONDS = 3.0
READ_SECONDS = 8.0
CALL_SECONDS = 9.0  # for the whole call, below the promised ten seconds
MIN_LIVE, MAX_LIVE = 5, 259_200  # in seconds: AWS's limits of TimeToLive

_SID = re.compile(r"[A-Za-z0-9-]{1,64}")
_IDENTITY = re.compile(r"[A-Za-z0-9_:/+-]{1,256}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")


class AwsProvider(Provider):
    name: ClassVar[str] = "aws"
    costs_money: ClassVar[bool] = True

    def send(self, message: OutgoingMessage) -> Result:
        """AWS adds `reference` to the events about the message; it has no callbacks."""
        request = _request(message)
        try:
            return within(CALL_SECONDS, lambda: _call(request))
        except TimeoutError:
            return Unknown("No answer in time.")

    @classmethod
    def check(cls) -> list[CheckMessage]:
        faults = (
            (
                "sms.E009",
                not _REGION.fullmatch(settings.AWS_SMS_REGION),
                "AWS_SMS_REGION is missing or is not a region of AWS.",
                "Set AWS_SMS_REGION to the region of your numbers, such as eu-central-1.",
            ),
            (
                "sms.E010",
                not _IDENTITY.fullmatch(settings.AWS_SMS_ORIGINATION_IDENTITY),
                "AWS_SMS_ORIGINATION_IDENTITY is missing or cannot be a sender.",
                "Set it to a number, a sender id or the id of a pool of your AWS account.",
            ),
            (
                "sms.E011",
                not is_e164(settings.SMS_TO_NUMBER),
                "TO_NUMBER is missing or is not a phone number in E.164 form.",
                "Set TO_NUMBER to the number that receives the messages, such as +15005550006.",
            ),
        )
        return [
            Error(message, hint=hint, id=name) for name, wrong, message, hint in faults if wrong
        ]


def _request(message: OutgoingMessage) -> dict[str, Any]:
    request: dict[str, Any] = {
        "DestinationPhoneNumber": message.to,
        "OriginationIdentity": settings.AWS_SMS_ORIGINATION_IDENTITY,
        "MessageBody": message.body,
        "MessageType": "TRANSACTIONAL",
    }
    if settings.AWS_SMS_CONFIGURATION_SET:
        request["ConfigurationSetName"] = settings.AWS_SMS_CONFIGURATION_SET
    if message.valid_seconds is not None:
        request["TimeToLive"] = min(max(message.valid_seconds, MIN_LIVE), MAX_LIVE)
    if message.reference:
        request["Context"] = {"message_id": message.reference}
    return request


def _call(request: dict[str, Any]) -> Result:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = client(settings.AWS_SMS_REGION).send_text_message(**request)
    except (BotoCoreError, ClientError) as error:
        return result_of(error)
    sid = answer.get("MessageId")
    return Accepted(sid) if isinstance(sid, str) and _SID.fullmatch(sid) else AcceptedWithoutId()


@per_process
def client(region: str) -> Any:
    """One client per region, without retries: botocore sent a message three times on a time-out."""
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
    )
    session = boto3.session.Session()  # the default one is not thread-safe
    return session.client("pinpoint-sms-voice-v2", region_name=region, config=config)
