"""Serializers of messages and of the requests about them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from core.api.fields import (
    StrictCharField,
    StrictDateTimeField,
    StrictIntegerField,
    StrictModelSerializer,
    StrictSerializer,
)
from core.api.parameters import NoFilters
from sms import telephony
from sms.models import BODY_LENGTH, Event, Message
from sms.states import State

WRITTEN_NUMBER_LENGTH = 32
MIN_VALID_SECONDS = 120  # from its due time: enough for two sweeps if the first delivery fails
MAX_VALID_SECONDS = 36_000  # ten hours: no provider keeps trying for longer
MAX_AHEAD = timedelta(days=35)


class NewMessageSerializer(StrictSerializer):
    """A message to one number; sms.service decides whether it may be sent."""

    to = StrictCharField(max_length=WRITTEN_NUMBER_LENGTH)
    body = StrictCharField(max_length=BODY_LENGTH)
    send_at = StrictDateTimeField(
        required=False, help_text="When to send it, at most 35 days ahead; immediately if omitted."
    )
    valid_for = StrictIntegerField(
        required=False,
        min_value=MIN_VALID_SECONDS,
        max_value=MAX_VALID_SECONDS,
        help_text="Seconds from its due time after which it is no longer sent.",
    )

    def validate_send_at(self, value: datetime) -> datetime:
        if value > timezone.now() + MAX_AHEAD:
            raise serializers.ValidationError(
                f"Choose a moment within the next {MAX_AHEAD.days} days.", code="too_far_ahead"
            )
        return value


class EventSerializer(StrictModelSerializer):
    class Meta:
        model = Event
        ref_name = "DeliveryEvent"  # because browsers have a class Event
        fields = ("status", "source", "error_code", "received_at")
        read_only_fields = fields


class MessageSerializer(StrictModelSerializer):
    status = serializers.ChoiceField(choices=State.choices, source="state", read_only=True)
    attempts = serializers.IntegerField(source="attempt_count", read_only=True)

    class Meta:
        model = Message
        fields: tuple[str, ...] = (
            "id",
            "to",
            "body",
            "status",
            "encoding",
            "segments",
            "region",
            "send_at",
            "expires_at",
            "created_at",
            "finished_at",
            "attempts",
            "error_code",
            "error_message",
        )
        read_only_fields = fields


class MessageDetailSerializer(MessageSerializer):
    events = EventSerializer(many=True, read_only=True)

    class Meta(MessageSerializer.Meta):
        fields = (*MessageSerializer.Meta.fields, "events")
        read_only_fields = fields


class MessageFilterSerializer(NoFilters):
    default_error_messages = {"unknown_field": "There is no such parameter."}

    status = serializers.ChoiceField(choices=State.choices, required=False)
    to = serializers.CharField(
        required=False,
        max_length=WRITTEN_NUMBER_LENGTH,
        help_text="A number in international form, in any spelling.",
    )

    def validate_to(self, value: str) -> telephony.Recipient:
        number = telephony.plain(value).strip()
        if not number.startswith("+"):  # an unescaped plus in a query string means a blank
            number = f"+{number}"
        return _number(telephony.parsed, number)


class SegmentsRequestSerializer(StrictSerializer):
    body = StrictCharField(max_length=BODY_LENGTH)
    to = StrictCharField(max_length=WRITTEN_NUMBER_LENGTH, required=False)

    def validate_to(self, value: str) -> telephony.Recipient:
        return _number(telephony.recipient, value)


class ExpensiveCharacterSerializer(serializers.Serializer[Any]):
    character = serializers.CharField(help_text="A character that GSM-7 does not have.")
    name = serializers.CharField(help_text="Its name in Unicode, because some cannot be seen.")
    count = serializers.IntegerField(help_text="How often it occurs.")
    replacement = serializers.CharField(
        allow_blank=True, help_text="A cheaper spelling; the character itself if there is none."
    )


class SpellingSerializer(serializers.Serializer[Any]):
    body = serializers.CharField()
    encoding = serializers.ChoiceField(choices=[telephony.GSM_7, telephony.UCS_2])
    segments = serializers.IntegerField()
    remaining = serializers.IntegerField(help_text="Units left in the last segment.")


class PriceSerializer(serializers.Serializer[Any]):
    amount = serializers.CharField(help_text="A decimal number, such as 0.0166.")
    currency = serializers.CharField(help_text="ISO 4217, such as USD.")


class SegmentsSerializer(serializers.Serializer[Any]):
    encoding = serializers.ChoiceField(choices=[telephony.GSM_7, telephony.UCS_2])
    segments = serializers.IntegerField()
    characters = serializers.IntegerField(help_text="Graphemes: an emoji counts as one.")
    remaining = serializers.IntegerField(help_text="Units left in the last segment.")
    expensive = ExpensiveCharacterSerializer(
        many=True, help_text="The characters that make the message UCS-2; empty if it is GSM-7."
    )
    cheaper = SpellingSerializer(
        help_text="The cheapest body that reads the same, and its price; the body itself if there"
        " is none."
    )
    region = serializers.CharField(required=False, help_text="Only if `to` is given.")
    number_type = serializers.CharField(required=False, help_text="Only if `to` is given.")
    price = PriceSerializer(
        required=False,
        allow_null=True,
        help_text="Only if `to` is given; null if the operator has not said what a segment costs.",
    )


def _number(read: Callable[[str], telephony.Recipient], value: str) -> telephony.Recipient:
    try:
        return read(value)
    except telephony.RecipientError as error:
        raise serializers.ValidationError(str(error), code=error.code) from error
