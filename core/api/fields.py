"""Fields that convert no JSON types (RFC 8259): a number is no title, "false" is no boolean."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import Any, ClassVar, cast
from uuid import UUID

from django.conf import settings
from django.db import models
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ParseError, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.utils import json as strict_json

from core import ids
from core.values import (
    OUT_OF_RANGE,
    LineField,
    NoteField,
    clamped,
    composed,
    in_range,
    line,
    note,
    read_day,
    read_moment,
    written,
)

_Function = Callable[[Any], Any]


class RepeatedMemberError(ValueError):
    """A JSON object has two members with the same name."""

    def __init__(self) -> None:
        super().__init__("Duplicate object member.")


def unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For `object_pairs_hook`: parsers disagree which duplicate counts (RFC 7493, 2.3)."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise RepeatedMemberError
    return members


class StrictJSONParser(JSONParser):
    """Answers duplicate members, deep nesting and lone surrogates with 400 instead of 500."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        encoding = (parser_context or {}).get("encoding", settings.DEFAULT_CHARSET)
        try:
            text = stream.read().decode(encoding)
            data = strict_json.loads(text, object_pairs_hook=unique_members)
            # An escaped lone surrogate can be neither stored nor sent in a response.
            json.dumps(data, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            message = "Surrogate characters are not allowed."
            raise ValidationError(message, code="surrogate_characters_not_allowed") from error
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from error
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deeply.") from error
        return data


class StrictCharField(serializers.CharField):
    normal: Callable[[str], str] = staticmethod(composed)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Normalize the text before the checks for blank and too long text."""
        return super().run_validation(type(self).normal(data) if isinstance(data, str) else data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictLineField(StrictCharField):
    """A title or a name: one line with at least one visible character."""

    normal = staticmethod(line)


class StrictNoteField(StrictCharField):
    """Text of several lines; keeps its white space."""

    normal = staticmethod(note)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"trim_whitespace": False, **kwargs})


class StrictIntegerField(serializers.IntegerField):
    """A JSON number without a fraction; 1.0 is an integer, as in JSON Schema and JavaScript."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, float) and data.is_integer():
            data = int(data)
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictChoiceField(serializers.ChoiceField):
    def to_internal_value(self, data: Any) -> Any:
        if data not in list(self.choices) or isinstance(data, bool):
            self.fail("invalid_choice", input=data)
        return data


class StrictUUIDField(serializers.UUIDField):
    """Accepts the same text as a path; DRF would also accept integers and braces."""

    def to_internal_value(self, data: Any) -> UUID:
        key = ids.read(data)
        if key is None:
            self.fail("invalid", value=data)
        return key


class StrictDateTimeField(serializers.DateTimeField):
    """RFC 3339 with an offset: without one the moment is ambiguous."""

    default_error_messages = {
        "naive": "Add an offset, such as Z for UTC.",
        "out_of_range": OUT_OF_RANGE,
    }

    def to_internal_value(self, value: Any) -> Any:
        moment = read_moment(value) if isinstance(value, str) else None
        if moment is None:
            self.fail("invalid", format="YYYY-MM-DDThh:mm[:ss[.sss]][+HH:MM|-HH:MM|Z]")
        if moment.tzinfo is None:
            self.fail("naive")
        return self.enforce_timezone(self.in_calendar(moment))

    def in_calendar(self, moment: datetime) -> datetime:
        """Check the range before the conversion to UTC, which may leave the calendar."""
        if not in_range(moment):
            self.fail("out_of_range")
        return moment

    def to_representation(self, value: Any) -> str:
        return written(value)


class DeviceMomentField(StrictDateTimeField):
    """A moment by the clock of a device, which may be centuries off; clamped to the valid range."""

    def in_calendar(self, moment: datetime) -> datetime:
        return clamped(moment)


class StrictDateField(serializers.DateField):
    default_error_messages = {"out_of_range": OUT_OF_RANGE}

    def to_internal_value(self, value: Any) -> Any:
        day = read_day(value) if isinstance(value, str) else None
        if day is None:
            self.fail("invalid", format="YYYY-MM-DD")
        if not in_range(day):
            self.fail("out_of_range")
        return day


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses unknown fields, so that a misspelt name does not silently change nothing."""

    default_error_messages = {"unknown_field": "There is no such field."}

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Report unknown fields together with all other errors."""
        unknown = self._unknown(data)
        try:
            value = super().run_validation(data)
        except ValidationError as error:
            if not unknown:
                raise
            raise ValidationError({**cast("dict[str, Any]", error.detail), **unknown}) from error
        if unknown:
            raise ValidationError(unknown)
        return value

    def _unknown(self, data: Any) -> dict[str, Any]:
        names = sorted(set(data) - set(self.fields)) if isinstance(data, Mapping) else []
        message = ErrorDetail(str(self.error_messages["unknown_field"]), code="unknown_field")
        return {name: [message] for name in names}


class StrictModelSerializer(StrictSerializer, serializers.ModelSerializer[Any]):
    """Strict fields with the lengths, choices and validators of the model's columns."""

    serializer_choice_field = StrictChoiceField
    serializer_field_mapping: ClassVar[dict[type[models.Field[Any, Any]], type]] = {
        **serializers.ModelSerializer.serializer_field_mapping,
        LineField: StrictLineField,
        NoteField: StrictNoteField,
        models.BigIntegerField: StrictIntegerField,
        models.CharField: StrictCharField,
        models.DateField: StrictDateField,
        models.DateTimeField: StrictDateTimeField,
        models.IntegerField: StrictIntegerField,
        models.PositiveBigIntegerField: StrictIntegerField,
        models.PositiveIntegerField: StrictIntegerField,
        models.PositiveSmallIntegerField: StrictIntegerField,
        models.SmallIntegerField: StrictIntegerField,
        models.TextField: StrictCharField,
        models.UUIDField: StrictUUIDField,
    }

    def to_representation(self, instance: models.Model) -> dict[str, Any]:
        """As in DRF, which asks of each value of each row whether it is a method or a mapping."""
        shown = {}
        for name, value_of, show in self._shown:
            value = value_of(instance)
            shown[name] = None if value is None else show(value)
        return shown

    @cached_property
    def _shown(self) -> list[tuple[str, _Function, _Function]]:
        """The name of each member in answers, how a row gives its value, and how it is shown."""
        return [
            (str(field.field_name), _value_of(field), field.to_representation)
            for field in self._readable_fields
        ]


def _value_of(field: "serializers.Field[Any, Any, Any, Any]") -> _Function:
    is_usual = type(field).get_attribute is serializers.Field.get_attribute
    if is_usual and field.source_attrs:  # not "*", which names the whole row
        return attrgetter(".".join(field.source_attrs))
    return field.get_attribute


@extend_schema_field({"type": "string", "format": "uuid"})
class OwnedRelatedField(serializers.RelatedField[Any, Any, Any]):
    """The id of an object of the caller. Another user's object gets the error of a missing one.

    The serializer returns the allowed objects from `owned_<field name>()`.
    """

    default_error_messages = {"does_not_exist": "There is no such object."}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("queryset", [])
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        key = StrictUUIDField().run_validation(data)
        choices = getattr(self.parent, f"owned_{self.field_name}")()
        found = choices.filter(**{choices.model.feed_key: key}).first()
        if found is None:
            self.fail("does_not_exist")
        return found

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Refuse an empty string, which DRF would read as null."""
        return super().run_validation([] if data == "" else data)

    def get_attribute(self, instance: Any) -> Any:
        """The id of the related object, without a query; or None."""
        return instance.serializable_value(self.source)

    def to_representation(self, value: Any) -> str:
        return str(value)
