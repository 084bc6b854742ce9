"""How many open to-dos there are where, in a constant number of queries."""

from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.viewsets import ApiViewSet
from todos.models import List, Status, Tag, Todo

OPEN = Q(todos__status=Status.OPEN, todos__deleted_at=None)


class CountSerializer(serializers.Serializer[Any]):
    """Open to-dos of one list, tag or filter."""

    id = serializers.UUIDField()
    todos = serializers.IntegerField()

    class Meta:
        ref_name = "OpenTodos"


class SummarySerializer(serializers.Serializer[Any]):
    """Open to-dos, without the trash: as many as the filters of `GET todos/` find."""

    inbox = serializers.IntegerField()
    today = serializers.IntegerField(help_text="`?status=open&due=today`")
    overdue = serializers.IntegerField(help_text="`?due=overdue`")
    by_list = CountSerializer(many=True)
    by_tag = CountSerializer(many=True)


class SummaryView(ApiViewSet):
    """Counts for a sidebar, for clients that hold no copy of the to-dos."""

    serializer_class = SummarySerializer

    def retrieve(self, request: Request) -> Response:
        """How many open to-dos are in the inbox, due today, overdue, in each list, of each tag."""
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
                "by_tag": [
                    {"id": each.uuid, "todos": each.open} for each in tags.order_by("folded")
                ],
            }
        )
        return Response(shape.data)
