"""Imports from the package on Lambda without a search.

For each module, Python searches the folders of sys.path and asks for the dates of several files.
The package never changes, so deploy/package.py lists its modules in MODULES.json. That saves a
tenth of a cold start (docs/performance.md). Without this file, Python imports as usual. Tracebacks
name the files by their place on Lambda, wherever the package is unpacked.
"""

import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec, SourceFileLoader, SourcelessFileLoader
from types import CodeType, ModuleType

ROOT = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 - pathlib is slow to import
LIST = "MODULES.json"  # name of a module -> whether it is a package


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, cached: str, *, is_package: bool) -> None:
        super().__init__(name, path)
        self._bytecode = SourcelessFileLoader(name, cached)
        self._is_package = is_package

    def is_package(self, fullname: str) -> bool:
        return self._is_package

    def get_code(self, fullname: str) -> CodeType | None:
        try:
            return self._bytecode.get_code(fullname)
        except (ImportError, OSError):  # of another Python, or removed
            return super().get_code(fullname)


class _Finder:
    def __init__(self, root: str, modules: dict[str, bool]) -> None:
        self.root = root
        self.modules = modules
        self.suffix = f".{sys.implementation.cache_tag}.pyc"

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        is_package = self.modules.get(name)
        if is_package is None:
            return None
        parent, _, stem = name.rpartition(".")
        if path is not None and f"{self.root}/{parent.replace('.', '/')}" not in path:
            return None  # its package comes from elsewhere, such as a layer
        folder = f"{self.root}/{(name if is_package else parent).replace('.', '/')}".rstrip("/")
        stem = "__init__" if is_package else stem
        source, cached = f"{folder}/{stem}.py", f"{folder}/__pycache__/{stem}{self.suffix}"
        loader = _Loader(name, source, cached, is_package=is_package)
        spec = ModuleSpec(name, loader, origin=source, is_package=is_package)
        spec.has_location = True
        spec.cached = cached
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(folder)
        return spec


def install() -> None:
    with suppress(OSError), open(f"{ROOT}/{LIST}", "rb") as file:  # noqa: PTH123
        sys.meta_path.insert(0, _Finder(ROOT, json.loads(file.read())))
