"""`clear` names members to empty, for clients that cannot send null."""

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import serializers

from core.api.fields import StrictCharField


class ClearField(serializers.ListField):
    child = StrictCharField()

    def __init__(self, **kwargs: Any) -> None:
        text = "Members to empty."
        super().__init__(**{"required": False, "help_text": text, **kwargs})


def cleared(
    fields: Mapping[str, Any], names: Iterable[str], empty: Mapping[str, Any]
) -> dict[str, Any]:
    """The fields, with the `empty` values for these names. Raises ValidationError."""
    wanted = dict.fromkeys(names)
    mistakes = [f"{name} cannot be cleared." for name in wanted if name not in empty]
    mistakes += [f"{name} is changed and cleared." for name in wanted if name in fields]
    if mistakes:
        raise serializers.ValidationError({"clear": mistakes})
    return {**fields, **{name: empty[name] for name in wanted}}
