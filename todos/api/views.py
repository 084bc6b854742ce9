"""Lists and to-dos over HTTP; every queryset starts from its owner."""

from typing import Any

from django.db import IntegrityError, transaction
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from core.api.errors import Conflict
from core.api.fields import StrictSerializer
from core.api.viewsets import VersionedViewSet
from core.models import Versioned
from todos import service
from todos.api.filters import (
    ListFilterSerializer,
    TodoFilterSerializer,
    apply_filters,
    apply_list_filters,
    ordering_fields,
)
from todos.api.serializers import ListSerializer, TodoSerializer
from todos.models import List, ListQuerySet, Todo, TodoQuerySet


class OwnedViewSet(VersionedViewSet):
    """Creates for the caller; an id sent twice with the same content is one object."""

    def save_new(self, serializer: BaseSerializer[Any]) -> tuple[Versioned, bool]:
        try:
            with transaction.atomic():
                return serializer.save(actor=self.caller), True
        except IntegrityError:
            if not self._is_taken(serializer):
                raise
            return self._already_there(serializer), False

    def _is_taken(self, serializer: Any) -> bool:
        """Whether the chosen id is the reason; otherwise somebody removed the list meanwhile."""
        key = serializer.validated_data.get("id")
        return key is not None and serializer.Meta.model.objects.filter(pk=key).exists()

    def _already_there(self, serializer: Any) -> Versioned:
        stored: Versioned | None = (
            self.get_queryset().filter(pk=serializer.validated_data["id"]).first()
        )
        if stored is None or not serializer.same_content(stored):
            raise Conflict("This id is taken by another object.", code="id_taken")
        return stored


class ListViewSet(OwnedViewSet):
    """Your lists. The inbox is always there, cannot be removed and cannot be archived."""

    serializer_class = ListSerializer
    queryset = List.objects.none()
    filter_class = ListFilterSerializer

    def get_queryset(self) -> ListQuerySet:
        return List.objects.owned_by(self.caller)

    def filter_queryset(self, queryset: Any) -> Any:
        return apply_list_filters(queryset, self.filters)

    def get_ordering(self) -> list[str]:
        return ["position", "id"]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        List.objects.inbox_of(self.caller)
        return super().list(request, *args, **kwargs)

    def perform_destroy(self, instance: List) -> None:
        """The list goes, its to-dos stay: they move to the inbox."""
        if instance.is_inbox:
            raise Conflict("The inbox cannot be removed.", code="inbox")
        service.remove_list(actor=self.caller, todo_list=instance)


class TodoViewSet(OwnedViewSet):
    """Your to-dos in manual order."""

    serializer_class = TodoSerializer
    queryset = Todo.objects.none()
    filter_class = TodoFilterSerializer

    def get_queryset(self) -> TodoQuerySet:
        return Todo.objects.owned_by(self.caller).prefetch_related("tags")

    def filter_queryset(self, queryset: Any) -> Any:
        return apply_filters(queryset, self.filters, self.caller)

    def get_ordering(self) -> list[str]:
        return ordering_fields(self.filters.get("ordering", "position"))

    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: object) -> Response:
        """Mark as done; done again, it changes nothing. If-Match is honoured."""
        return self._call("finish")

    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: object) -> Response:
        """Mark as not done; done again, it changes nothing. If-Match is honoured."""
        return self._call("reopen")

    def _call(self, verb: str) -> Response:
        StrictSerializer(data=self.request.data).is_valid(raise_exception=True)  # nothing to say
        with transaction.atomic():
            todo = self.locked_object()
            getattr(todo, verb)()
        return self.answer(todo)
