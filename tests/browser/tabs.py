"""Debian's Chromium, driven by Playwright; what its console complains of fails the test."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TIMEOUT_MS = 10_000
# Chromium reports a page's answer of 404 or 422 on the console; for us it is no error.
_NO_SUCH_PAGE = re.compile(r"server responded with a status of (404|422) ")
# What a network that fails, or a session that ended, leaves there.
_NO_NETWORK = re.compile(r"net::ERR_|status of (401|403|409|410) ")


@contextmanager
def launched() -> Iterator[Browser]:
    """The browser of this machine."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.fail("Chromium is not installed: run `apt-get install chromium`.", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*ARGUMENTS])
        yield browser
        browser.close()


@contextmanager
def tabs(
    browser: Browser, base_url: str, static: str = "/static/"
) -> Iterator[Callable[..., Page]]:
    """`open_tab(**options of the context)`; at the end the console must have stayed clean.

    `static`: what the address of a file has in it, of which none may be missing.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if _is_complaint(message, static):
            complaints.append(message.text)

    def listen_less(message: ConsoleMessage) -> None:
        if not _NO_NETWORK.search(message.text):
            listen(message)

    def open_tab(
        cookies: list[Any] | None = None, *, complains: bool = False, **options: Any
    ) -> Page:
        context = browser.new_context(base_url=base_url, **options)
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MS)
        context.add_cookies(cookies or [])
        page = context.new_page()
        page.on("console", listen_less if complains else listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_tab
    for context in contexts:
        context.close()
    assert complaints == [], complaints


def _is_complaint(message: ConsoleMessage, static: str) -> bool:
    if message.type != "error":
        return False
    return static in message.location["url"] or not _NO_SUCH_PAGE.search(message.text)
