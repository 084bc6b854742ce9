"""Progress lines on the terminal, or in the log of CI."""

import sys
import time

_started = time.monotonic()


def step(text: str) -> None:
    _say(f"\n== {text} ({time.monotonic() - _started:.0f} s)")


def done(text: str) -> None:
    _say(f"   {text}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
