"""The one form in which texts, days and moments are stored, and the columns that keep it.

Texts: UAX #15 (normal forms), UAX #31 (NFKC_Casefold), DerivedCoreProperties.txt. Days and moments
are from 1900 to 9998, far enough from the limits of `datetime` that every time zone can show them.

The API, forms, imports and queries all take the rule from the column, so none can forget it.
"""

import re
import unicodedata
from collections.abc import Callable, Container, Iterable
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

# The types that a column accepts and returns, as in the type stubs of Django.
_ST_contra = TypeVar("_ST_contra", contravariant=True)
_GT_co = TypeVar("_GT_co", covariant=True)

# --- Texts ----------------------------------------------------------------------------------------

LINE_BREAKS: Final = "\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"  # where str.splitlines() breaks lines

# Default_Ignorable_Code_Point: fillers, joiners, variation selectors, marks of direction.
_IGNORABLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_IGNORABLES: Final = re.compile(f"[{_IGNORABLE}]+")
# Those, and the blank Braille pattern, which Unicode classifies as a symbol.
_BLANK: Final = re.compile(f"[{_IGNORABLE}\u2800]")
# Controls, formats, surrogates, blanks and unassigned characters.
_BLANK_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cn", "Cs", "Zl", "Zp", "Zs"})
# Reserved for pictographs (UTS #51): a phone may know an emoji that this Python does not.
_FUTURE_EMOJI: Final = re.compile("[\U0001f000-\U0001faff\U0001fc00-\U0001fffd]")
_DIRECTIONS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")  # embeddings, overrides, isolates


def composed(text: str) -> str:
    """NFC: makes `e` with a combining accent equal to `é`."""
    return unicodedata.normalize("NFC", text)


def line(text: str) -> str:
    """A title or a name: one line, trimmed; empty if no character is visible."""
    found = " ".join(filter(None, map(str.strip, composed(text).splitlines())))
    return found if shows_something(found) else ""


def note(text: str) -> str:
    """Text of several lines, with LF line endings, whatever the form or file had."""
    return composed(text).replace("\r\n", "\n").replace("\r", "\n")


def shows_something(text: str) -> bool:
    """At least one character that a person can see."""
    return any(_is_seen(character) for character in text)


def _is_seen(character: str) -> bool:
    if unicodedata.category(character) in _BLANK_CATEGORIES:
        return bool(_FUTURE_EMOJI.match(character))
    return not _BLANK.match(character)


def isolated(text: str) -> str:
    """Isolate text for a sentence without markup, so that its direction moves no other word."""
    return f"\u2068{undirected(text)}\u2069"


def undirected(text: str) -> str:
    """Remove characters that reverse the direction of the text after them."""
    return _DIRECTIONS.sub("", text)


def with_plain_digits(text: str) -> str:
    """Convert the digits of every script to 0-9, because some keyboards type their own."""
    return "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in text)


