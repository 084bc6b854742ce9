"""POST /service/sms/send: one text to the configured number."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from core.idempotency import idempotency_key, idempotent
from sms import limits, service
from sms.answers import answer, exception_answer, failure
from sms.serializers import SmsSendSerializer, told_of_members


class MaySend(BasePermission):
    message = "Your account may not send text messages. Ask the operator to allow it."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return service.may_send(request.user)


class AlwaysJSON(DefaultContentNegotiation):
    """This path has spoken JSON since before it knew of Accept (RFC 9110, 12.5.1 allows it)."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class SendView(APIView):
    http_method_names = ("post",)
    permission_classes = (MaySend,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = AlwaysJSON

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response]:
        return exception_answer

    def perform_authentication(self, request: Request) -> None:
        """Where anybody may send, a token that is refused makes a stranger, not an error."""
        try:
            super().perform_authentication(request)
        except APIException:
            if not limits.is_open():
                raise

    @idempotent
    def post(self, request: Request) -> Response:
        """Send a text to the number of this service, from the number of this service."""
        serializer = SmsSendSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        actor = request.user if isinstance(request.user, User) else None
        try:
            with told_of_members(to="TO_NUMBER", body="msg"):
                message = service.send(
                    actor=actor, body=serializer.validated_data["msg"], key=idempotency_key(request)
                )
        except service.LimitReachedError as error:
            return failure(HTTPStatus.TOO_MANY_REQUESTS, str(error), error.retry_after)
        except service.SwitchedOffError as error:
            return failure(HTTPStatus.SERVICE_UNAVAILABLE, str(error), error.retry_after)
        except service.BlockedError as error:
            return failure(HTTPStatus.BAD_REQUEST, str(error))
        return answer(message)
