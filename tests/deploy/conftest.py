"""The template read with few parameters and with all, an account, and a clock."""

import signal
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from botocore import waiter
from botocore.client import BaseClient

from deploy import smoke, stack, static
from localcloud import cloud
from tests.deploy.account import Account, deployed
from tests.deploy.cloudformation import EVERYTHING, Stack


@pytest.fixture(scope="session")
def small() -> Stack:
    return Stack(Stage="dev")


@pytest.fixture(scope="session")
def full() -> Stack:
    return Stack(**EVERYTHING)


@pytest.fixture
def account(monkeypatch, tmp_path) -> Account:
    """The stage dev in an account in memory; the working folder is empty but for a manifest."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "API_KEY", "S3_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.chdir(tmp_path)
    static.MANIFEST.parent.mkdir()
    static.MANIFEST.write_text('{"paths": {"css/app.css": "css/app.0123.css"}}')
    found = deployed()

    def call(client: BaseClient, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return found.call(client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    monkeypatch.setattr(requests, "get", found.get)
    monkeypatch.setattr(waiter, "time", SimpleNamespace(sleep=found.let_pass))
    return found


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """[seconds since the start], for all that is waited for; sleeping alone moves it."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    for module in (cloud, smoke, stack):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=sleep, monotonic=lambda: now[0]))
    return now


@pytest.fixture
def signals() -> Iterator[list[int]]:
    """Every SIGINT and SIGTERM that this process receives and does not handle otherwise."""
    received: list[int] = []
    both = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.getsignal(each) for each in both}
    for each in both:
        signal.signal(each, lambda number, _frame: received.append(number))
    yield received
    for each in both:
        signal.signal(each, before[each])
