"""SnapStart: what a process loads and closes before the snapshot, and what each copy renews.

AWS Lambda Developer Guide, "Lambda SnapStart runtime hooks" and "Handling uniqueness".
"""

import os
import random
from collections.abc import Callable
from importlib import import_module

from core import clients

ENTROPY_BYTES = 32


def register(load: Callable[[], object]) -> None:
    """Register the hooks. If `load` raises, AWS makes no snapshot of this process."""
    try:
        hooks = import_module("snapshot_restore_py")
    except ImportError:  # not on Lambda, or a Python without SnapStart
        return
    hooks.register_before_snapshot(before, load)
    hooks.register_after_restore(after)


def before(load: Callable[[], object]) -> None:
    load()
    import_module("serverless.warmup").load()
    _close()


def after() -> None:
    """Renew the random state, which copies share; `secrets` and `uuid` use the system's."""
    import ssl

    _close()
    random.seed()
    ssl.RAND_add(os.urandom(ENTROPY_BYTES), ENTROPY_BYTES)


def _close() -> None:
    from django.db import connections

    connections.close_all()
    clients.forget()
