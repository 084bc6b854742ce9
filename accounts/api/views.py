from typing import Any

from django.middleware.csrf import get_token
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import (
    PageSessionSerializer,
    ProfileSerializer,
    SecurityEventSerializer,
)
from accounts.audit import SecurityEvent, events_of
from accounts.models import User
from accounts.sessions import signed_in_user
from core.api.scopes import READING
from core.api.viewsets import ApiViewSet, VersionedViewSet


class ProfileView(VersionedViewSet):
    """Your profile. Change the e-mail address under /api/auth/, which verifies it."""

    token_scopes = READING  # a token must not change how its owner is reminded
    serializer_class = ProfileSerializer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """The path has no id: the object is the caller."""
        super().initial(request, *args, **kwargs)
        self.kwargs["pk"] = signed_in_user(request).pk

    def get_queryset(self) -> Any:
        return User.objects.filter(pk=self.caller.pk)

    def get_object(self) -> User:
        return signed_in_user(self.request)


class PageSessionView(ApiViewSet):
    """The logged-in account, and the CSRF token that changes with a session cookie need.

    A cached page must contain neither, because a log-in changes both.
    """

    serializer_class = PageSessionSerializer

    def retrieve(self, request: Request) -> Response:
        # Use Django's request, which sets the matching cookie.
        token = get_token(request._request)  # noqa: SLF001 - DRF has no public name for it
        return Response({"account": self.caller.pk, "csrf_token": token})


class ActivityView(mixins.ListModelMixin, ApiViewSet):
    """The events of your account in the last 90 days, newest first."""

    serializer_class = SecurityEventSerializer
    queryset = SecurityEvent.objects.none()

    def get_queryset(self) -> Any:
        return events_of(self.caller)

    def get_ordering(self) -> list[str]:
        return ["-at", "-id"]
