"""The local cloud that `make cloud` makes, for as long as the tests of this folder run."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from localcloud.cloud import READY
from tests.browser.tabs import launched, tabs
from tests.cloud.local import COMMAND_SECONDS, ROOT, SCRIPTS, Cloud, eventually
from tests.cloud.people import new_operator

FOLDER = ROOT / "build" / "cloud-test"
# Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

TIMEOUT_MS = 60_000  # of an action or an expectation; processes of Lambda start in between
MINUTE = "5"  # seconds that a minute of EventBridge takes here


@pytest.fixture(scope="session")
def _signals() -> Iterator[None]:
    """Ctrl-C works in a background job of a shell, too, where it is ignored; SIGTERM does the same.

    So the local cloud ends with the tests, however these end.
    """
    names = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(name, signal.default_int_handler) for name in names]
    yield
    for name, handler in zip(names, before, strict=True):
        signal.signal(name, handler)


@pytest.fixture(scope="session")
def cloud(_signals: None) -> Iterator[Cloud]:
    """`make cloud` on free ports; it ends with the tests."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    python = str(SCRIPTS / "python")
    command = [python, "-m", "localcloud.cloud", "up", "--port", str(port), "--minute", MINUTE]
    output = ROOT / "build" / "cloud-test.log"
    with output.open("w") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*command, "--folder", str(FOLDER)],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches the tests, which then end it
        )
        try:
            eventually(
                lambda: process.poll() is not None or READY in output.read_text(), COMMAND_SECONDS
            )
            assert process.poll() is None, output.read_text()[-5000:]
            yield Cloud(f"http://127.0.0.1:{port}", FOLDER)
        finally:
            process.terminate()
            process.wait(COMMAND_SECONDS)


@pytest.fixture(scope="session")
def operator(cloud: Cloud) -> str:
    """The address of somebody who may do everything in the admin."""
    return new_operator(cloud)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=TIMEOUT_MS)
    with launched() as browser:
        yield browser


@pytest.fixture
def static(cloud: Cloud) -> str:
    """Where the bucket of the stage answers."""
    function = cloud.client("lambda").get_function_configuration(FunctionName="nudge-dev")
    url: str = function["Environment"]["Variables"]["STATIC_URL"]
    return url


@pytest.fixture
def visit(chromium: Browser, cloud: Cloud, static: str) -> Iterator[Callable[..., Page]]:
    with tabs(chromium, cloud.address, static) as open_tab:

        def patient(**options: Any) -> Page:
            page = open_tab(**options)
            page.context.set_default_timeout(TIMEOUT_MS)
            return page

        yield patient
