"""Reading and writing versioned objects so that no change is lost.

ETag and If-Match carry the integer `version` of every mutable object (RFC 9110).
"""

import re
from collections.abc import Callable, Mapping, Sequence
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
    """Also answers OPTIONS for a view without a serializer, which has no members to list."""

    def determine_actions(self, request: Request, view: Any) -> Any:
        if view.serializer_class is None:
            return {}
        return super().determine_actions(request, view)


class ApiViewSet(viewsets.GenericViewSet[Any]):
    metadata_class = Metadata
    lookup_value_converter = ids.CONVERTER
    filter_class: type[StrictSerializer] = NoFilters
    action_filters: ClassVar[Mapping[str, type[StrictSerializer]]] = MappingProxyType(
        {}
    )  # of actions other than list
    token_scopes: ClassVar[Scopes] = CLOSED  # what an API token needs, by method
    filters: Mapping[str, Any] = MappingProxyType({})  # the validated query parameters

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Read the query parameters; an unknown one is an error on every route."""
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
        """A transaction that locks the caller's account; an error rolls all of it back."""
        return writing(self.caller.pk, savepoint=True)

    @classmethod
    def get_extra_actions(cls) -> list[Callable[..., Any]]:
        """As in DRF, but skips `schema`: reading it would load drf-spectacular (20 ms)."""
        members = (getattr(cls, name) for name in dir(cls) if name != "schema")
        return [each for each in members if isinstance(getattr(each, "mapping", 0), MethodMapper)]


class VersionedViewSet(ApiViewSet, viewsets.ModelViewSet[Any]):
    """Create, list, read, change and delete, with an ETag on every response and If-Match.

    Concurrent changes of one account run one after the other. Each compares the version and writes
    only the fields in its body. So two changes of different fields both survive, and If-Match
    detects two changes of the same field.
    """

    shown_along: ClassVar[Sequence[str]] = ()  # relations that answers show, read for all rows

    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        with self.writing():
            serializer.is_valid(raise_exception=True)
            instance, created = self.save_new(serializer)
        status = HTTPStatus.CREATED if created else HTTPStatus.OK
        response = self.answer(instance, status, shape=serializer)
        if created:
            path = f"{request.path}{getattr(instance, instance.feed_key)}/"
            response["Location"] = request.build_absolute_uri(path)
        return response

    def save_new(self, serializer: BaseSerializer[Any]) -> tuple[Versioned, bool]:
        """Save and return the new object and True; or an equal object that exists, and False."""
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
        return self.answer(instance, shape=serializer)

    def create_here(self, request: Request) -> Response:
        """PUT with `If-None-Match: *`: create an object with the id in the path (RFC 9110)."""
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
            instance, _created = self.save_new(serializer)  # no race: the account is locked
        response = self.answer(instance, HTTPStatus.CREATED, shape=serializer)
        response["Location"] = request.build_absolute_uri(request.path)
        return response

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with self.writing():
            self.perform_destroy(self.locked_object())
        return Response(status=HTTPStatus.NO_CONTENT)

    def locked_object(self) -> Any:
        """The caller's object, if If-Match matches; else 404 or 412. Call it in `writing()`."""
        instance = self.named().first()
        if instance is None:
            raise Http404
        check_version(self.request, instance, self.get_serializer)
        return instance

    @property
    def model(self) -> Any:
        model: type[Synced] = self.serializer_class.Meta.model  # type: ignore[union-attr]
        return model

    def get_queryset(self) -> Any:
        """The caller's objects: other people's do not exist for a view."""
        return self.model.objects.owned_by(self.caller).prefetch_related(*self.shown_along)

    def named(self) -> Any:
        """A queryset of the caller's object with the id in the path."""
        return self.get_queryset().filter(**{self.model.feed_key: self.kwargs["pk"]})

    def get_object(self) -> Any:
        return get_object_or_404(self.named())

    def answer(
        self,
        instance: Versioned,
        status: int = HTTPStatus.OK,
        *,
        shape: BaseSerializer[Any] | None = None,
    ) -> Response:
        """The object, by the serializer that has read the request, or by a new one."""
        data = (shape or self.get_serializer()).to_representation(instance)
        return Response(data, status=status, headers={"ETag": etag(instance.version)})


def check_version(request: Request, instance: Any, serializer: Callable[..., Any]) -> None:
    """Raise 412 with the present object if If-Match names other versions."""
    versions = expected_versions(request)
    if versions is not None and instance.version not in versions:
        raise PreconditionFailed(current=serializer(instance).data)


def etag(version: int) -> str:
    return f'"{version}"'


def expected_versions(request: Request) -> set[int] | None:
    """The versions in If-Match; None if every version matches (header missing, or `*`).

    A weak tag counts as a strong one: compression on the way makes tags weak, but not the version.
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
