"""Tags over HTTP. To-dos show tags by name, so a new name gives them a new version."""

from typing import Any

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.sessions import signed_in_user
from core.api.fields import OwnedRelatedField, StrictSerializer
from todos import service
from todos.api.ids import known_object
from todos.api.serializers import TodoTagSerializer
from todos.api.views import OwnedViewSet
from todos.models import Tag, TagQuerySet


class MergeSerializer(StrictSerializer):
    """The tag to merge into."""

    into = OwnedRelatedField(help_text="The tag that stays.")

    default_error_messages = {"itself": "A tag cannot be merged into itself."}

    def owned_into(self) -> TagQuerySet:
        return Tag.objects.owned_by(signed_in_user(self.context["request"]))

    def validate_into(self, value: Tag) -> Tag:
        if value == self.context["tag"]:
            self.fail("itself")
        return value


class TagViewSet(OwnedViewSet):
    """Your tags. A to-do that names an unknown tag creates it."""

    serializer_class = TodoTagSerializer
    queryset = Tag.objects.none()

    def get_ordering(self) -> list[str]:
        return ["name", "id"]

    def save_new(self, serializer: Any) -> tuple[Any, bool]:
        """Return the existing tag if its folded name is equal."""
        known = None
        if serializer.validated_data.get("uuid"):
            known = known_object(self.caller, serializer)
        known = known or Tag.objects.same_name(self.caller, serializer.validated_data["name"])
        return (known, False) if known else super().save_new(serializer)

    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: object) -> Response:
        """Move all to-dos of this tag to another tag, return that, and delete this tag.

        If-Match is honoured.
        """
        data = request.data  # read before the account is locked
        with self.writing():
            tag = self.locked_object()
            merge = MergeSerializer(
                data=data, context={**self.get_serializer_context(), "tag": tag}
            )
            merge.is_valid(raise_exception=True)
            into = merge.validated_data["into"]
            service.merge_tags(tag, into)
        return self.answer(into)
