from rest_framework import generics

from accounts.api.serializers import ProfileSerializer
from accounts.models import User
from accounts.sessions import signed_in_user


class ProfileView(generics.RetrieveUpdateAPIView[User]):
    """Your own profile. The e-mail address is changed under /api/auth/, which verifies it."""

    serializer_class = ProfileSerializer
    http_method_names = ("get", "patch", "head", "options")

    def get_object(self) -> User:
        return signed_in_user(self.request)