def can_be_stored(text: str) -> bool:
    """False for text with NUL, which PostgreSQL refuses, or lone surrogates, which no encoder
    accepts.
    """
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def fold(text: str) -> str:
    """A form that is equal for texts that people consider the same: `Straße`, `STRASSE`.

    NFKC_Casefold of UAX #31, with each run of white space as one blank. Folding is idempotent.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFD", text).casefold()
        text = unicodedata.normalize("NFKC", text).casefold()
        text = unicodedata.normalize("NFKC", _IGNORABLES.sub("", text))
    return " ".join(text.casefold().split())


# --- Days and moments -----------------------------------------------------------------------------

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 9998
OUT_OF_RANGE: Final = f"Choose a date from {FIRST_YEAR} to {LAST_YEAR}."
FIRST_DAY, LAST_DAY = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
FIRST_MOMENT = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(LAST_YEAR, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)

# RFC 3339, whose "T" and "Z" may be in lower case; seconds and the offset are optional. Python and
# Django accept many more forms of ISO 8601, which parsers of other languages refuse.
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = r"(?:[01][0-9]|2[0-3]):[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
_MOMENT = re.compile(rf"{_DAY.pattern}[Tt]{_TIME}(?:[Zz]|[+-][0-9]{{2}}:[0-9]{{2}})?")

Day = TypeVar("Day", date, datetime)


def read_day(text: str) -> date | None:
    """`2026-12-01`; None for any other form and for a date that does not exist."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def read_moment(text: str) -> datetime | None:
    """`2026-12-01T08:00:00.123Z`, to the millisecond; without tzinfo if it has no offset."""
    try:
        moment = datetime.fromisoformat(text.upper()) if _MOMENT.fullmatch(text) else None
    except ValueError:
        return None
    return moment and moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def written(moment: datetime) -> str:
    """In UTC, always with milliseconds, so that JavaScript and Swift need only one format."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clamped(value: Day) -> Day:
    """The date or the aware moment, or the nearer end of the range."""
    if isinstance(value, datetime):
        return min(max(value, FIRST_MOMENT), LAST_MOMENT)
    return min(max(value, FIRST_DAY), LAST_DAY)


def in_range(value: date) -> bool:
    return clamped(value) == value


def check_range(value: date) -> None:
    if not in_range(value):
        raise ValidationError(OUT_OF_RANGE, code="out_of_range")


# --- Columns --------------------------------------------------------------------------------------


class _TextForm(forms.CharField):
    """Shows text in its own writing direction."""

    normal: Callable[[str], str]

    def to_python(self, value: Any) -> Any:
        """Normalize the text before its length is checked."""
        return type(self).normal(super().to_python(value) or "")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "dir": "auto"}


class LineForm(_TextForm):
    normal = staticmethod(line)


class NoteForm(_TextForm):
    normal = staticmethod(note)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "strip": False})


class _OneForm(models.Field[_ST_contra, _GT_co]):
    """A column of normalized text: in forms, in save(), in update() and in lookups."""

    normal: Callable[[str], str]
    form_class: type[_TextForm]

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return type(self).normal(value) if isinstance(value, str) else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001 - Django's signature
        """Also set the normalized value on the object."""
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = self.to_python(value)
            setattr(model_instance, self.attname, value)
        return value

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        super().validate(value, model_instance)
        if not can_be_stored(value):
            raise ValidationError(_("Enter a valid value."), code="invalid")

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": self.form_class, **kwargs})


class LineField(_OneForm[_ST_contra, _GT_co], models.CharField[_ST_contra, _GT_co]):
    """A title or a name: NFC, one line, at least one visible character."""

    normal = staticmethod(line)
    form_class = LineForm


class NoteField(_OneForm[_ST_contra, _GT_co], models.TextField[_ST_contra, _GT_co]):
    """Text of several lines: NFC, with LF line endings."""

    normal = staticmethod(note)
    form_class = NoteForm


class FoldedField(models.TextField[_ST_contra, _GT_co]):
    """The folded text of other columns of the row, for search and comparison.

    `Folding` writes it with those columns. Without `of`, it holds text of other rows.
    """

    def __init__(self, *, of: tuple[str, ...] = (), **kwargs: Any) -> None:
        self.of = tuple(of)
        super().__init__(**{"editable": False, **kwargs})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: FBT001 - Django's signature
        if self.of:
            value = fold("\n".join(getattr(model_instance, name) for name in self.of))
            setattr(model_instance, self.attname, value)
        return str(getattr(model_instance, self.attname))


class MomentField(models.DateTimeField[_ST_contra, _GT_co]):
    """A moment that every time zone can show.

    A stored value outside the range is read as the nearer end, so that no page fails.
    """

    default_validators = [check_range]

    def from_db_value(self, value: datetime | None, *_: Any) -> datetime | None:
        if value is None or FIRST_MOMENT <= value <= LAST_MOMENT:
            return value
        return clamped(value)


class DayField(models.DateField[_ST_contra, _GT_co]):
    """A day that every calendar can show."""

    default_validators = [check_range]

    def from_db_value(self, value: date | None, *_: Any) -> date | None:
        if value is None or FIRST_DAY <= value <= LAST_DAY:
            return value
        return clamped(value)


class ValueField(models.Field[_ST_contra, _GT_co]):
    """A column of objects that `read` makes of their stored form; most rows have none."""

    nothing: Any = None  # what is returned for a row without one
    forms_of_nothing: Container[str | None] = (None, "")  # as they are stored

    def from_db_value(self, value: str | None, *args: Any) -> Any:
        return self.nothing if value in self.forms_of_nothing else self.read(value, *args)

    def read(self, stored: Any, *args: Any) -> Any:
        """The object. Returns a valid one for any stored form, so that no page fails."""
        raise NotImplementedError


class Folding(models.Model):
    """Writes each FoldedField whenever one of its source columns is written."""

    class Meta:
        abstract = True

    def save(
        self,
        *,
        force_insert: bool | tuple[models.base.ModelBase, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        if update_fields is not None:
            named = set(update_fields)
            columns = (each for each in self._meta.concrete_fields if isinstance(each, FoldedField))
            update_fields = named.union(each.name for each in columns if named & {*each.of})
        super().save(
            force_insert=force_insert,
            force_update=force_update,
            using=using,
            update_fields=update_fields,
        )

    def validate_constraints(self, exclude: Iterable[str] | None = None) -> None:
        """Also check constraints on folded columns, which no form names."""
        unchecked = set(exclude or ())
        for column in self._meta.concrete_fields:
            if isinstance(column, FoldedField) and column.of and not unchecked & {*column.of}:
                column.pre_save(self, add=self._state.adding)
                unchecked.discard(column.name)
        super().validate_constraints(exclude=unchecked)
