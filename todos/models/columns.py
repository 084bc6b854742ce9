"""The manual order of lists and to-dos."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

STEP = 1024
LIMIT = 2**53 - 1  # what every JSON client can hold exactly (RFC 8259, section 6)


class PositionField(models.BigIntegerField[int, int]):
    """Lower comes first; the id decides between equals."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"verbose_name": _("position"), "default": 0, **kwargs})


def before_first(queryset: models.QuerySet[Any]) -> int:
    """A position in front of every row. Two at the same moment may share one, which is harmless."""
    first: int | None = queryset.aggregate(first=models.Min("position"))["first"]
    return 0 if first is None else max(first - STEP, -LIMIT)


def after_last(queryset: models.QuerySet[Any]) -> int:
    last: int | None = queryset.aggregate(last=models.Max("position"))["last"]
    return 0 if last is None else min(last + STEP, LIMIT)
