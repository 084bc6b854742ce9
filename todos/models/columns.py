"""Columns that lists, to-dos and tags share: manual order, and conditions on text.

The conditions hold on SQLite and PostgreSQL alike.
"""

from typing import Any

from django.db import models
from django.db.models import CharField, Func, Q, Value
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThan, LessThanOrEqual
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


# What str.strip() takes away. TRIM(text) alone would take blanks only, and a regular expression
# is a function that other clients of an SQLite file do not have.
WHITE_SPACE = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def not_blank(field: str) -> Q:
    """At least one character that is not white space."""
    bare = Func(field, Value(WHITE_SPACE), function="TRIM", output_field=CharField())
    return Q(GreaterThan(Length(bare), 0))


def at_most(length: int, field: str) -> Q:
    """SQLite stores any text in a varchar(128)."""
    return Q(LessThanOrEqual(Length(field), length))
