"""Columns that lists, to-dos, tags and filters share: the manual order and the color."""

from typing import Any, Final

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import CharField, Func, Q, Value
from django.db.models.functions import Length, StrIndex, Substr
from django.db.models.lookups import Exact, GreaterThan, LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from core.order_keys import DIGITS, FIRST, HEADS, LONGEST, PATTERN, SMALLEST
from core.values import LineField

# The key of rows from the former release, which does not know keys, until they get one. It sorts
# before all others and is long enough to be renewed.
UNPLACED: Final = SMALLEST + "1" * 38
BEFORE_FIRST: Final = "Zz"  # the position of the inbox
COLOR = RegexValidator(r"\A#[0-9a-fA-F]{6}\Z", _("Write a color as #rrggbb."))
KEY = RegexValidator(PATTERN.replace("$", r"\Z"), _("Enter a valid value."))


def ColorField(**kwargs: Any) -> LineField[str, str]:  # noqa: N802 - stands for a column
    """#rrggbb or empty."""
    return LineField(_("color"), max_length=7, blank=True, validators=[COLOR], **kwargs)


class PositionField(models.CharField[str, str]):
    """Sorted byte by byte on every database, then by id."""

    default_validators = [KEY]

    def __init__(self, **kwargs: Any) -> None:
        usual = {"verbose_name": _("position"), "default": FIRST, "db_default": UNPLACED}
        column = {"db_column": "place", "max_length": LONGEST}
        super().__init__(**{**usual, **column, **kwargs})

    def db_parameters(self, connection: Any) -> Any:
        collation = {"postgresql": "C", "sqlite": "BINARY"}[connection.vendor]
        return {**super().db_parameters(connection), "collation": collation}


class FormerPositionField(models.BigIntegerField[int, int]):
    """The order of the former release, which may still run. The next release drops it."""

    def __init__(self, **kwargs: Any) -> None:
        usual = {"db_column": "position", "default": 0, "db_default": 0, "editable": False}
        super().__init__(**{**usual, **kwargs})


def is_key(field: str) -> Q:
    """As core.order_keys.is_key(), in SQL."""
    others = Func(field, Value(DIGITS), function="TRIM", output_field=CharField())
    length, head = Length(field), Substr(field, 1, 1)
    whole = Q()
    for heads in (HEADS[26:], HEADS[25::-1]):  # one digit follows the first, and so on
        place = StrIndex(Value(heads), head)
        ends = Q(Exact(length, place + 1)) | ~Q(**{f"{field}__endswith": DIGITS[0]})
        whole |= Q(GreaterThan(place, 0)) & Q(GreaterThan(length, place)) & ends
    is_short = Q(LessThanOrEqual(length, LONGEST))
    return Q(Exact(others, Value(""))) & is_short & ~Q(**{field: SMALLEST}) & whole
