"""The serializers of lists, to-dos and tags."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Manager
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.sessions import signed_in_user
from core.api.errors import Conflict
from core.api.fields import (
    DeviceMomentField,
    OwnedRelatedField,
    StrictCharField,
    StrictIntegerField,
    StrictLineField,
    StrictModelSerializer,
    StrictSerializer,
    StrictUUIDField,
)
from core.order_keys import LONGEST
from core.values import fold
from todos import service
from todos.api.clearing import ClearField, cleared
from todos.api.members import DueMember, RecurrenceMember, RemindersMember
from todos.models import List, ListQuerySet, Priority, Tag, Todo, TodoQuerySet
from todos.models.columns import KEY
from todos.models.reminders import MOST_REMINDERS
from todos.models.tags import NAME_LENGTH
from todos.recurrence import LENGTH as RULE_LENGTH

NEVER_EMPTY = ("id", "list", "position")
KEPT_BY_PUT = (*NEVER_EMPTY, "parent")
MAX_TAGS = 20


class PositionSerializerField(StrictCharField):
    """The key of the manual order, compared byte by byte; the server sets a missing one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST, validators=[KEY], required=False, **kwargs)


@extend_schema_field(
    {
        "type": "array",
        "items": {"type": "string", "minLength": 1, "maxLength": NAME_LENGTH},
        "maxItems": MAX_TAGS,
    }
)
class TagNamesField(serializers.ListField):
    """Names of tags, sorted, without duplicates. Unknown tags are created."""

    child = StrictLineField(max_length=NAME_LENGTH)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_TAGS, required=False, **kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        names = super().to_internal_value(data)
        return sorted({fold(name): name for name in reversed(names)}.values())

    def to_representation(self, data: "Manager[Tag] | Iterable[str]") -> list[str]:
        names = (tag.name for tag in data.all()) if isinstance(data, Manager) else data
        return sorted(names)


def _by_member(error: serializers.ValidationError) -> dict[str, Any]:
    told: Any = error.detail
    return dict(told)


