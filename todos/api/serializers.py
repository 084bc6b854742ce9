"""The shapes of lists and to-dos, and what is wrong with a request that does not fit."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from rest_framework import serializers

from accounts.requests import signed_in_user
from core.api.fields import (
    OwnedRelatedField,
    StrictCharField,
    StrictChoiceField,
    StrictDateField,
    StrictDateTimeField,
    StrictIntegerField,
    StrictSerializer,
    StrictUUIDField,
)
from todos import service
from todos.api.fields import PositionSerializerField, TagNamesField
from todos.models import List, ListQuerySet, Priority, Status, Todo
from todos.models.todos import NOTES_LENGTH, TITLE_LENGTH

COLOR = RegexValidator(r"\A#[0-9a-fA-F]{6}\Z", "Write a color as #rrggbb.")


class OwnedSerializer(StrictSerializer):
    """What lists and to-dos share: an id the client may choose once, and PUT as replacement."""

    default_error_messages = {"immutable": "The id of an object never changes."}
    put_defaults: ClassVar[dict[str, Any]] = {}

    def to_internal_value(self, data: Any) -> Any:
        """PUT names the whole: what it leaves out returns to its default, its place stays."""
        if self.instance is not None and not self.partial and isinstance(data, Mapping):
            data = {**self.put_defaults, **data}
        return super().to_internal_value(data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is not None and attrs.pop("id", self.instance.pk) != self.instance.pk:
            raise serializers.ValidationError(
                {"id": [self.error_messages["immutable"]]}, code="immutable"
            )
        return attrs

    def same_content(self, stored: Any) -> bool:
        """Whether this request, sent again, asks for the object that is stored already."""
        shown = self.to_representation(stored)
        asked = self.to_representation(type(stored)(**self._plain_columns()))
        columns = set(self.validated_data) - {"tags"}
        return all(shown[name] == asked[name] for name in columns) and self._same_tags(shown)

    def _plain_columns(self) -> dict[str, Any]:
        return {name: value for name, value in self.validated_data.items() if name != "tags"}

    def _same_tags(self, shown: dict[str, Any]) -> bool:
        return "tags" not in self.validated_data or shown["tags"] == self.validated_data["tags"]


class ListSerializer(OwnedSerializer, serializers.ModelSerializer[List]):
    """A named place for to-dos; one of them is the inbox."""

    id = StrictUUIDField(required=False)
    name = StrictCharField(max_length=128)
    color = StrictCharField(max_length=7, allow_blank=True, required=False, validators=[COLOR])
    position = PositionSerializerField()
    archived_at = StrictDateTimeField(allow_null=True, required=False)
    put_defaults: ClassVar[dict[str, Any]] = {"color": "", "archived_at": None}

    class Meta:
        model = List
        fields = (
            "id",
            "name",
            "color",
            "position",
            "is_inbox",
            "archived_at",
            "created_at",
            "updated_at",
            "version",
        )

    def validate_archived_at(self, value: Any) -> Any:
        if value and self.instance is not None and self.instance.is_inbox:
            raise serializers.ValidationError("The inbox cannot be archived.", code="inbox")
        return value

    def create(self, validated_data: dict[str, Any]) -> List:
        return service.add_list(**validated_data)

    def update(self, instance: List, validated_data: dict[str, Any]) -> List:
        for field, value in validated_data.items():
            setattr(instance, field, value)
        instance.save_changes(*validated_data)
        return instance


class TodoSerializer(OwnedSerializer, serializers.ModelSerializer[Todo]):
    """Something to be done, open or finished; due at a moment or on a day, or not at all."""

    id = StrictUUIDField(required=False)
    list = OwnedRelatedField(required=False)
    title = StrictCharField(max_length=TITLE_LENGTH)
    notes = StrictCharField(
        max_length=NOTES_LENGTH, allow_blank=True, required=False, trim_whitespace=False
    )
    status = StrictChoiceField(choices=Status.choices, required=False)
    priority = StrictIntegerField(min_value=0, max_value=max(Priority), required=False)
    due_at = StrictDateTimeField(allow_null=True, required=False)
    due_on = StrictDateField(allow_null=True, required=False)
    tags = TagNamesField()
    position = PositionSerializerField()
    created_by = serializers.UUIDField(source="created_by_id", read_only=True, allow_null=True)
    put_defaults: ClassVar[dict[str, Any]] = {
        "notes": "",
        "status": Status.OPEN.value,
        "priority": Priority.NONE.value,
        "due_at": None,
        "due_on": None,
        "tags": [],
    }

    class Meta:
        model = Todo
        fields = (
            "id",
            "list",
            "title",
            "notes",
            "status",
            "priority",
            "due_at",
            "due_on",
            "tags",
            "position",
            "created_by",
            "created_at",
            "updated_at",
            "finished_at",
            "version",
        )
        read_only_fields = ("created_at", "updated_at", "finished_at", "version")

    def owned_list(self) -> ListQuerySet:
        return List.objects.owned_by(signed_in_user(self.context["request"]))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        due = [attrs.get(name, getattr(self.instance, name, None)) for name in ("due_at", "due_on")]
        if all(due):
            raise serializers.ValidationError(
                {"due_on": ["A to-do is due at a moment or on a day: set the other one to null."]},
                code="two_dues",
            )
        return attrs

    def create(self, validated_data: dict[str, Any]) -> Todo:
        return service.add_todo(**validated_data)

    def update(self, instance: Todo, validated_data: dict[str, Any]) -> Todo:
        return service.change_todo(instance, **validated_data)
