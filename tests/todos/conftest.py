from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User


@pytest.fixture
def browser(alice: User, web: Callable[[User], Client]) -> Client:
    """Alice's browser, signed in."""
    return web(alice)
