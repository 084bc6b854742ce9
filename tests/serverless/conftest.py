"""The handler as Lambda calls it, and AWS on this machine."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.urls import clear_script_prefix
from django.utils.module_loading import import_string

from config import env
from serverless import aws
from tests.config.conftest import settings_of
from tests.serverless.aws_api import Answer, Cloud

__all__ = ["settings_of"]


@pytest.fixture
def cloud_of(monkeypatch) -> Iterator[Callable[[Answer], Cloud]]:
    """`cloud_of(answer)`: AWS on this machine, and the variables by which it is found."""
    made: list[Cloud] = []
    now = [0.0]

    def start(answer: Answer) -> Cloud:
        made.append(Cloud(answer))
        made[-1].now = now
        for name, value in made[-1].variables.items():
            monkeypatch.setenv(name, value)
        return made[-1]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(aws, "time", SimpleNamespace(sleep=sleep, monotonic=lambda: now[0]))
    yield start
    aws._pool().clear()
    aws._pool.cache_clear()
    env.use({})
    for each in made:
        each.close()


@pytest.fixture
def handler() -> Iterator[Callable[[Any, Any], Any]]:
    """What Lambda calls, in the connection of the test: as with Django's client, nothing closes it.

    Requests leave their prefix behind, in this thread; the next request sets its own.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield import_string("serverless.handler.handler")
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    clear_script_prefix()
