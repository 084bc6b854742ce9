"""Checks the ids of new objects: an id belongs to one object forever."""

from collections.abc import Callable
from typing import Any

from core.api.errors import Conflict
from core.feed import dead_entry


def known_object(owner: Any, serializer: Any) -> Any:
    """The caller's object with this id if its content is equal, or None if the id is free.

    Raises Conflict if the object has different content or was deleted, because ids are not reused.
    """
    model = serializer.Meta.model
    key = serializer.validated_data[model.feed_key]
    stored = model.objects.of(owner.pk).filter(**{model.feed_key: key}).first()
    refuse_other(serializer, stored, lambda: dead_entry(owner.pk, model.feed_kind, key))
    return stored


def refuse_other(serializer: Any, stored: Any, dead: Callable[[], Any]) -> None:
    """Raise Conflict if the stored object differs, or if `dead()` returns a deleted one."""
    if stored is None:
        if dead():
            raise Conflict("This object was deleted. Ids are not reused.", code="deleted")
        return
    current = serializer.to_representation(stored)
    if current.get("deleted_at"):
        raise Conflict("This object is in the trash.", code="deleted", current=current)
    if not serializer.same_content(stored):
        raise Conflict(
            "You have made this object; it has changed since.",
            code="already_exists",
            current=current,
        )
