"""Maps a SendError to a response of the REST API; docs/api.md lists the codes."""

from collections.abc import Mapping
from http import HTTPStatus

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api.errors import Conflict
from core.errors import error_body
from sms import policy
from sms.policy import STATUS, SendError


class MaySend(BasePermission):
    """Refuses an account without an allowance before the body of its request is read."""

    code = "not_allowed"
    message = "Your account may not send text messages. Ask the operator to allow it."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return policy.may_send(request.user)


class NotCancelable(Conflict):
    default_code = "not_cancelable"
    default_detail = "This message can no longer be cancelled."


def send_error(error: SendError, fields: Mapping[str, str]) -> Response:
    """`fields` maps "to" and "body" to the names that the request has for them."""
    status = STATUS[error.code]
    attr = fields.get(error.field)
    body = error_body(code=error.code, detail=error.detail, status=status, attr=attr)
    if status == HTTPStatus.BAD_REQUEST:
        body["type"] = "validation_error"
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return Response(body, status=status, headers=headers)
