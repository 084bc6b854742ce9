"""Conditions for check constraints, for both SQLite and PostgreSQL.

No regular expressions: in SQLite they are a function that other clients of the file lack.
"""

from itertools import chain
from typing import Any, Final

from django.db.models import CharField, Func, IntegerField, Q, Value
from django.db.models.functions import Length, StrIndex, Substr
from django.db.models.lookups import Exact, GreaterThan, LessThanOrEqual

from core.values import FIRST_DAY, FIRST_MOMENT, LAST_DAY, LAST_MOMENT, LINE_BREAKS

# Invisible characters, except NUL, which PostgreSQL cannot store, and unassigned ones. They are
# spelt out because Python's character data changes between versions, and a constraint must not.
_RANGES: Final = (
    *((0x01, 0x20), (0x7F, 0xA0), (0xAD, 0xAD), (0x034F, 0x034F), (0x0600, 0x0605)),
    *((0x061C, 0x061C), (0x06DD, 0x06DD), (0x070F, 0x070F), (0x0890, 0x0891), (0x08E2, 0x08E2)),
    *((0x115F, 0x1160), (0x1680, 0x1680), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2000, 0x200F)),
    *((0x2028, 0x202F), (0x205F, 0x206F), (0x2800, 0x2800), (0x3000, 0x3000), (0x3164, 0x3164)),
    *((0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB)),
    *((0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x13430, 0x1343F), (0x1BCA0, 0x1BCA3)),
    *((0x1D173, 0x1D17A), (0xE0001, 0xE0001), (0xE0020, 0xE007F), (0xE0100, 0xE01EF)),
)
BLANKS: Final = "".join(
    map(chr, chain.from_iterable(range(first, last + 1) for first, last in _RANGES))
)


class Nuls(Func):
    """The position of the first NUL character, or 0. SQLite counts the length of text up to it."""

    arity = 1
    template = (
        "(STRPOS(CAST(%(expressions)s AS text), '') - 1)"  # always 0: PostgreSQL cannot store NUL
    )
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "INSTR(CAST(%(expressions)s AS BLOB), X'00')"
        return self.as_sql(compiler, connection, template=template, **context)


class Bare(Func):
    """The text without invisible characters at its ends. Migrations name it, not its characters."""

    function = "TRIM"
    output_field = CharField()

    def __init__(self, expression: str) -> None:
        super().__init__(expression, Value(BLANKS))


def is_line(field: str, length: int) -> Q:
    """Whether the text has the form of a core.values.LineField, as far as SQL can check it."""
    return _is_text(field, length) & _shows_something(field) & _is_one_line(field)


def is_note(field: str, length: int) -> Q:
    """Whether the text has the form of a core.values.NoteField, as far as SQL can check it."""
    return _is_text(field, length)


def _is_text(field: str, length: int) -> Q:
    """Check the length, because SQLite stores longer text in a varchar(128), and for NUL."""
    return Q(LessThanOrEqual(Length(field), length)) & Q(Exact(Nuls(field), 0))


def _shows_something(field: str) -> Q:
    """At least one character that a person can see."""
    return Q(GreaterThan(Length(Bare(field)), 0))


def _is_one_line(field: str) -> Q:
    condition = Q()
    for character in LINE_BREAKS:
        condition &= Q(Exact(StrIndex(field, Value(character)), 0))
    return condition


def is_color(field: str) -> Q:
    """Empty or #rrggbb."""
    digits = Func(
        Substr(field, 2), Value("0123456789abcdefABCDEF"), function="TRIM", output_field=CharField()
    )
    written = Q(**{f"{field}__startswith": "#"}) & Q(Exact(Length(field), 7)) & Q(Exact(digits, ""))
    return Q(**{field: ""}) | written


def in_range(field: str) -> Q:
    """A moment in the range of core.values, or null."""
    return Q(**{field: None}) | Q(**{f"{field}__range": (FIRST_MOMENT, LAST_MOMENT)})


def days_in_range(field: str) -> Q:
    return Q(**{field: None}) | Q(**{f"{field}__range": (FIRST_DAY, LAST_DAY)})
