"""Handles Ctrl-C and CI's SIGTERM, so that a second signal cannot end a rollback."""

import contextlib
import signal
from collections.abc import Iterator


def sigterm_is_ctrl_c() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@contextlib.contextmanager
def ignored() -> Iterator[None]:
    """Ignore both signals, because CI sends a second one seconds after it cancels a job."""
    signals = (signal.SIGINT, signal.SIGTERM)
    handlers = {each: signal.signal(each, signal.SIG_IGN) for each in signals}
    try:
        yield
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)
