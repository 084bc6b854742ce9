"""Reading and writing versioned objects so that no change is lost.

ETag and If-Match carry the integer `version` of every mutable object (RFC 9110).
"""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, ClassVar

from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework import viewsets
from rest_framework.decorators import MethodMapper
from rest_framework.exceptions import ValidationError
from rest_framework.metadata import SimpleMetadata
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from core import ids
from core.api.deprecation import deprecation_of
from core.api.errors import PreconditionFailed, PreconditionRequired
from core.api.fields import StrictSerializer
from core.api.parameters import NoFilters, read_parameters
from core.api.scopes import CLOSED, Scopes
from core.feed import Synced, writing
from core.http import holds
from core.idempotency import idempotent
from core.models import Versioned

_TAG = re.compile(r'(?:W/)?"(\d{1,18})"')


class Metadata(SimpleMetadata):
    """Answers OPTIONS also of a view without one serializer, which has no members to list."""

    def determine_actions(self, request: Request, view: Any) -> Any:
        if view.serializer_class is None:
            return {}
        return super().determine_actions(request, view)


class ApiViewSet(viewsets.GenericViewSet[Any]):
    """What every resource shares: its caller, how its ids are written, and its actions."""

    metadata_class = Metadata
    lookup_value_converter = ids.CONVERTER
    filter_class: type[StrictSerializer] = NoFilters
    action_filters: ClassVar[Mapping[str, type[StrictSerializer]]] = MappingProxyType(
        {}
    )  # of the others
    token_scopes: ClassVar[Scopes] = CLOSED  # what an API token needs, by method
    filters: Mapping[str, Any] = MappingProxyType({})  # what has been read

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """A parameter that does not exist is an error on every route."""
        super().initial(request, *args, **kwargs)
        if self.action == "list":
            self.filters = read_parameters(request, self.filter_class, user=request.user)
        elif self.action:
            expected = self.action_filters.get(self.action, NoFilters)
            self.filters = read_parameters(request, expected, read_elsewhere=())

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        mark = deprecation_of(self)
        for name, value in mark.headers.items() if mark else ():
            answer[name] = value
        return answer

    @property
    def caller(self) -> Any:
        """The signed-in user: IsAuthenticated is the default permission of every view."""
        return self.request.user

    def writing(self) -> AbstractContextManager[None]:
        """What is read and changed in it is one change; an error undoes all of it."""
        return writing(self.caller.pk, savepoint=True)

    @classmethod
    def get_extra_actions(cls) -> list[Callable[..., Any]]:
        """DRF's, which looks at every attribute: `schema` would load drf-spectacular (20 ms)."""
        members = (getattr(cls, name) for name in dir(cls) if name != "schema")
        return [each for each in members if isinstance(getattr(each, "mapping", 0), MethodMapper)]


class VersionedViewSet(ApiViewSet, viewsets.ModelViewSet[Any]):
    """Create, list, read, change, remove; ETag on every answer, If-Match on every change.

    Changes of one account wait for each other; each compares the version and writes only what is
    named, so two to different fields both stay and two to the same are told apart by If-Match.
    """

    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        with self.writing():
            serializer.is_valid(raise_exception=True)
            instance, created = self.save_new(serializer)
        response = self.answer(instance, HTTPStatus.CREATED if created else HTTPStatus.OK)
        if created:
            path = f"{request.path}{getattr(instance, instance.feed_key)}/"
            response["Location"] = request.build_absolute_uri(path)
        return response

    def save_new(self, serializer: BaseSerializer[Any]) -> tuple[Versioned, bool]:
        """Save the new object; False beside one that was there already, with the same content."""
        raise NotImplementedError

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        instance = self.get_object()
        tag = etag(instance.version)
        if holds(request._request, tag):  # noqa: SLF001 - a header of the real request
            return Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
        return self.answer(instance)

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        partial = kwargs.get("partial", False)
        if not partial and request.headers.get("If-None-Match", "").strip() == "*":
            return self.create_here(request)
        if not partial:
            require_if_match(request)
        data = request.data  # read before the account is locked
        with self.writing():
            instance = self.locked_object()
            serializer = self.get_serializer(instance, data=data, partial=partial)
            serializer.is_valid(raise_exception=True)
            serializer.save()
        return self.answer(instance)

    def create_here(self, request: Request) -> Response:
        """PUT with `If-None-Match: *` creates under the id of the path (RFC 9110, 13.1.2)."""
        data = request.data  # read before the account is locked
        with self.writing():
            existing = self.named().first()
            if existing is not None:
                raise PreconditionFailed(current=self.get_serializer(existing).data)
            serializer = self.get_serializer(data=data)
            serializer.is_valid(raise_exception=True)
            key = self.kwargs["pk"]
            if serializer.validated_data.setdefault(self.model.feed_key, key) != key:
                message = "The id of an object never changes."
                raise ValidationError({"id": [message]}, code="immutable")
            instance, _created = self.save_new(serializer)  # nobody else creates it: locked
        response = self.answer(instance, HTTPStatus.CREATED)
        response["Location"] = request.build_absolute_uri(request.path)
        return response

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with self.writing():
            self.perform_destroy(self.locked_object())
        return Response(status=HTTPStatus.NO_CONTENT)

    def locked_object(self) -> Any:
        """The caller's object, after If-Match; 404 or 412 otherwise. The caller is `writing`."""
        instance = self.named().first()
        if instance is None:
            raise Http404
        check_version(self.request, instance, self.get_serializer)
        return instance

    @property
    def model(self) -> Any:
        model: type[Synced] = self.serializer_class.Meta.model  # type: ignore[union-attr]
        return model

    def named(self) -> Any:
        """The caller's object of the id in the path, in a queryset."""
        return self.get_queryset().filter(**{self.model.feed_key: self.kwargs["pk"]})

    def get_object(self) -> Any:
        return get_object_or_404(self.named())

    def answer(self, instance: Versioned, status: int = HTTPStatus.OK) -> Response:
        data = self.get_serializer(instance).data
        return Response(data, status=status, headers={"ETag": etag(instance.version)})


def check_version(request: Request, instance: Any, serializer: Callable[..., Any]) -> None:
    """412 with the object as it is, if If-Match names other versions."""
    versions = expected_versions(request)
    if versions is not None and instance.version not in versions:
        raise PreconditionFailed(current=serializer(instance).data)


def etag(version: int) -> str:
    return f'"{version}"'


def expected_versions(request: Request) -> set[int] | None:
    """The versions of If-Match, or None if any will do (header missing, or `*`).

    A weak tag counts like a strong one: gzip on the way makes tags weak, the integer stays true.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    parts = [_TAG.fullmatch(part.strip()) for part in header.split(",")]
    if not all(parts):
        raise ValidationError(
            'If-Match must be a quoted version such as "7", or *.', code="invalid_if_match"
        )
    return {int(part[1]) for part in parts if part}


def require_if_match(request: Request) -> None:
    if "If-Match" not in request.headers:
        raise PreconditionRequired
