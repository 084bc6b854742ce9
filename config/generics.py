"""Lets classes of Django be subscripted, as mypy reads them: `ModelAdmin[Todo]`.

django-stubs-ext does the same for more classes, and imports the modules of all of them: 5 ms of a
cold start.
"""

from typing import Any

from django.contrib.admin.options import BaseModelAdmin
from django.db.models.fields import Field
from django.forms.formsets import BaseFormSet
from django.forms.models import BaseModelForm

CLASSES: tuple[Any, ...] = (BaseFormSet, BaseModelAdmin, BaseModelForm, Field)


def _same(cls: type, of: Any) -> type:
    return cls


def make_generic() -> None:
    for each in CLASSES:
        each.__class_getitem__ = classmethod(_same)
