"""The read-only calendar of a person, for anyone with its secret URL."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from core.feed import FeedCounter
from core.http import holds
from todos.models import CalendarFeed, Todo
from todos.transfer.formats.calendar import calendar, component, event

MOST: Final = 2_000  # to-dos: the gateway waits 29 seconds
MOST_BYTES: Final = 4_500_000  # in JSON: Lambda responses hold six megabytes, also in base64
FINISHED: Final = timedelta(days=30)  # how long finished to-dos are shown


@require_safe
@login_not_required
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    found = CalendarFeed.objects.filter(digest=CalendarFeed.digest_of(secret))
    row = found.select_related("owner").first()
    if row is None or not row.owner.is_active:
        raise Http404
    tag = _tag(row)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if holds(request, tag):
        return HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    text = "".join(calendar(row.owner, _components(row.owner), MOST_BYTES))
    headers["Content-Disposition"] = 'inline; filename="nudge.ics"'
    return HttpResponse(text, content_type="text/calendar; charset=utf-8", headers=headers)


def _tag(row: CalendarFeed) -> str:
    """An entity tag that changes with the account, the secret and the day."""
    counted = FeedCounter.objects.filter(account=row.owner).values_list("epoch", "seq").first()
    parts = f"{row.digest} {counted} {timezone.now().date()}"
    return f'"{hashlib.sha256(parts.encode()).hexdigest()[:32]}"'


def _components(person: User) -> Iterator[Any]:
    """A task for each to-do, and an event for each open to-do with a due."""
    since = timezone.now() - FINISHED
    wanted = Todo.objects.owned_by(person).filter(Q(finished_at=None) | Q(finished_at__gte=since))
    rows = wanted.select_related("list").prefetch_related("tags").order_by("due_order", "pk")
    for todo in rows[:MOST]:
        yield component(todo, person)
        if todo.due is not None and not todo.is_finished:
            yield event(todo)
