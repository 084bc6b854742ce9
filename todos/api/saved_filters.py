"""Saved filters over HTTP."""

from typing import Any

from todos import service
from todos.api.moves import MovingViewSet
from todos.api.serializers import OwnedSerializer
from todos.api.views import OwnedViewSet
from todos.models import SavedFilter


class SavedFilterSerializer(OwnedSerializer):
    """A saved search."""

    class Meta:
        model = SavedFilter
        fields: tuple[str, ...] = (
            "id",
            "name",
            "query",
            "color",
            "position",
            "created_at",
            "updated_at",
            "version",
        )

    def create(self, validated_data: dict[str, Any]) -> SavedFilter:
        return service.add_filter(**validated_data)


class SavedFilterViewSet(MovingViewSet, OwnedViewSet):
    """Your saved searches, for `GET /api/v1/todos/?filter=`."""

    serializer_class = SavedFilterSerializer
    queryset = SavedFilter.objects.none()

    def get_ordering(self) -> list[str]:
        return ["position", "id"]
