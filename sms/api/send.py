"""POST /service/sms/send: one message to the configured number, in the endpoint's own shape."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from drf_standardized_errors.handler import exception_handler
from rest_framework.exceptions import APIException
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from core.api.fields import StrictCharField, StrictSerializer
from core.api.scopes import TEXTS
from core.errors import RETRY_AFTER_SECONDS
from core.idempotency import idempotency_key, idempotent
from sms import policy, service
from sms.api.responses import MaySend
from sms.models import BODY_LENGTH, Message
from sms.policy import SendError
from sms.results import Accepted, AcceptedWithoutId, NotSent, Refused, Throttled

SENT = "SMS successfully sent"
WITHOUT_ID = "Please try again!!!"
NOT_SENT = "The provider cannot be reached. The message was not sent; please try again in a moment."
THROTTLED = "The provider is busy. The message was not sent; please try again in a moment."
PENDING = "The provider did not confirm the message. It may have been sent; do not send it again."
FIELDS = {"to": "TO_NUMBER", "body": "msg"}


class SmsSendSerializer(StrictSerializer):
    """`{"msg": "..."}`: 1 to 1,600 characters, without the whitespace around them.

    The message needs a visible character and may have at most SMS_MAX_SEGMENTS segments.
    """

    msg = StrictCharField(max_length=BODY_LENGTH)


class AlwaysJSON(DefaultContentNegotiation):
    """Ignores the Accept header, which RFC 9110, 12.5.1 allows."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class SendView(APIView):
    token_scopes = TEXTS
    http_method_names = ("post",)
    permission_classes = (MaySend,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = AlwaysJSON

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response]:
        return _exception_response

    def perform_authentication(self, request: Request) -> None:
        """If sending is free, a request with an invalid token counts as anonymous."""
        try:
            super().perform_authentication(request)
        except APIException:
            if not policy.sending_is_free():
                raise

    @idempotent
    def post(self, request: Request) -> Response:
        """Send a message to the configured number."""
        serializer = SmsSendSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        actor = request.user if isinstance(request.user, User) else None
        body, key = serializer.validated_data["msg"], idempotency_key(request)
        try:
            message = service.send(actor=actor, body=body, key=key)
        except SendError as error:
            return _refusal(error)
        return _response(message)


def _response(message: Message) -> Response:
    match message.result:
        case Accepted(sid):
            body = {"status": "success", "data": sid, "message": SENT}
            return Response(body, status=HTTPStatus.CREATED)
        case AcceptedWithoutId():
            return _failure(HTTPStatus.OK, WITHOUT_ID)
        case Refused(reason):
            return _failure(HTTPStatus.BAD_REQUEST, reason)
        case NotSent():
            return _failure(HTTPStatus.SERVICE_UNAVAILABLE, NOT_SENT, RETRY_AFTER_SECONDS)
        case Throttled(retry_after=seconds):
            return _failure(HTTPStatus.SERVICE_UNAVAILABLE, THROTTLED, seconds)
    body = {"status": "pending", "data": str(message.pk), "message": PENDING}
    return Response(body, status=HTTPStatus.ACCEPTED)


def _refusal(error: SendError) -> Response:
    """429 or 503 if the request may be repeated later, else 400."""
    status = HTTPStatus.BAD_REQUEST if error.retry_after is None else policy.STATUS[error.code]
    return _failure(status, _sentence(FIELDS.get(error.field), error.detail), error.retry_after)


def _failure(status: int, message: str, retry_after: int | None = None) -> Response:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Response({"status": "failure", "message": message}, status=status, headers=headers)


def _exception_response(error: Exception, context: Any) -> Response:
    response: Response = exception_handler(error, context)  # type: ignore[assignment]  # never None: ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS
    details = [_sentence(fault["attr"], fault["detail"]) for fault in response.data["errors"]]
    response.data = {"status": "failure", "message": " ".join(details)}
    return response


def _sentence(attr: str | None, detail: str) -> str:
    return f"{attr}: {detail}" if attr else detail
