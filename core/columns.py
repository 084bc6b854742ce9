"""Columns that normalize their values.

The API, forms, imports and queries all take the rule from the column, so none can forget it.
"""

from collections.abc import Callable, Container, Iterable
from datetime import date, datetime
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from core import dates, text

# The types that a column accepts and returns, as in the type stubs of Django.
_ST_contra = TypeVar("_ST_contra", contravariant=True)
_GT_co = TypeVar("_GT_co", covariant=True)


class _TextForm(forms.CharField):
    """Shows text in its own writing direction."""

    normal: Callable[[str], str]

    def to_python(self, value: Any) -> Any:
        """Normalize the text before its length is checked."""
        return type(self).normal(super().to_python(value) or "")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "dir": "auto"}


class LineForm(_TextForm):
    normal = staticmethod(text.line)


class NoteForm(_TextForm):
    normal = staticmethod(text.note)

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
        if not text.can_be_stored(value):
            raise ValidationError(_("Enter a valid value."), code="invalid")

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": self.form_class, **kwargs})


class LineField(_OneForm[_ST_contra, _GT_co], models.CharField[_ST_contra, _GT_co]):
    """A title or a name: NFC, one line, at least one visible character."""

    normal = staticmethod(text.line)
    form_class = LineForm


class NoteField(_OneForm[_ST_contra, _GT_co], models.TextField[_ST_contra, _GT_co]):
    """Text of several lines: NFC, with LF line endings."""

    normal = staticmethod(text.note)
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
            value = text.fold("\n".join(getattr(model_instance, name) for name in self.of))
            setattr(model_instance, self.attname, value)
        return str(getattr(model_instance, self.attname))


class MomentField(models.DateTimeField[_ST_contra, _GT_co]):
    """A moment that every time zone can show.

    A stored value outside the range is read as the nearer end, so that no page fails.
    """

    default_validators = [dates.check_range]

    def from_db_value(self, value: datetime | None, *_: Any) -> datetime | None:
        if value is None or dates.FIRST_MOMENT <= value <= dates.LAST_MOMENT:
            return value
        return dates.clamped(value)


class DayField(models.DateField[_ST_contra, _GT_co]):
    """A day that every calendar can show."""

    default_validators = [dates.check_range]

    def from_db_value(self, value: date | None, *_: Any) -> date | None:
        if value is None or dates.FIRST_DAY <= value <= dates.LAST_DAY:
            return value
        return dates.clamped(value)


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
