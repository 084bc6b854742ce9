"""What a person at the terminal, or a log of CI, sees while something takes minutes."""

import sys
import time

_started = time.monotonic()


def step(text: str) -> None:
    """The next long thing begins; seconds since the start tell where the time goes."""
    _say(f"\n== {text} ({time.monotonic() - _started:.0f} s)")


def done(text: str) -> None:
    _say(f"   {text}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
