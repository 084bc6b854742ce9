"""Counts open to-dos, in a constant number of queries."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.scopes import READING
from core.api.viewsets import ApiViewSet
from todos.models import List, SavedFilter, Status, Tag, Todo
from todos.models.search import matching

OPEN = Q(todos__status=Status.OPEN, todos__deleted_at=None)


class CountSerializer(serializers.Serializer[Any]):
    """Open to-dos of one list, tag or filter."""

    id = serializers.UUIDField()
    todos = serializers.IntegerField()

    class Meta:
        ref_name = "OpenTodos"


class SummarySerializer(serializers.Serializer[Any]):
    """Open to-dos outside the trash; the counts equal those of the filters of `GET todos/`."""

    inbox = serializers.IntegerField()
    today = serializers.IntegerField(help_text="`?status=open&due=today`")
    overdue = serializers.IntegerField(help_text="`?due=overdue`")
    by_list = CountSerializer(many=True)
    by_tag = CountSerializer(many=True)
    by_filter = CountSerializer(many=True)


class SummaryView(ApiViewSet):
    """Counts for a sidebar, for clients without a local copy of the to-dos."""

    token_scopes = READING
    serializer_class = SummarySerializer

    def retrieve(self, request: Request) -> Response:
        """Counts of the inbox, due today, overdue, and of each list, tag and saved filter."""
        now, caller = timezone.now(), self.caller
        lists = List.objects.owned_by(caller).annotate(open=Count("todos", filter=OPEN))
        tags = Tag.objects.owned_by(caller).annotate(open=Count("todos", filter=OPEN))
        todos = Todo.objects.owned_by(caller).open()
        counted = list(lists.order_by("position", "id"))
        shape = SummarySerializer(
            {
                "inbox": sum(each.open for each in counted if each.is_inbox),
                "today": todos.due_today(now, caller.zone).count(),
                "overdue": todos.overdue(now).count(),
                "by_list": [{"id": each.pk, "todos": each.open} for each in counted],
                "by_filter": self._by_filter(now),
                "by_tag": [
                    {"id": each.uuid, "todos": each.open} for each in tags.order_by("folded")
                ],
            }
        )
        return Response(shape.data)

    def _by_filter(self, now: datetime) -> list[dict[str, Any]]:
        """Count the results of all saved filters with one query."""
        saved = list(SavedFilter.objects.owned_by(self.caller).order_by("position", "id"))
        todos = Todo.objects.owned_by(self.caller).open()
        found = [matching(todos, each.query, now, self.caller.zone).values("pk") for each in saved]
        counts = {f"n{n}": Count("pk", filter=Q(pk__in=keys)) for n, keys in enumerate(found)}
        counted = todos.aggregate(**counts)
        return [{"id": each.pk, "todos": counted[f"n{n}"]} for n, each in enumerate(saved)]
