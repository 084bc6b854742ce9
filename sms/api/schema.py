"""What the OpenAPI document says beyond what the views say themselves."""

from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
    inline_serializer,
)
from rest_framework import serializers

from core.api.schema import documented
from sms.api.send import SmsSendSerializer
from sms.api.serializers import (
    MessageDetailSerializer,
    MessageFilterSerializer,
    NewMessageSerializer,
    SegmentsRequestSerializer,
    SegmentsSerializer,
)


def _body(name: str, status: str, **more: Any) -> Any:
    members = {"status": serializers.ChoiceField(choices=[status]), **more}
    return inline_serializer(name, {**members, "message": serializers.CharField()})


_SUCCESS = _body(
    "SmsSuccess", "success", data=serializers.CharField(help_text="The provider's id.")
)
_PENDING = _body("SmsPending", "pending", data=serializers.UUIDField(help_text="Our id."))
_FAILURE = _body("SmsFailure", "failure")

_FAILURES = {
    200: "The provider took the text and gave no id.",
    400: "Not JSON, no `msg`, nothing to see in it, too long, a field too many; or the number of"
    " this service or the provider refused the text.",
    401: "Not signed in, where texts cost money.",
    403: "This account may not send texts, or the CSRF token is missing.",
    405: "Only POST.",
    409: "The first request with this Idempotency-Key is still running.",
    413: "The body is too large.",
    415: "The body is not `application/json`.",
    422: "This Idempotency-Key was sent with another body.",
    429: "A limit is used up.",
    500: "Something went wrong on our side.",
    503: "Switched off, the provider or the database cannot be reached: nothing was sent.",
}

_SEND = extend_schema(
    operation_id="sms_send",
    tags=["sms"],
    request=SmsSendSerializer,
    responses={
        201: OpenApiResponse(_SUCCESS, "The provider took the text."),
        202: OpenApiResponse(_PENDING, "The answer was lost: the text may have been sent."),
        **{status: OpenApiResponse(_FAILURE, text) for status, text in _FAILURES.items()},
    },
    parameters=[
        OpenApiParameter(
            "Retry-After",
            OpenApiTypes.INT,
            OpenApiParameter.HEADER,
            description="Seconds to wait.",
            response=[429, 503],
        ),
        OpenApiParameter(
            "WWW-Authenticate",
            OpenApiTypes.STR,
            OpenApiParameter.HEADER,
            description='`Bearer realm="api"`',
            response=[401],
        ),
    ],
)


class Send(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "sms.api.send.SendView"

    def view_replacement(self) -> Any:
        return extend_schema_view(post=_SEND)(documented(self.target_class))


LOCATION = OpenApiParameter(
    "Location",
    location=OpenApiParameter.HEADER,
    response=[202],
    description="Where to ask what becomes of it.",
    type={"type": "string"},
)


class Messages(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "sms.api.views.MessageViewSet"

    def view_replacement(self) -> Any:
        return extend_schema_view(
            list=extend_schema(parameters=[MessageFilterSerializer]),
            create=extend_schema(
                request=NewMessageSerializer,
                responses={202: MessageDetailSerializer},
                parameters=[LOCATION],
            ),
            cancel=extend_schema(request=None, responses=MessageDetailSerializer),
            segments=extend_schema(request=SegmentsRequestSerializer, responses=SegmentsSerializer),
        )(documented(self.target_class))
