"""Normalizes rows of a release without FoldedField. Safe at any time, and to repeat.

Migrations pass historical models, so the functions find the columns by class only.
"""

from collections.abc import Iterable
from typing import Any, Final

from django.db import models, transaction
from django.utils import timezone

from core.feed import Synced, writing
from core.values import FoldedField, LineField, NoteField, fold

BATCH: Final = 200
UNTITLED: Final = "Untitled"  # replaces invisible titles, which a former release allowed


def fold_rows(model: Any) -> None:
    """Write the missing values in a migration, one transaction per batch."""
    last = None
    while keys := _some(_missing(model), last):
        with transaction.atomic():
            rows = model.objects.select_for_update().filter(pk__in=keys)
            _write(model, _folded(model), list(rows))
        last = keys[-1]


def refold(model: type[Synced], keys: Iterable[Any] | None = None) -> int:
    """Normalize rows as fold_rows() does, but through the feed, and return how many they are."""
    keys = list(_missing(model).values_list("pk", flat=True) if keys is None else keys)
    for key in keys:
        row = model.objects.get(pk=key)  # type: ignore[attr-defined]  # of each concrete model
        with writing(row.account_id):
            row.refresh_from_db()
            _set_in_form(_texts(model), row)
            for column in _all_folded(model):
                column.pre_save(row, add=False)
            row.save()
    return len(keys)


def _missing(model: Any) -> models.QuerySet[Any]:
    folded = _folded(model)
    found: models.QuerySet[Any] = model.objects.filter(**{folded.name: ""})
    return found.exclude(**{folded.of[0]: ""})


def _folded(model: Any) -> Any:
    [folded] = _all_folded(model)
    return folded


def _all_folded(model: Any) -> list[Any]:
    return [it for it in model._meta.concrete_fields if isinstance(it, FoldedField) and it.of]


def _texts(model: Any) -> list[Any]:
    columns = model._meta.concrete_fields
    return [column for column in columns if isinstance(column, (LineField, NoteField))]


def in_form(column: Any, value: str) -> str:
    """The normal form of text that an older release stored."""
    found: str = column.to_python(value)
    return found or ("" if column.blank else UNTITLED)


def clamp(model: Any, column: str, first: Any, last: Any) -> None:
    """Replace moments outside the range by its nearer end, and increment the version."""
    rows = model.objects
    rows.filter(**{f"{column}__lt": first}).update(**_changed(model, **{column: first}))
    rows.filter(**{f"{column}__gt": last}).update(**_changed(model, **{column: last}))


def _some(rows: models.QuerySet[Any], last: Any) -> list[Any]:
    behind = rows if last is None else rows.filter(pk__gt=last)
    return list(behind.order_by("pk").values_list("pk", flat=True)[:BATCH])


def _write(model: Any, folded: Any, rows: list[Any]) -> None:
    texts = _texts(model)
    changed = [row for row in rows if _set_in_form(texts, row)]
    for row in rows:
        setattr(row, folded.name, fold("\n".join(getattr(row, name) for name in folded.of)))
    model.objects.bulk_update(rows, [folded.name])
    if changed:
        model.objects.bulk_update(changed, [column.name for column in texts])
        keys = [row.pk for row in changed]
        bumped = _changed(model)
        if bumped:
            model.objects.filter(pk__in=keys).update(**bumped)


def _set_in_form(texts: Iterable[Any], row: Any) -> bool:
    before = [getattr(row, column.name) for column in texts]
    after = [in_form(column, value) for column, value in zip(texts, before, strict=True)]
    for column, value in zip(texts, after, strict=True):
        setattr(row, column.name, value)
    return before != after


def _changed(model: Any, **changes: Any) -> dict[str, Any]:
    """The changes, with the next version if the model has one."""
    if any(column.name == "version" for column in model._meta.concrete_fields):
        changes |= {"version": models.F("version") + 1, "updated_at": timezone.now()}
    return changes
