"""Settings as another environment would make them."""

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.urls import clear_script_prefix
from django.utils.module_loading import import_string

import config
from config import aws, env
from tests.config import zappa_in_process
from tests.config.cloud import Answer, Cloud

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCTION = {
    "DEBUG": "False",
    "SECRET_KEY": "r7pAqf0y3mWkZt5vXn8sJd2hGc6bLe9uRo4iTx1wQz-VyKaNjB",
    "DATABASE_URL": "postgresql://nudge:hunter%2F2@db.example.com/nudge",
    "ALLOWED_HOSTS": "nudge.example.com",
    "SMS_PROVIDER": "console",
    "EMAIL_HOST": "mail.example.com",
}


@pytest.fixture
def settings_of(monkeypatch) -> Callable[..., dict[str, Any]]:
    """`settings_of(DEBUG="False")`: every setting when only these variables are set."""

    def load(**variables: str) -> dict[str, Any]:
        for name in set(os.environ) - {"PATH", "HOME", "TMPDIR", "LANG"}:
            monkeypatch.delenv(name)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with monkeypatch.context() as fresh:
            for name in [name for name in sys.modules if name.startswith("config.settings")]:
                fresh.delitem(sys.modules, name)
            fresh.setattr(config, "settings", None)
            try:
                return vars(importlib.import_module("config.settings"))
            finally:
                for name in [name for name in sys.modules if name.startswith("config.settings")]:
                    del sys.modules[name]

    return load


@pytest.fixture
def cloud_of(monkeypatch) -> Iterator[Callable[[Answer], Cloud]]:
    """`cloud_of(answer)`: AWS on this machine, and the variables by which config.aws finds it."""
    made: list[Cloud] = []

    def start(answer: Answer) -> Cloud:
        made.append(Cloud(answer))
        for name, value in made[-1].variables.items():
            monkeypatch.setenv(name, value)
        return made[-1]

    monkeypatch.setattr(aws, "PAUSES", (0, 0))
    yield start
    aws._pool().clear()
    aws._pool.cache_clear()
    env.use({})
    for each in made:
        each.close()


@pytest.fixture
def _zappa(monkeypatch) -> Iterator[None]:
    """Zappa, in the connection of the test: as Django's test client does, nothing closes it.

    Requests leave their prefix behind, in this thread; the next request sets its own.
    """
    zappa_in_process.install(monkeypatch)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    clear_script_prefix()


@pytest.fixture(params=["config.on_lambda.handler", "zappa.handler.lambda_handler"])
def handler(request, _zappa) -> Callable[[Any, Any], Any]:
    """What Lambda calls: ours, and Zappa's own, which has to keep working."""
    return import_string(request.param)


@pytest.fixture
def on_lambda(_zappa) -> Callable[[Any, Any], Any]:
    """What Lambda calls for everything that is not a request."""
    return import_string("config.on_lambda.handler")
