"""The versions of packages, read from the names of the folders with their metadata.

psycopg asks importlib.metadata for its own version as soon as it is imported. That loads 16 modules
and parses two files: 20 ms of a cold start. A folder's name has the version as well (PyPA,
"Recording installed projects"); importlib.metadata answers everything else.
"""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

NAME = "metadata"
REAL = f"importlib.{NAME}"
SUFFIX = ".dist-info"


class _Versions(ModuleType):
    def __init__(self, root: str) -> None:
        super().__init__(REAL)
        self.__spec__ = ModuleSpec(REAL, None)
        folders = (name.removesuffix(SUFFIX) for name in os.listdir(root) if name.endswith(SUFFIX))  # noqa: PTH208 - pathlib is slow to import
        self._found = {
            name: version for name, _, version in (each.rpartition("-") for each in folders)
        }

    def version(self, name: str) -> str:
        return self._found.get(name.replace("-", "_")) or self._real().version(name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # such as __path__, which every import of a name looks for
            raise AttributeError(name)
        return getattr(self._real(), name)

    def _real(self) -> Any:
        if sys.modules.get(REAL) is self:
            del sys.modules[REAL]
        return importlib.import_module(REAL)


@contextmanager
def by_folders(root: str) -> Iterator[None]:
    """Within it, `importlib.metadata.version` does not import importlib.metadata."""
    if REAL in sys.modules:
        yield
        return
    stand_in = sys.modules[REAL] = _Versions(root)
    setattr(importlib, NAME, stand_in)  # as an import does
    try:
        yield
    finally:
        if sys.modules.get(REAL) is stand_in:
            del sys.modules[REAL]
            delattr(importlib, NAME)
