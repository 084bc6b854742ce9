"""Measures a warm page of 50 of 10,000 to-dos on Lambda: a REST API's event through the handler.

For comparison, the same rows from a bare DRF ModelViewSet, without authentication and Lambda.

python -m benchmarks.warm
"""

import json
from typing import Any

from benchmarks import stage
from localcloud.lambda_events import CONTEXT, request

TODOS, ROUNDS = 10_000, 200


def main() -> None:
    with stage.database():
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        from serverless.handler import handler

        person = stage.account("person@example.com", TODOS)
        stage.account("stranger@example.com", TODOS)
        headers = {"Authorization": f"Bearer {stage.token(person)}", "Host": "localhost"}
        event = request("rest_custom_domain", "/api/v1/todos/?limit=50", headers=headers)
        bare = bare_view(person)

        def page() -> Any:
            answer = handler(event, CONTEXT)
            assert answer["statusCode"] == 200, answer
            return answer

        page()  # the first opens the connection
        with CaptureQueriesContext(connection) as captured:
            rows = len(json.loads(page()["body"])["results"])
        queries = len(captured)
        times = stage.interleaved(ROUNDS, nudge=page, bare=bare)
        ratio = times["nudge"] / times["bare"]
        print("| warm page, PostgreSQL, median of 200 | queries | Nudge | bare DRF | ratio |")
        print("|---|---|---|---|---|")
        print(
            f"| {rows} of {TODOS:,} to-dos | {queries} | {times['nudge']:.1f} ms"
            f" | {times['bare']:.1f} ms | {ratio:.2f} |"
        )


def bare_view(person: Any) -> Any:
    """The same rows and members with stock DRF: no authentication, versions or strict types."""
    from rest_framework import pagination, serializers, viewsets
    from rest_framework.permissions import AllowAny
    from rest_framework.test import APIRequestFactory

    from todos.api.serializers import TodoSerializer
    from todos.models import Todo

    class BareSerializer(serializers.ModelSerializer[Todo]):
        tags: Any = serializers.SlugRelatedField(slug_field="name", many=True, read_only=True)

        class Meta:
            model = Todo
            fields = TodoSerializer.Meta.fields

    class Page(pagination.CursorPagination):
        page_size = 50
        ordering = "position"

    class BareViewSet(viewsets.ModelViewSet[Todo]):
        queryset = Todo.objects.filter(owner=person).prefetch_related("tags")
        serializer_class = BareSerializer
        authentication_classes = ()
        permission_classes = (AllowAny,)
        pagination_class = Page

    view = BareViewSet.as_view({"get": "list"})
    factory = APIRequestFactory()

    def call() -> None:
        response = view(factory.get("/bare/", headers={"Host": "localhost"}))
        response.render()

    return call


if __name__ == "__main__":
    main()
