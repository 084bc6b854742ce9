"""Narrow ``request.user`` to a signed-in User, once, for every app."""

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import User


def signed_in_user(request: HttpRequest | Request) -> User:
    """The caller; raises TypeError where a view forgot its authentication check."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("This view must sit behind an authentication check")
    return user
