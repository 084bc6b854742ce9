"""Ctrl-C, and the SIGTERM with which CI ends a job: a rollback that no second signal ends."""

import contextlib
import signal
from collections.abc import Iterator


def sigterm_is_ctrl_c() -> None:
    """Raise KeyboardInterrupt on SIGTERM, so that both are handled alike."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@contextlib.contextmanager
def ignored() -> Iterator[None]:
    """CI that cancels a job sends a second signal after some seconds."""
    signals = (signal.SIGINT, signal.SIGTERM)
    handlers = {each: signal.signal(each, signal.SIG_IGN) for each in signals}
    try:
        yield
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)
