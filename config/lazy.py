"""Zappa without boto3, and DRF without requests and yaml, which they import but no request uses.

Together 120 ms of a cold start. The real modules are loaded where they are used.
"""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


@contextmanager
def boto3_by_name_only() -> Iterator[None]:
    """Inside, `import boto3` gives a module that can serve in annotations and in nothing else.

    zappa.utilities needs no more. The real one cannot wait behind a LazyLoader: an annotation is an
    attribute, which would load it.
    """
    if "boto3" in sys.modules:
        yield
        return
    name = ModuleType("boto3")
    name.Session = Any  # type: ignore[attr-defined]
    sys.modules["boto3"] = name
    try:
        yield
    finally:
        del sys.modules["boto3"]


def load_later(*names: str) -> None:
    """Modules that load themselves when something is asked of them (importlib's LazyLoader)."""
    for name in names:
        spec = None if name in sys.modules else importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            continue
        spec.loader = importlib.util.LazyLoader(spec.loader)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
