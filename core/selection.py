"""Admin actions on many rows: on exactly the confirmed rows, and at most a fixed number.

Django puts the key of every selected row into the form that confirms a deletion. From 990 rows that
form was refused as too long. Here the form has "all of this filter" and a digest of the rows.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin import action, actions
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext_lazy, ngettext

MOST_ROWS = 2_000  # per action: fits well within the 29 seconds of API Gateway
_CONFIRMED = "rows"


def is_too_large(request: HttpRequest, modeladmin: Any, queryset: QuerySet[Any], most: int) -> bool:
    """Whether too many rows are selected; if so, tell the user the limit."""
    if (count := queryset.count()) <= most:
        return False
    text = ngettext(
        "At most %(most)d row can be changed at once; %(count)d are selected. Narrow the filter.",
        "At most %(most)d rows can be changed at once; %(count)d are selected. Narrow the filter.",
        most,
    )
    modeladmin.message_user(request, text % {"most": most, "count": count}, messages.ERROR)
    return True


@action(
    permissions=["delete"],
    description=gettext_lazy("Delete selected %(verbose_name_plural)s"),
)
def delete_selected(
    modeladmin: Any, request: HttpRequest, queryset: QuerySet[Any]
) -> HttpResponse | None:
    """Django's action for many rows. It asks again if the selection has changed."""
    if is_too_large(request, modeladmin, queryset, getattr(modeladmin, "most_deleted", MOST_ROWS)):
        return None
    rows = _digest_of(queryset)
    if request.POST.get(_CONFIRMED, rows) != rows:
        changed = gettext("The selection has changed in the meantime. Look at it again.")
        modeladmin.message_user(request, changed, messages.WARNING)
        fields = request.POST.copy()
        del fields["post"]
        request.POST = fields  # type: ignore[assignment]
    run: Callable[..., Any] = actions.delete_selected
    response: Any = run(modeladmin, request, queryset)
    if response is not None and request.POST.get("select_across") == "1":
        response.context_data |= {_CONFIRMED: rows, "queryset": queryset[:1]}
    return response  # type: ignore[no-any-return]


def _digest_of(queryset: QuerySet[Any]) -> str:
    keys = sorted(str(key) for key in queryset.values_list("pk", flat=True))
    return hashlib.sha256(" ".join(keys).encode()).hexdigest()
