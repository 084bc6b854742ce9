"""Fields of the to-do resources that carry a rule of their own."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Manager
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.fields import StrictCharField, StrictIntegerField
from todos.models import Tag
from todos.models.columns import LIMIT
from todos.models.tags import NAME_LENGTH

MAX_TAGS = 20


class PositionSerializerField(StrictIntegerField):
    """Manual order, lower first; left out on creation, the server chooses."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=-LIMIT, max_value=LIMIT, required=False, **kwargs)


@extend_schema_field(
    {
        "type": "array",
        "items": {"type": "string", "minLength": 1, "maxLength": NAME_LENGTH},
        "maxItems": MAX_TAGS,
    }
)
class TagNamesField(serializers.ListField):
    """Names of tags, in order of the alphabet; unknown ones are made, twice the same is once."""

    child = StrictCharField(max_length=NAME_LENGTH)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_TAGS, required=False, **kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        return sorted(set(super().to_internal_value(data)))

    def to_representation(self, data: "Manager[Tag] | Iterable[str]") -> list[str]:
        names = (tag.name for tag in data.all()) if isinstance(data, Manager) else data
        return sorted(names)
