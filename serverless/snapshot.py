"""SnapStart: what a process loads and closes before it is stored, and what each copy has anew.

AWS Lambda Developer Guide, "Lambda SnapStart runtime hooks" and "Handling uniqueness".
"""

import os
import random
from collections.abc import Callable
from importlib import import_module

from core import clients

ENTROPY_BYTES = 32


def register(load: Callable[[], object]) -> None:
    """`load` raises if this process cannot serve; then AWS makes no snapshot of it."""
    try:
        hooks = import_module("snapshot_restore_py")
    except ImportError:  # another machine, or a Python without SnapStart
        return
    hooks.register_before_snapshot(before, load)
    hooks.register_after_restore(after)


def before(load: Callable[[], object]) -> None:
    load()
    import_module("serverless.warmup").load()
    _close()


def after() -> None:
    """Copies would draw the same random numbers; `secrets` and `uuid` ask the system each time."""
    import ssl

    _close()
    random.seed()
    ssl.RAND_add(os.urandom(ENTROPY_BYTES), ENTROPY_BYTES)


def _close() -> None:
    from django.db import connections

    connections.close_all()
    clients.forget()
