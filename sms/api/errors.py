"""Why a text was not taken, as the API tells it; the codes are in docs/api.md."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.response import Response

from core.api.errors import Conflict
from core.errors import error_body
from sms import service
from sms.serializers import told_of_members


class NotAllowed(PermissionDenied):
    default_code = "not_allowed"
    default_detail = "Your account may not send text messages. Ask the operator to allow it."


class OptedOut(Conflict):
    default_code = "opted_out"
    default_detail = "This number wants no texts. It can write START to the sender's number."


class NotCancelable(Conflict):
    default_code = "not_cancelable"
    default_detail = "It is too late: this text has left, or will not be sent anyway."


class LimitReached(APIException):
    status_code = HTTPStatus.TOO_MANY_REQUESTS
    default_code = "limit_reached"

    def __init__(self, detail: str, wait: int) -> None:
        super().__init__(detail)
        self.wait = wait  # becomes Retry-After


@contextmanager
def told_by_the_api() -> Iterator[None]:
    """The errors of sms.service as answers, but for the switch: see switched_off()."""
    try:
        with told_of_members(to="to", body="body"):
            yield
    except service.LimitReachedError as error:
        raise LimitReached(str(error), error.retry_after) from error
    except service.BlockedError as error:
        raise OptedOut from error


def switched_off(error: service.SwitchedOffError) -> Response:
    """No exception: what the operator switched off is no fault to be reported with a traceback."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    body = error_body(code="sending_disabled", detail=str(error), status=status)
    return Response(body, status=status, headers={"Retry-After": str(error.retry_after)})
