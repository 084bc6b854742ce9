"""Processes that live until they are killed (tests/sms/faults/life.py), one after the other.

For every line on standard input, the number of its last event, one begins; how it died is printed.
Forked, so that it is at work within milliseconds.
"""

import importlib
import os
import sys

import django


def lives(module: str) -> None:
    django.setup()
    life = importlib.import_module(module)  # needs the applications
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            life.live(int(line))
        _pid, status = os.waitpid(pid, 0)
        tell(os.waitstatus_to_exitcode(status))


def tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    lives("tests.sms.faults.life")
