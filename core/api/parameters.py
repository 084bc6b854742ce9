"""Checks query strings like bodies: a misspelt parameter is an error and not ignored."""

from collections.abc import Collection
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from core.api.fields import StrictSerializer

PAGING = ("limit", "cursor")  # read by pagination
MAX_VALUES = 100  # of one parameter: about as many ids as fit in a URL


class NoFilters(StrictSerializer):
    """For lists without filters."""

    default_error_messages = {"unknown_field": "There is no such parameter."}


class SeveralField(serializers.ListField):
    """Several comma-separated values of one parameter: `priority=1,2`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_VALUES, **kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        return super().to_internal_value(data.split(","))


class FlagField(serializers.BooleanField):
    """`true` or `false`."""

    def to_internal_value(self, data: Any) -> bool:
        if data not in ("true", "false"):
            self.fail("invalid", input=data)
        return bool(data == "true")


def read_parameters(
    request: Request,
    expected: type[StrictSerializer],
    *,
    read_elsewhere: Collection[str] = PAGING,
    **context: Any,
) -> dict[str, Any]:
    """The checked parameters. Raises ValidationError with every unknown or invalid one."""
    given = dict(request.query_params.lists())
    message = ErrorDetail("This parameter may only be given once.", code="repeated")
    repeated = {name: [message] for name, values in given.items() if len(values) > 1}
    ignored = {*repeated, *read_elsewhere, "format"}  # the last by content negotiation
    asked = {name: values[0] for name, values in given.items() if name not in ignored}
    serializer = expected(data=asked, context=context)
    if serializer.is_valid() and not repeated:
        return dict(serializer.validated_data)
    raise ValidationError({**serializer.errors, **repeated})
