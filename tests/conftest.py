"""Three people and their clients; everything else is built where it is needed."""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _cheap_passwords(settings) -> None:
    """The real hasher takes a quarter of a second by design; tests log in hundreds of times."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def make_user(email: str, **fields: object) -> User:
    user = User.objects.create_user(email, PASSWORD, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def alice(db) -> User:
    return make_user("alice@example.com")


@pytest.fixture
def bob(db) -> User:
    return make_user("bob@example.com")


@pytest.fixture
def staff(db) -> User:
    return make_user("staff@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def api() -> Callable[[User], APIClient]:
    """`api(alice)`: a client whose requests come from that person's phone."""

    def client(user: User) -> APIClient:
        result = APIClient()
        result.force_authenticate(user)
        return result

    return client


@pytest.fixture
def web() -> Callable[[User], Client]:
    """`web(alice)`: that person's browser."""

    def client(user: User) -> Client:
        result = Client()
        result.force_login(user)
        return result

    return client


@pytest.fixture(autouse=True)
def _fresh_limits(request) -> None:
    """Log-in limits live in the cache table; rows of one test must not lock out the next."""
    if "db" in request.fixturenames or "transactional_db" in request.fixturenames:
        cache.clear()
