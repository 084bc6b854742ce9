"""The shape that POST /service/sms/send answers with, whatever happens (docs/api.md)."""

from http import HTTPStatus
from typing import Any

from drf_standardized_errors.handler import exception_handler
from rest_framework.response import Response

from core.errors import RETRY_AFTER_SECONDS
from sms.models import Message
from sms.outcomes import Accepted, NotSent, Refused, Throttled, WithoutSid

SENT = "SMS successfully sent"
WITHOUT_SID = "Please try again!!!"
NOT_SENT = "The provider cannot be reached. Nothing was sent; please try again in a moment."
THROTTLED = "The provider has too much to do. Nothing was sent; please try again in a moment."
PENDING = (
    "The provider did not say what became of the text. It may have been sent; do not send it again."
)


def answer(message: Message) -> Response:
    """The answer for a text that was handed to the provider."""
    match message.outcome:
        case Accepted(sid):
            body = {"status": "success", "data": sid, "message": SENT}
            return Response(body, status=HTTPStatus.CREATED)
        case WithoutSid():
            return failure(HTTPStatus.OK, WITHOUT_SID)
        case Refused(reason):
            return failure(HTTPStatus.BAD_REQUEST, reason)
        case NotSent():
            return failure(HTTPStatus.SERVICE_UNAVAILABLE, NOT_SENT, RETRY_AFTER_SECONDS)
        case Throttled(retry_after=seconds):
            return failure(HTTPStatus.SERVICE_UNAVAILABLE, THROTTLED, seconds)
    body = {"status": "pending", "data": str(message.pk), "message": PENDING}
    return Response(body, status=HTTPStatus.ACCEPTED)


def failure(status: int, message: str, retry_after: int | None = None) -> Response:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Response({"status": "failure", "message": message}, status=status, headers=headers)


def exception_answer(error: Exception, context: Any) -> Response:
    """The errors of the whole API, status and headers included, told in this shape."""
    response: Response = exception_handler(error, context)  # type: ignore[assignment]  # never None: ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS
    told = [_told(fault["attr"], fault["detail"]) for fault in response.data["errors"]]
    response.data = {"status": "failure", "message": " ".join(told)}
    return response


def _told(attr: str | None, detail: str) -> str:
    return f"{attr}: {detail}" if attr and attr != "non_field_errors" else detail
