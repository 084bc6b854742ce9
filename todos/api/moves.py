"""`move/`: move an object next to a neighbor in the manual order."""

from typing import Any, ClassVar

from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.sessions import signed_in_user
from core.api.fields import OwnedRelatedField, StrictSerializer, StrictUUIDField
from core.api.viewsets import VersionedViewSet
from todos.models import List, ListQuerySet, Todo, TodoQuerySet
from todos.ordering import SIDES, NoNeighborError, moved


class MoveSerializer(StrictSerializer):
    """The new place: after or before a neighbor."""

    after = StrictUUIDField(required=False, help_text="The neighbor directly before the new place.")
    before = StrictUUIDField(required=False, help_text="The neighbor directly after the new place.")

    default_error_messages = {
        "nowhere": "Set after or before, or the list or parent of a to-do.",
        "two_places": "Set either after or before, not both.",
    }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            self.fail("nowhere")
        if attrs.keys() >= SIDES:
            self.fail("two_places")
        return attrs


class TodoMoveSerializer(MoveSerializer):
    """The new place: a list or a parent, and a neighbor in it."""

    list = OwnedRelatedField(required=False)
    parent = OwnedRelatedField(  # type: ignore[assignment]  # a serializer has one of its own
        required=False, allow_null=True, help_text="The to-do above it; null: none."
    )

    def owned_list(self) -> ListQuerySet:
        return List.objects.owned_by(signed_in_user(self.context["request"]))

    def owned_parent(self) -> TodoQuerySet:
        return Todo.objects.owned_by(signed_in_user(self.context["request"]))


class MovingViewSet(VersionedViewSet):
    """Objects with a manual order."""

    move_class: ClassVar[type[MoveSerializer]] = MoveSerializer

    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: object) -> Response:
        """Move directly after or before a neighbor. A repeat changes nothing.

        If-Match is honoured.
        """
        data = request.data  # read before the account is locked
        with self.writing():
            row = self.locked_object()
            place = self.move_class(data=data, context=self.get_serializer_context())
            place.is_valid(raise_exception=True)
            try:
                row.change(**moved(row, **place.validated_data))
            except NoNeighborError as error:
                raise NotFound("There is no neighbor with this id.") from error
        return self.answer(row)
