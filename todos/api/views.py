"""Lists and to-dos over HTTP; every queryset starts from its owner."""

from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import Conflict
from core.api.fields import StrictSerializer
from core.api.scopes import TODOS
from core.api.viewsets import ApiViewSet, VersionedViewSet
from core.models import Versioned
from todos import service
from todos.api.filters import (
    ListFilterSerializer,
    RemovalSerializer,
    TodoFilterSerializer,
    apply_filters,
    apply_list_filters,
    ordering_fields,
)
from todos.api.ids import known_object
from todos.api.moves import MovingViewSet, TodoMoveSerializer
from todos.api.serializers import FinishSerializer, ListSerializer, TodoSerializer
from todos.models import List, Todo, TodoQuerySet
from todos.models.operations import happened


class OwnedViewSet(VersionedViewSet):
    """Creates objects of the caller. A repeat with the same id and content returns the object."""

    token_scopes = TODOS

    def save_new(self, serializer: Any) -> tuple[Versioned, bool]:
        key = serializer.validated_data.get(self.model.feed_key)
        known = known_object(self.caller, serializer) if key else None
        if known is not None:
            return known, False
        try:
            with transaction.atomic():
                return serializer.save(actor=self.caller), True
        except IntegrityError as error:
            if key and self.model.objects.filter(**{self.model.feed_key: key}).exists():
                raise Conflict("Another object has this id.", code="id_taken") from error
            raise


class ListViewSet(MovingViewSet, OwnedViewSet):
    """Your lists. The inbox always exists and can be neither deleted nor archived."""

    serializer_class = ListSerializer
    queryset = List.objects.none()
    action_filters = MappingProxyType({"destroy": RemovalSerializer})
    filter_class = ListFilterSerializer

    def filter_queryset(self, queryset: Any) -> Any:
        return apply_list_filters(queryset, self.filters)

    def get_ordering(self) -> list[str]:
        return ["position", "id"]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        List.objects.inbox_of(self.caller)
        return super().list(request, *args, **kwargs)

    def perform_destroy(self, instance: List) -> None:
        """Delete the list permanently; `?todos=` moves its to-dos to the inbox or the trash."""
        if instance.is_inbox:
            raise Conflict("The inbox cannot be removed.", code="inbox")
        trashes = self.filters.get("todos") == "trash"
        service.remove_list(actor=self.caller, todo_list=instance, trashes=trashes)


class TodoViewSet(MovingViewSet, OwnedViewSet):
    """Your to-dos in manual order."""

    serializer_class = TodoSerializer
    queryset = Todo.objects.none()
    filter_class = TodoFilterSerializer
    move_class = TodoMoveSerializer
    shown_along = ("tags",)

    def filter_queryset(self, queryset: Any) -> Any:
        return apply_filters(queryset, self.filters, self.caller)

    def get_ordering(self) -> list[str]:
        return ordering_fields(self.filters.get("ordering", "position"))

    def perform_destroy(self, instance: Todo) -> None:
        """Move to the trash; /trash/ restores or deletes it."""
        instance.change(deleted_at=timezone.now())

    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: object) -> Response:
        """Mark as finished. A repeat changes nothing. If-Match is honoured."""
        body = FinishSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        now, at = timezone.now(), body.validated_data.get("at")
        with self.writing():
            todo = self.locked_object()
            todo.finish(at and happened(now, now - at))
        return self.answer(todo)

    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: object) -> Response:
        """Mark as open. A repeat changes nothing. If-Match is honoured."""
        StrictSerializer(data=request.data).is_valid(raise_exception=True)  # nothing to say
        with self.writing():
            todo = self.locked_object()
            todo.reopen()
        return self.answer(todo)


class TrashViewSet(ApiViewSet, mixins.ListModelMixin):
    """To-dos that were deleted in the last 30 days, newest first."""

    token_scopes = TODOS
    serializer_class = TodoSerializer
    queryset = Todo.objects.none()

    def get_queryset(self) -> TodoQuerySet:
        return Todo.objects.trash_of(self.caller).prefetch_related("tags")

    def get_ordering(self) -> list[str]:
        return ["-deleted_at", "-id"]

    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: object) -> Response:
        """Restore a to-do to its former place."""
        StrictSerializer(data=request.data).is_valid(raise_exception=True)  # nothing to say
        with self.writing():
            todo = self.get_object()
            todo.change(deleted_at=None)
        return Response(self.get_serializer(todo).data)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete a to-do permanently."""
        with self.writing():
            self.get_object().delete()
        return Response(status=HTTPStatus.NO_CONTENT)

    @action(detail=False, methods=["delete"])
    def empty(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete all to-dos in the trash permanently."""
        Todo.objects.trash_of(self.caller).delete()
        return Response(status=HTTPStatus.NO_CONTENT)
