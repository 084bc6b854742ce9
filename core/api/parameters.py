"""Query strings are checked like bodies: a misspelt question is an error, not everything."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from core.api.fields import StrictSerializer

PAGING = ("limit", "cursor", "format")  # read by pagination and by content negotiation


class NoFilters(StrictSerializer):
    """A list that cannot be narrowed."""

    default_error_messages = {"unknown_field": "There is no such parameter."}


def read_parameters(
    request: Request, expected: type[StrictSerializer], **context: Any
) -> dict[str, Any]:
    """The checked parameters; raises ValidationError naming those unknown, repeated or wrong."""
    given = dict(request.query_params.lists())
    if repeated := [name for name, values in given.items() if len(values) > 1]:
        message = ["This parameter may only be given once."]
        raise ValidationError(dict.fromkeys(repeated, message), code="repeated")
    asked = {name: values[0] for name, values in given.items() if name not in PAGING}
    serializer = expected(data=asked, context=context)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
