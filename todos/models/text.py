"""Conditions on text that the database holds, the same on SQLite and PostgreSQL."""

from django.db.models import CharField, Func, Q, Value
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThan, LessThanOrEqual

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
