"""A route that will go says so on every answer, and in the document."""

from datetime import date
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from core.api.deprecation import deprecated
from core.api.viewsets import ApiViewSet
from tests.documented import document
from todos.api.views import TodoViewSet

OLD = deprecated(
    since=date(2027, 1, 1), sunset=date(2027, 7, 1), see="https://nudge.example.com/api/docs/"
)
TOLD = {
    "Deprecation": "@1798761600",
    "Sunset": "Thu, 01 Jul 2027 00:00:00 GMT",
    "Link": '<https://nudge.example.com/api/docs/>; rel="deprecation"; type="text/html"',
}


class HalfOld(ApiViewSet):
    def retrieve(self, request) -> Response:
        return Response({})

    @OLD
    @action(detail=False, methods=["post"])
    def fold(self, request) -> Response:
        return Response({})


@OLD
class Old(ApiViewSet):
    def retrieve(self, request) -> Response:
        return Response({})


def told(view: type[ApiViewSet], actions: Any, method: str, user, query: str = ""):
    request = getattr(APIRequestFactory(), method)(f"/{query}")
    if user:
        force_authenticate(request, user)
    response = view.as_view(actions)(request)
    return response.status_code, {name: response[name] for name in TOLD if name in response}


@pytest.mark.django_db
def test_every_answer_of_a_route_that_will_go_says_so(alice):
    actions = {"get": "retrieve"}
    assert told(Old, actions, "get", alice) == (200, TOLD)
    assert told(Old, actions, "get", alice, "?x=1") == (400, TOLD)
    assert told(Old, actions, "get", None) == (401, TOLD)
    assert told(Old, actions, "put", alice) == (405, TOLD)


@pytest.mark.django_db
def test_an_action_may_go_alone(alice):
    actions = {"get": "retrieve", "post": "fold"}
    assert told(HalfOld, actions, "post", alice) == (200, TOLD)
    assert told(HalfOld, actions, "post", None) == (401, TOLD)
    assert told(HalfOld, actions, "get", alice) == (200, {})


def test_the_document_marks_it(monkeypatch):
    def marked(document: Any) -> set[str]:
        operations = (each for item in document["paths"].values() for each in item.values())
        return {each["operationId"] for each in operations if each.get("deprecated")}

    assert marked(document()) == set()
    old: Any = OLD(lambda: None)
    monkeypatch.setattr(TodoViewSet.finish, "deprecation", old.deprecation, raising=False)
    assert marked(SchemaGenerator().get_schema(public=True)) == {"finishTodo"}
