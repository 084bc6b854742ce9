"""Moves next to a neighbor, for devices that compute no keys themselves."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from rest_framework.exceptions import ValidationError

from todos.api.moves import MoveSerializer, TodoMoveSerializer
from todos.ordering import SIDES, moved

PLACES: Final[Mapping[str, type[MoveSerializer]]] = MappingProxyType(
    {"filter": MoveSerializer, "list": MoveSerializer, "todo": TodoMoveSerializer}
)


def with_position(row: Any, fields: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """The fields of a move, with the neighbor replaced by a key. Raises NoNeighborError."""
    sides = SIDES & fields.keys()
    if fields.keys() - {"list", "parent", "position", *SIDES} or (sides and "position" in fields):
        message = "A move names a list or a parent, and one of position, after and before."
        raise ValidationError({"fields": [message]})
    if not sides:
        return fields
    place = PLACES[row.feed_kind](data=fields, context=context)
    place.is_valid(raise_exception=True)
    key = moved(row, **place.validated_data)["position"]
    others = {name: value for name, value in fields.items() if name not in SIDES}
    return {**others, "position": key}
