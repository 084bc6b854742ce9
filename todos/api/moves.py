"""`move/`: to a place of the manual order that is named by a neighbor."""

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
    """Where it belongs: behind or before another one."""

    after = StrictUUIDField(required=False, help_text="The one that it stands right behind.")
    before = StrictUUIDField(required=False, help_text="The one that it stands right before.")

    default_error_messages = {
        "nowhere": "Say where it belongs.",
        "two_places": "Name the one before it or the one behind it, not both.",
    }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            self.fail("nowhere")
        if attrs.keys() >= SIDES:
            self.fail("two_places")
        return attrs


class TodoMoveSerializer(MoveSerializer):
    """Where it belongs: in a list or below a to-do, behind or before another one of these."""

    list = OwnedRelatedField(required=False)
    parent = OwnedRelatedField(  # type: ignore[assignment]  # a serializer has one of its own
        required=False, allow_null=True, help_text="The one that it stands below; null: none."
    )

    def owned_list(self) -> ListQuerySet:
        return List.objects.owned_by(signed_in_user(self.context["request"]))

    def owned_parent(self) -> TodoQuerySet:
        return Todo.objects.owned_by(signed_in_user(self.context["request"]))


class MovingViewSet(VersionedViewSet):
    """What stands in a manual order."""

    move_class: ClassVar[type[MoveSerializer]] = MoveSerializer

    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: object) -> Response:
        """Right behind or before another one; moved there again, it changes nothing.

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
                raise NotFound("There is nothing of this id to stand beside.") from error
        return self.answer(row)
