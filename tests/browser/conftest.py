"""The browser against Django's live server."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page

from accounts.models import User
from tests.browser.tabs import launched, tabs

# Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def visit(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """`visit(as_=alice, **options of the context)`: a tab; the console must stay clean."""
    with tabs(chromium, live_server.url) as open_tab:

        def visit(as_: User | None = None, **options: Any) -> Page:
            cookies = [_session_of(as_, live_server.url)] if as_ else []
            return open_tab(cookies, **options)

        yield visit


def _session_of(user: User, url: str) -> Any:
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}
