"""What the errors of boto3 say of a text; the codes are those of SendTextMessage's API reference.

AWS's own words are not passed on: they quote account numbers, roles and the recipient.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from sms.outcomes import Kind, NotSent, Outcome, Refused, Throttled, Unknown

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

RETRY_AFTER = 30
THROTTLED: Final = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException"})
# The reason, where there is one, says more than the code.
REASONS: Final[dict[str, Kind]] = {
    "DESTINATION_PHONE_NUMBER_OPTED_OUT": Kind.OPTED_OUT,
    "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION": Kind.REGION_NOT_ALLOWED,
    "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE": Kind.REGION_NOT_ALLOWED,
    "DESTINATION_COUNTRY_BLOCKED": Kind.REGION_NOT_ALLOWED,
    "COUNTRY_NOT_ENABLED": Kind.REGION_NOT_ALLOWED,
    "INTERNATIONAL_SENDING_NOT_SUPPORTED": Kind.REGION_NOT_ALLOWED,
    "DESTINATION_PHONE_NUMBER_NOT_VERIFIED": Kind.MISCONFIGURED,  # the sandbox
    "NO_ORIGINATION_IDENTITIES_FOUND": Kind.MISCONFIGURED,
    "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY": Kind.MISCONFIGURED,
    "SENDER_ID_NOT_REGISTERED": Kind.MISCONFIGURED,
    "SENDER_ID_NOT_SUPPORTED": Kind.MISCONFIGURED,
    "SENDER_ID_REQUIRES_REGISTRATION": Kind.MISCONFIGURED,
    "MAXIMUM_SIZE_EXCEEDED": Kind.BODY_TOO_LONG,
}
CODES: Final[dict[str, Kind]] = {
    "ResourceNotFoundException": Kind.MISCONFIGURED,
    "ServiceQuotaExceededException": Kind.QUOTA,
    "AccessDeniedException": Kind.CREDENTIALS,
    "UnrecognizedClientException": Kind.CREDENTIALS,
    "InvalidSignatureException": Kind.CREDENTIALS,
    "ExpiredTokenException": Kind.CREDENTIALS,
}
WORDS: Final[dict[Kind, str]] = {
    Kind.INVALID_RECIPIENT: "AWS does not take this number.",
    Kind.OPTED_OUT: "The number has asked for no more text messages.",
    Kind.REGION_NOT_ALLOWED: "AWS is not allowed to send texts to this number.",
    Kind.BODY_TOO_LONG: "The text is too long.",
    Kind.MISCONFIGURED: "AWS does not take the sender of this service.",
    Kind.CREDENTIALS: "AWS does not accept the credentials of this service.",
    Kind.QUOTA: "A quota or the spending limit at AWS is used up.",
    Kind.OTHER: "AWS refused the text.",
}
_RECIPIENT_FIELD = "DestinationPhoneNumber"


def outcome_of(error: BotoCoreError | ClientError) -> Outcome:
    from botocore.exceptions import ClientError

    return _answered(error) if isinstance(error, ClientError) else _unanswered(error)


def _answered(error: ClientError) -> Outcome:
    """AWS answered; below 500 it certainly sent nothing."""
    response: dict[str, Any] = dict(error.response)
    code = str(response.get("Error", {}).get("Code", ""))[:60]
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
    if code in THROTTLED or status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled("AWS has too much to do.", _short(code), RETRY_AFTER)
    if not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unknown(f"AWS answered HTTP {status}.")
    kind = _kind(code, response, status)
    return Refused(WORDS[kind], _short(str(response.get("Reason") or code)), status, kind)


def _kind(code: str, response: dict[str, Any], status: int) -> Kind:
    """Reason, code, the field that is at fault, the HTTP status: the first that says something."""
    reason = str(response.get("Reason", ""))
    if reason in REASONS or code in CODES:
        return REASONS.get(reason) or CODES[code]
    fields = response.get("Fields") or []
    if any(field.get("Name") == _RECIPIENT_FIELD for field in fields if isinstance(field, dict)):
        return Kind.INVALID_RECIPIENT
    denied = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    return Kind.CREDENTIALS if denied else Kind.OTHER


def _unanswered(error: BotoCoreError | ClientError) -> Outcome:
    """No answer: whether the request may have left. In doubt it has."""
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
        return Refused(WORDS[Kind.OTHER], _short(name), HTTPStatus.BAD_REQUEST, Kind.OTHER)
    if isinstance(error, _without_credentials()):
        return Refused(WORDS[Kind.CREDENTIALS], _short(name), 0, Kind.CREDENTIALS)
    return Unknown(f"boto3 failed ({name}).")


def _without_credentials() -> tuple[type[Exception], ...]:
    """botocore found nothing to sign with, so nothing was sent."""
    from botocore import exceptions

    return (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.NoRegionError,
    )


def _short(code: str) -> str:
    """Within the twenty characters that a row keeps of a code."""
    return code.removesuffix("Exception").removesuffix("Error")[:20]
