"""The next occurrences of a recurring to-do over HTTP."""

from types import MappingProxyType
from typing import Any, Final

from django.utils import translation
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.parameters import NoFilters
from core.api.scopes import READING
from core.api.viewsets import ApiViewSet
from todos import recurrence
from todos.api.members import DueMember
from todos.models import Todo, TodoQuerySet
from todos.models.recurrence import occurrences, rule_of

MOST_OCCURRENCES: Final = 100


class OccurrencesFilterSerializer(NoFilters):
    """How many occurrences to return."""

    limit = serializers.IntegerField(
        required=False, default=10, min_value=1, max_value=MOST_OCCURRENCES
    )


class OccurrencesSerializer(serializers.Serializer[Any]):
    """The occurrences from the due of the to-do, which is the first one."""

    words = serializers.CharField(allow_null=True, help_text="The rule in words; null without one.")
    results = serializers.ListField(child=DueMember(allow_null=True))


class OccurrencesView(ApiViewSet):
    """The occurrences of a recurring to-do."""

    token_scopes = READING
    serializer_class = OccurrencesSerializer
    queryset = Todo.objects.none()
    action_filters = MappingProxyType({"retrieve": OccurrencesFilterSerializer})

    def get_queryset(self) -> TodoQuerySet:
        return Todo.objects.owned_by(self.caller)

    def retrieve(self, request: Request, pk: object) -> Response:
        """The next occurrences, if each is finished on its day."""
        todo = self.get_object()
        rule = rule_of(todo)
        language = self.caller.language or translation.get_language()
        with translation.override(language):  # unknown to the middleware
            words = recurrence.in_words(rule) if rule else None
        found = {"words": words, "results": occurrences(todo, self.filters["limit"])}
        return Response(self.get_serializer(found).data, headers={"Content-Language": language})
