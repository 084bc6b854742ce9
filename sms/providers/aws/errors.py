"""Maps errors of boto3 to results; the codes are those of SendTextMessage's API reference.

The results omit AWS's own messages, which quote account numbers, roles and the recipient.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from sms.results import NotSent, RefusalReason, Refused, Result, Throttled, Unknown

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

RETRY_AFTER = 30
THROTTLED: Final = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException"})
# The reason, if present, is more exact than the code.
REASONS: Final[dict[str, RefusalReason]] = {
    "DESTINATION_PHONE_NUMBER_OPTED_OUT": RefusalReason.OPTED_OUT,
    "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION": RefusalReason.REGION_NOT_ALLOWED,
    "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE": RefusalReason.RECIPIENT_BLOCKED,
    "DESTINATION_COUNTRY_BLOCKED": RefusalReason.REGION_NOT_ALLOWED,
    "COUNTRY_NOT_ENABLED": RefusalReason.REGION_NOT_ALLOWED,
    "INTERNATIONAL_SENDING_NOT_SUPPORTED": RefusalReason.REGION_NOT_ALLOWED,
    "DESTINATION_PHONE_NUMBER_NOT_VERIFIED": RefusalReason.MISCONFIGURED,  # the sandbox
    "NO_ORIGINATION_IDENTITIES_FOUND": RefusalReason.MISCONFIGURED,
    "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY": RefusalReason.MISCONFIGURED,
    "SENDER_ID_NOT_REGISTERED": RefusalReason.MISCONFIGURED,
    "SENDER_ID_NOT_SUPPORTED": RefusalReason.MISCONFIGURED,
    "SENDER_ID_REQUIRES_REGISTRATION": RefusalReason.MISCONFIGURED,
    "MAXIMUM_SIZE_EXCEEDED": RefusalReason.BODY_TOO_LONG,
}
CODES: Final[dict[str, RefusalReason]] = {
    "ResourceNotFoundException": RefusalReason.MISCONFIGURED,
    "ServiceQuotaExceededException": RefusalReason.QUOTA,
    "AccessDeniedException": RefusalReason.CREDENTIALS,
    "UnrecognizedClientException": RefusalReason.CREDENTIALS,
    "InvalidSignatureException": RefusalReason.CREDENTIALS,
    "ExpiredTokenException": RefusalReason.CREDENTIALS,
}
WORDS: Final[dict[RefusalReason, str]] = {
    RefusalReason.INVALID_RECIPIENT: "AWS does not accept this number.",
    RefusalReason.OPTED_OUT: "The number has opted out of text messages.",
    RefusalReason.RECIPIENT_BLOCKED: "AWS is not allowed to send messages to this number.",
    RefusalReason.REGION_NOT_ALLOWED: "AWS is not allowed to send messages to this number.",
    RefusalReason.BODY_TOO_LONG: "The message is too long.",
    RefusalReason.MISCONFIGURED: "AWS does not accept the sender of this service.",
    RefusalReason.CREDENTIALS: "AWS does not accept the credentials of this service.",
    RefusalReason.QUOTA: "A quota or the spending limit at AWS is used up.",
    RefusalReason.OTHER: "AWS refused the message.",
}
_RECIPIENT_FIELD = "DestinationPhoneNumber"


def result_of(error: BotoCoreError | ClientError) -> Result:
    from botocore.exceptions import ClientError

    return _answered(error) if isinstance(error, ClientError) else _unanswered(error)


def _answered(error: ClientError) -> Result:
    """The result of an error response; below 500 the message certainly was not sent."""
    response: dict[str, Any] = dict(error.response)
    code = str(response.get("Error", {}).get("Code", ""))[:60]
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
    if code in THROTTLED or status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled("AWS is throttling requests.", _short(code), RETRY_AFTER)
    if not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unknown(f"AWS answered HTTP {status}.")
    reason = _reason(code, response, status)
    return Refused(WORDS[reason], _short(str(response.get("Reason") or code)), status, reason)


def _reason(code: str, response: dict[str, Any], status: int) -> RefusalReason:
    reason = str(response.get("Reason", ""))
    if reason in REASONS or code in CODES:
        return REASONS.get(reason) or CODES[code]
    fields = response.get("Fields") or []
    if any(field.get("Name") == _RECIPIENT_FIELD for field in fields if isinstance(field, dict)):
        return RefusalReason.INVALID_RECIPIENT
    denied = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    return RefusalReason.CREDENTIALS if denied else RefusalReason.OTHER


def _unanswered(error: BotoCoreError | ClientError) -> Result:
    """The result without a response. If in doubt, the request may have been sent."""
    from botocore import exceptions

    name = type(error).__name__
    if isinstance(
        error,
        exceptions.EndpointConnectionError
        | exceptions.ConnectTimeoutError
        | exceptions.ProxyConnectionError,
    ):
        return NotSent(f"No connection ({name}).")
    if isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError):
        return Unknown(f"The connection broke off ({name}).")
    if isinstance(error, exceptions.ParamValidationError):
        return Refused(
            WORDS[RefusalReason.OTHER], _short(name), HTTPStatus.BAD_REQUEST, RefusalReason.OTHER
        )
    if isinstance(error, _without_credentials()):
        return Refused(WORDS[RefusalReason.CREDENTIALS], _short(name), 0, RefusalReason.CREDENTIALS)
    return Unknown(f"boto3 failed ({name}).")


def _without_credentials() -> tuple[type[Exception], ...]:
    from botocore import exceptions

    return (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.NoRegionError,
    )


def _short(code: str) -> str:
    """At most 20 characters, the length of Message.error_code."""
    return code.removesuffix("Exception").removesuffix("Error")[:20]
