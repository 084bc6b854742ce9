"""Zappa and DRF without the vendors' modules that they import and that no request uses.

100 ms of a cold start. Whoever needs one of the modules imports it, and gets the real one. A
LazyLoader would not do: `import` looks at `__spec__`, and any look loads the module (Python 3.11).
"""

import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


@functools.cache
def load() -> None:
    """Once, and before anything else: import those that may not load everything they name."""
    annotations = ModuleType("boto3")
    annotations.Session = Any  # type: ignore[attr-defined]
    with replaced(boto3=annotations, botocore=ModuleType("botocore")):
        import_module("zappa.utilities")
    with replaced(requests=None, yaml=None):
        import_module("rest_framework.compat")  # where both are optional


@contextmanager
def replaced(**modules: ModuleType | None) -> Iterator[None]:
    """What `import` finds under these names, unless it is loaded; None: there is no such module."""
    missing = {name: module for name, module in modules.items() if name not in sys.modules}
    sys.modules.update(missing)  # type: ignore[arg-type]  # None is importlib's own word
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]
