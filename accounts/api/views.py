from typing import Any

from rest_framework.request import Request

from accounts.api.serializers import ProfileSerializer
from accounts.models import User
from accounts.sessions import signed_in_user
from core.api.viewsets import VersionedViewSet


class ProfileView(VersionedViewSet):
    """Your own profile. The e-mail address is changed under /api/auth/, which verifies it."""

    serializer_class = ProfileSerializer
    http_method_names = ("get", "patch", "head", "options")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """The path names nobody: it is the caller's own."""
        super().initial(request, *args, **kwargs)
        self.kwargs["pk"] = signed_in_user(request).pk

    def get_queryset(self) -> Any:
        return User.objects.filter(pk=self.caller.pk)

    def get_object(self) -> User:
        return signed_in_user(self.request)
