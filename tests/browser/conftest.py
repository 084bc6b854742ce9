"""The browser against Django's live server."""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
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


class Requests:
    """How many the server is answering; the database may not be emptied meanwhile."""

    def __init__(self) -> None:
        self.running = 0
        request_started.connect(self._begin)
        request_finished.connect(self._end)

    def _begin(self, **kwargs: Any) -> None:
        self.running += 1

    def _end(self, **kwargs: Any) -> None:
        self.running -= 1

    def wait(self) -> None:
        """Until none is left, and none is on its way."""
        calm = 0
        for _ in range(200):
            time.sleep(0.05)
            calm = 0 if self.running else calm + 1
            if calm == 4:
                break


@pytest.fixture(scope="session")
def requests() -> Requests:
    return Requests()


@pytest.fixture
def visit(chromium: Browser, live_server: Any, requests: Requests) -> Iterator[Callable[..., Page]]:
    """`visit(as_=alice, **options of the context)`: a tab; the console must stay clean."""
    with tabs(chromium, live_server.url) as open_tab:

        def visit(as_: User | None = None, *, complains: bool = False, **options: Any) -> Page:
            """`complains`: the console may, for the test cuts the network."""
            cookies = [_session_of(as_, live_server.url)] if as_ else []
            return open_tab(cookies, complains=complains, **options)

        yield visit
    requests.wait()


def _session_of(user: User, url: str) -> Any:
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}
