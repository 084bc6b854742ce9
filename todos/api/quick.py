"""Quick add over HTTP: creates a to-do from a sentence, or previews it."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from django.utils import timezone
from drf_standardized_errors.formatter import flatten_errors
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.sessions import signed_in_user
from core.api.fields import OwnedRelatedField, StrictLineField, StrictSerializer
from core.api.parameters import FlagField, NoFilters
from core.api.scopes import TODOS
from core.api.viewsets import ApiViewSet
from core.idempotency import idempotent
from core.values import fold
from todos.api.members import DueMember
from todos.api.serializers import TodoSerializer
from todos.models import List, Todo, TodoQuerySet
from todos.models.recurrence import RecurrenceFrom
from todos.quickadd import LIMIT, Reading, read

KINDS: Final = ("date", "time", "recurrence", "tag", "list", "priority")


class QuickAddFilterSerializer(NoFilters):
    """Whether to create the to-do."""

    preview = FlagField(required=False, help_text="`true`: only read the sentence, create nothing.")


class QuickAddSerializer(StrictSerializer):
    """A sentence such as `pay rent every month !1 #home tomorrow 9am`, English or Chinese."""

    text = StrictLineField(max_length=LIMIT)
    parent = OwnedRelatedField(  # type: ignore[assignment]  # a serializer has one of its own
        required=False, help_text="The parent of the new to-do."
    )

    def owned_parent(self) -> TodoQuerySet:
        return Todo.objects.owned_by(signed_in_user(self.context["request"]))


class SpanSerializer(serializers.Serializer[Any]):
    """The code points from `start` up to `end` were read as `kind`."""

    start = serializers.IntegerField()
    end = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=KINDS)

    class Meta:
        ref_name = "QuickAddSpan"


class TodoPreviewSerializer(serializers.Serializer[Any]):
    """The result of the sentence. `list` is null for the inbox."""

    title = serializers.CharField()
    due = DueMember(allow_null=True)
    recurrence = serializers.CharField(allow_null=True)
    recurrence_from = serializers.ChoiceField(choices=RecurrenceFrom.choices)
    tags = serializers.ListField(child=serializers.CharField())
    list = serializers.UUIDField(allow_null=True)
    priority = serializers.IntegerField()
    spans = SpanSerializer(many=True)


class QuickAddView(ApiViewSet):
    """Creates to-dos from sentences."""

    token_scopes = TODOS
    serializer_class = TodoSerializer
    queryset = Todo.objects.none()
    action_filters = MappingProxyType({"quick_add": QuickAddFilterSerializer})

    @idempotent
    def quick_add(self, request: Request) -> Response:
        """Takes dates, times, recurrence rules, tags, lists and priorities out of the text.

        The rest is the title. Unknown tags are created; the name of an unknown list stays in the
        title.
        """
        asked = QuickAddSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        lists = lists_of(self.caller)
        reading = read(
            asked.validated_data["text"],
            timezone.now(),
            self.caller.zone,
            lambda name: fold(name) in lists,
        )
        members = members_of(reading, lists)
        if self.filters.get("preview"):
            spans = [vars(span) for span in reading.spans]
            return Response({**members, "spans": spans})
        parent = asked.validated_data.get("parent")
        return self._made({**members, "parent": parent and str(parent.pk)})

    def _made(self, members: Mapping[str, Any]) -> Response:
        given = {name: value for name, value in members.items() if name != "list" or value}
        serializer = self.get_serializer(data=given)
        with self.writing():
            if not serializer.is_valid():
                problems = list(flatten_errors(ValidationError(dict(serializer.errors)).detail))
                raise ValidationError({"text": [str(problems[0].detail)]}, code=problems[0].code)
            todo = serializer.save(actor=self.caller)
        return Response(self.get_serializer(todo).data, status=HTTPStatus.CREATED)


def lists_of(person: User) -> dict[str, str]:
    """The lists that a sentence may name: folded name -> id; the first of duplicates."""
    shown = List.objects.owned_by(person).filter(archived_at=None)
    return {fold(each.name): str(each.pk) for each in reversed(shown.order_by("position", "id"))}


def members_of(reading: Reading, lists: Mapping[str, str]) -> dict[str, Any]:
    """The members of a to-do, as the API writes them."""
    return {
        "title": reading.title,
        "due": reading.due,
        "recurrence": reading.recurrence,
        "recurrence_from": reading.recurrence_from,
        "tags": sorted(reading.tags),
        "list": lists[fold(reading.list)] if reading.list else None,
        "priority": reading.priority or 0,
    }
