"""The shapes of requests of the protocol."""

from typing import Any, Final

from rest_framework import serializers

from core.api.fields import (
    DeviceMomentField,
    StrictCharField,
    StrictChoiceField,
    StrictIntegerField,
    StrictSerializer,
    StrictUUIDField,
)
from core.api.parameters import NoFilters
from todos.api.clearing import ClearField
from todos.sync.kinds import KINDS, VERBS
from todos.sync.pull import MAX_LIMIT

MAX_OPERATIONS: Final = 100
LARGEST: Final = 2**53 - 1  # what every JSON client can hold exactly (RFC 8259, section 6)


class PullSerializer(NoFilters):
    """The cursor and size of a page."""

    cursor = serializers.CharField(required=False, help_text="Of the last answer.")
    limit = serializers.IntegerField(required=False, min_value=1, max_value=MAX_LIMIT)


class OperationSerializer(StrictSerializer):
    """What a device did with one object."""

    op_id = StrictUUIDField(
        help_text="Chosen by the device; an operation with the same id is applied once."
    )
    after = StrictUUIDField(required=False, help_text="The operation that this one builds on.")
    kind = StrictChoiceField(choices=list(KINDS))
    id = StrictUUIDField()
    op = StrictChoiceField(choices=list(VERBS))
    base_version = StrictIntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=LARGEST,
        help_text="The version that it changes.",
    )
    at = DeviceMomentField(
        required=False, help_text="The time of the change, by the device's clock."
    )
    clear = ClearField()

    def get_fields(self) -> dict[str, Any]:
        """Add `fields` here, because serializers have a property with this name."""
        named = serializers.DictField(required=False, help_text="The members to change.")
        return {**super().get_fields(), "fields": named}


class BatchSerializer(StrictSerializer):
    """What a device did since it last reached the server."""

    account = StrictUUIDField(help_text="The id of the profile that the operations belong to.")
    cursor = StrictCharField(required=False, help_text="Of the last answer.")
    sent_at = DeviceMomentField(help_text="The current time, by the device's clock.")
    operations = serializers.ListField(max_length=MAX_OPERATIONS)
