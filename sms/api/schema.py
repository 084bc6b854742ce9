"""The parts of the OpenAPI document that the views do not declare themselves."""

from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import (
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
    inline_serializer,
)
from rest_framework import serializers

from core.api.schema import documented, response_header
from sms.api.phone import NewPhoneSerializer, PhoneCodeSerializer, PhoneSerializer
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
_PENDING = _body("SmsPending", "pending", data=serializers.UUIDField(help_text="The message's id."))
_FAILURE = _body("SmsFailure", "failure")

_FAILURES = {
    200: "The provider accepted the message and returned no id.",
    400: "Invalid JSON; `msg` is missing, blank or too long; an unknown field; the recipient is not"
    " allowed; or the provider refused the message.",
    401: "Not signed in, and the provider charges for messages.",
    403: "This account may not send messages, or the CSRF token is missing.",
    405: "Only POST is allowed.",
    409: "The first request with this Idempotency-Key is still running.",
    413: "The body is too large.",
    415: "The body is not `application/json`.",
    422: "This Idempotency-Key was sent with another body.",
    429: "A limit is reached.",
    500: "Internal error.",
    503: "Sending is switched off, or the provider or the database cannot be reached. The message"
    " was not sent.",
}

_SEND = extend_schema(
    operation_id="sendToConfiguredNumber",
    summary="Send a message to the configured number",
    tags=["sms"],
    request=SmsSendSerializer,
    responses={
        201: OpenApiResponse(_SUCCESS, "The provider accepted the message."),
        202: OpenApiResponse(_PENDING, "The result is unknown: the message may have been sent."),
        **{status: OpenApiResponse(_FAILURE, text) for status, text in _FAILURES.items()},
    },
)


class Send(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "sms.api.send.SendView"

    def view_replacement(self) -> Any:
        return extend_schema_view(post=_SEND)(documented(self.target_class))


LOCATION = response_header(
    "Location",
    "The URL of the message, which shows its status.",
    [202],
    required=True,
    format="uri",
)


class Phone(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "sms.api.phone.PhoneView"

    def view_replacement(self) -> Any:
        def described(name: str, summary: str, **more: Any) -> Any:
            return extend_schema(operation_id=name, summary=summary, tags=["account"], **more)

        operations = {
            "retrieve": described("getPhone", "Get your phone number"),
            "create": described(
                "askForPhoneCode",
                "Send a code to a phone number to verify it",
                request=NewPhoneSerializer,
                responses={202: PhoneSerializer},
            ),
            "remove": described("removePhone", "Remove your phone number", responses={204: None}),
            "confirm": described(
                "confirmPhoneCode",
                "Verify a phone number with its code",
                request=PhoneCodeSerializer,
                responses=PhoneSerializer,
            ),
        }
        return documented(self.target_class, **operations)


class ConsentHistory(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "sms.api.phone.ConsentView"

    def view_replacement(self) -> Any:
        summary = "List when and how you agreed to messages or stopped them"
        told = extend_schema(operation_id="listConsents", summary=summary, tags=["account"])
        return documented(self.target_class, list=told)


class Messages(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "sms.api.views.MessageViewSet"

    def view_replacement(self) -> Any:
        return extend_schema_view(
            list=extend_schema(parameters=[MessageFilterSerializer]),
            create=extend_schema(
                operation_id="sendMessage",
                summary="Send a message to any allowed number",
                request=NewMessageSerializer,
                responses={202: MessageDetailSerializer},
                parameters=[LOCATION],
            ),
            cancel=extend_schema(request=None, responses=MessageDetailSerializer),
            segments=extend_schema(
                operation_id="countSegments",
                summary="Count the segments of a message without sending it",
                request=SegmentsRequestSerializer,
                responses=SegmentsSerializer,
            ),
        )(documented(self.target_class))


EXAMPLES = {
    "msg": "hey mate!!!",
    "to": "+15005550006",
    "number": "+15005550006",
    "texted_code": "042137",
    "body": "Dinner at seven?",
    "region": "US",
    "message": "SMS successfully sent",
    "error_code": "",
    "error_message": "",
    "number_type": "mobile",
    "valid_for": 3600,
}
FORMATS = {
    "to": "phone-number",
    "number": "phone-number",
    "msg": "message-body",
    "body": "message-body",
}