class OwnedSerializer(StrictModelSerializer):
    """The base of lists and to-dos: clients may choose the id of a new object; PUT replaces all."""

    id = StrictUUIDField(required=False)
    position = PositionSerializerField()

    default_error_messages = {"immutable": "The id of an object never changes."}

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Apply `clear` in a PATCH."""
        if not (self.partial and isinstance(data, Mapping) and "clear" in data):
            return super().run_validation(data)
        fields = {name: value for name, value in data.items() if name != "clear"}
        try:
            data = cleared(fields, self._names(data["clear"]), self.empty_values())
        except serializers.ValidationError as error:
            told = {**self._mistakes(fields), **_by_member(error)}
            raise serializers.ValidationError(told) from error
        return super().run_validation(data)

    def _mistakes(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The other errors of the body, to report them together with those of `clear`."""
        try:
            super().run_validation(fields)
        except serializers.ValidationError as error:
            return _by_member(error)
        return {}

    def _names(self, value: Any) -> list[str]:
        try:
            names: list[str] = ClearField().run_validation(value)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"clear": error.detail}) from error
        return names

    def to_internal_value(self, data: Any) -> Any:
        """Reset members that a PUT omits to their defaults."""
        if self.instance is not None and not self.partial and isinstance(data, Mapping):
            data = {**self._defaults(), **data}
        return super().to_internal_value(data)

    def _defaults(self, kept: tuple[str, ...] = KEPT_BY_PUT) -> dict[str, Any]:
        """The defaults of the model, as JSON, except of `kept` members such as id and position."""
        optional = {
            name: field
            for name, field in self.fields.items()
            if not (field.read_only or field.required or name in kept)
        }
        return {name: self._default(name, field) for name, field in optional.items()}

    def empty_values(self) -> dict[str, Any]:
        """The members that `clear` may name, with their empty values."""
        defaults = self._defaults(NEVER_EMPTY)
        return {name: value for name, value in defaults.items() if value in (None, "", [])}

    def _default(self, name: str, field: serializers.Field[Any, Any, Any, Any]) -> Any:
        column: Any = self.Meta.model._meta.get_field(name)  # type: ignore[attr-defined]
        value = [] if column.many_to_many else column.get_default()
        return None if value is None else field.to_representation(value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is not None:
            own = getattr(self.instance, self.instance.feed_key)
            if attrs.pop(self.instance.feed_key, own) != own:
                message = self.error_messages["immutable"]
                raise serializers.ValidationError({"id": [message]}, code="immutable")
        return attrs

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        """The view has read the object in `writing()`."""
        instance.change(**validated_data)
        return instance

    def same_content(self, stored: Any) -> bool:
        """Whether the stored object equals this request, as after a repeat."""
        shown = self.to_representation(stored)
        asked = self.to_representation(type(stored)(**self._plain_columns()))
        columns = set(self.validated_data) - {"tags"}
        return all(shown[name] == asked[name] for name in columns) and self._same_tags(shown)

    def _plain_columns(self) -> dict[str, Any]:
        return {name: value for name, value in self.validated_data.items() if name != "tags"}

    def _same_tags(self, shown: dict[str, Any]) -> bool:
        asked = self.validated_data.get("tags")
        return asked is None or {*map(fold, asked)} == {*map(fold, shown["tags"])}


class ListSerializer(OwnedSerializer):
    """A named list of to-dos; one of them is the inbox."""

    class Meta:
        model = List
        ref_name = "TodoList"  # because many languages have a class List
        fields: tuple[str, ...] = (
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


class TodoTagSerializer(OwnedSerializer):
    """A tag. To-dos refer to it by name."""

    id = StrictUUIDField(source="uuid", required=False)

    class Meta:
        model = Tag
        fields: tuple[str, ...] = ("id", "name", "color", "created_at", "updated_at", "version")

    def create(self, validated_data: dict[str, Any]) -> Tag:
        return service.add_tag(**validated_data)

    def update(self, instance: Tag, validated_data: dict[str, Any]) -> Tag:
        """Raises Conflict if another tag has the name; `merge/` merges two tags."""
        name = validated_data.get("name", instance.name)
        other = Tag.objects.same_name(instance.owner, name)
        if other is not None and other != instance:
            message = "Another tag has this name. Merge them, or take another one."
            raise Conflict(message, code="same_name")
        instance.change(**validated_data)
        return instance

    def same_content(self, stored: Any) -> bool:
        return all(getattr(stored, name) == value for name, value in self.validated_data.items())


class TodoSerializer(OwnedSerializer):
    """A to-do, open or finished, with an optional due."""

    list = OwnedRelatedField(required=False)
    parent = OwnedRelatedField(  # type: ignore[assignment]  # a serializer has one of its own
        required=False, allow_null=True
    )
    due = DueMember(required=False, allow_null=True)
    recurrence = RecurrenceMember(required=False, allow_null=True, max_length=RULE_LENGTH)
    priority = StrictIntegerField(min_value=0, max_value=max(Priority), required=False)
    tags = TagNamesField()
    reminders = RemindersMember(required=False, max_length=MOST_REMINDERS)

    class Meta:
        model = Todo
        fields: tuple[str, ...] = (
            "id",
            "list",
            "parent",
            "title",
            "notes",
            "status",
            "priority",
            "start_on",
            "due",
            "due_at",
            "recurrence",
            "recurrence_from",
            "tags",
            "reminders",
            "position",
            "created_by",
            "created_at",
            "updated_at",
            "finished_at",
            "deleted_at",
            "version",
        )

    def owned_list(self) -> ListQuerySet:
        return List.objects.owned_by(signed_in_user(self.context["request"]))

    def owned_parent(self) -> TodoQuerySet:
        return Todo.objects.owned_by(signed_in_user(self.context["request"]))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ignore the list of a to-do with a parent, because it takes the list of the parent."""
        if attrs.get("parent"):
            attrs.pop("list", None)
        return super().validate(attrs)

    def create(self, validated_data: dict[str, Any]) -> Todo:
        return service.add_todo(**validated_data)

    def update(self, instance: Todo, validated_data: dict[str, Any]) -> Any:
        if service.COUNTED_OR_TIMED.isdisjoint(validated_data):
            return super().update(instance, validated_data)
        service.change_todo(instance, **validated_data)
        return instance


class FinishSerializer(StrictSerializer):
    at = DeviceMomentField(
        required=False,
        help_text="When it was finished; now by default. Clamped to the last 90 days.",
    )

    class Meta:
        ref_name = "FinishTodo"
