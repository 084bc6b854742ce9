"""A private copy of the source tree, in which a file is changed while tests run."""

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mutants import node, processes
from tests.mutants.code import changed_functions
from tests.mutants.processes import ENDED, TIME_OUT, Forker, UnfitError
from tests.mutants.table import ROOT, Mutant, package_tests

LINKED = (".venv", "node_modules")  # tools, which no mutant changes
LEFT_OUT = shutil.ignore_patterns(
    *("build", "staticfiles", "media", "__pycache__", "*.sqlite3*", ".env", ".git"),
    *(".coverage*", ".*_cache", ".hypothesis", *LINKED),
)
_moments = itertools.count(2_000_000_000)  # of changed files: no bytecode is of the same moment


class Tree:
    """What tries a mutant returns the test that failed; empty if the mutant survived."""

    def __init__(self, folder: Path) -> None:
        self.root = folder.resolve() / "tree"
        shutil.copytree(ROOT, self.root, ignore=LEFT_OUT, symlinks=True)
        for name in LINKED:
            (self.root / name).symlink_to((ROOT / name).resolve())
        self._forker: Forker | None = None
        self._controls: dict[tuple[str, tuple[str, ...]], str] = {}

    def forker(self) -> Forker:
        self._forker = self._forker or Forker(self.root)
        return self._forker

    def close(self) -> None:
        if self._forker:
            self._forker.close()

    def try_nothing(self, mutant: Mutant, killer: str) -> str:
        """The control, once for each test: what killed the mutant must pass without it."""
        test = killer.removesuffix(TIME_OUT).removesuffix(ENDED)
        tests = (test,) if "::" in test else mutant.killers
        if (mutant.lane, tests) not in self._controls:
            self._controls[mutant.lane, tests] = self._unchanged(mutant.lane, tests)
        return self._controls[mutant.lane, tests]

    def _unchanged(self, lane: str, tests: tuple[str, ...]) -> str:
        return self.forker().run(tests) if lane == "fast" else self._run(lane, tests)

    def _run(self, lane: str, tests: tuple[str, ...]) -> str:
        if lane == "check":
            return self.check()
        if lane == "page":
            return node.run(self.root, tests)
        return processes.run(self.root, tests, postgres=lane == "postgres")

    def try_killers(self, mutant: Mutant) -> str:
        if mutant.lane == "fast" and (order := self._order(mutant)):
            forker = self.forker()
            try:
                with self._changed(mutant):
                    return forker.run(mutant.killers, order)
            except UnfitError:
                pass
        with self._changed(mutant):
            return self._run(mutant.lane, mutant.killers)

    def try_package(self, mutant: Mutant) -> str:
        """Never in a fork: what a function did on import is done there, and is not undone."""
        if mutant.lane == "check":
            return ""
        page = mutant.lane == "page"
        others = node.all_tests(self.root) if page else [package_tests(mutant.file)]
        with self._changed(mutant):
            return self._run(mutant.lane, (*mutant.killers, *others))

    def check(self) -> str:
        """The first command of `make check` that fails; another format is no fault."""
        for line in self._checks():
            done = subprocess.run(  # noqa: S603 - a line of the Makefile, which make gives to sh
                ["/bin/sh", "-c", line],
                cwd=self.root,
                env=processes.environment(),
                capture_output=True,
                check=False,
            )
            if done.returncode:
                return line
        return ""

    def _checks(self) -> list[str]:
        listed = subprocess.run(
            ["make", "--dry-run", "check"],  # noqa: S607
            cwd=self.root,
            capture_output=True,
            text=True,
            check=True,
        )
        others = (".venv/bin/ruff format", ".venv/bin/pip ")
        lines = [line for line in listed.stdout.splitlines() if line.startswith(".venv/bin/")]
        return [line for line in lines if not line.startswith(others)]

    @contextmanager
    def _changed(self, mutant: Mutant) -> Iterator[None]:
        path = self.root / mutant.file
        text, moments = path.read_text(), (path.stat().st_atime, path.stat().st_mtime)
        path.write_text(mutant.applied_to(text))
        moment = next(_moments)
        os.utime(path, (moment, moment))
        try:
            yield
        finally:
            path.write_text(text)
            os.utime(path, moments)

    def _order(self, mutant: Mutant) -> dict[str, str]:
        """What the forking process has to know; empty if the change is of what import runs."""
        path = self.root / mutant.file
        old = path.read_text()
        new = mutant.applied_to(old)
        if path.suffix != ".py" or not changed_functions(str(path), old, new):
            return {}
        return {"file": mutant.file, "old": old, "new": new}
