"""pytest in processes of their own, which are ended if they hang."""

import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

SILENCE = 60  # seconds without output, after which a test is taken to hang
COLLECTING = 300  # as long before the first test
ENDING = 20  # seconds to tidy up after an interrupt
PYTEST = (
    *("pytest", "-p", "no:randomly", "-p", "no:cacheprovider", "--hypothesis-seed=0"),
    *("-x", "-v", "--tb=no", "-rfE"),
)
ON_POSTGRES = ("tests.on_postgres", *PYTEST[1:])
POSTGRES_TESTS = "not browser and not faults and not sqlite and not cloud and not nightly"
NO_TEST_FOUND = 5
_PROGRESS = re.compile(r" \[ *\d+%\]$")
_FAILED = re.compile(r"(?P<test>tests/.+?) (?:FAILED|ERROR) +\[|ERROR (?P<file>\S+)")
_BEGUN = re.compile(r"(?P<test>tests/\S+?::.+) $")  # pytest -v ends the line with the outcome

TIME_OUT, ENDED = " (time-out)", " (the process ended)"

CONTROL = {"file": "", "old": "", "new": ""}  # an order that changes nothing


class HangError(Exception):
    """A process has written nothing for too long."""


class UnfitError(Exception):
    """This cannot be tried, or not in this way."""


class Lines:
    """The lines of a pipe."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.rest = b""

    def next(self, patience: float = SILENCE) -> str | None:
        """None at the end; HangError if so many seconds pass without output."""
        while b"\n" not in self.rest:
            if not select.select([self.descriptor], [], [], patience)[0]:
                raise HangError
            if not (more := os.read(self.descriptor, 65536)):
                return None
            self.rest += more
        line, _, self.rest = self.rest.partition(b"\n")
        return line.decode(errors="replace")


def run(root: Path, tests: Sequence[str], *, postgres: bool = False) -> str:
    """Run these tests up to the first failure, which is returned; empty if all pass."""
    command = (*ON_POSTGRES, "-m", POSTGRES_TESTS) if postgres else PYTEST
    process = subprocess.Popen(  # noqa: S603 - pytest
        [sys.executable, "-m", *command, *tests],
        cwd=root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        failed = _first_failure(process)
    finally:
        end(process)
    if process.returncode == NO_TEST_FOUND:
        raise UnfitError(f"no test in {' '.join(tests)}")
    return failed or (f"exit code {process.returncode}" if process.returncode else "")


class Forker:
    """A process that has collected the suite and forks for every order: tests.mutants.forker."""

    def __init__(self, root: Path) -> None:
        orders, self.orders = os.pipe()
        answers, written = os.pipe()
        self.answers = Lines(answers)
        pipes = (f"--orders={orders}", f"--answers={written}")
        self.process = subprocess.Popen(  # noqa: S603 - pytest
            [sys.executable, "-m", *PYTEST, "-p", "tests.mutants.forker", *pipes, "tests"],
            cwd=root,
            env=environment(),
            pass_fds=(orders, written),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(orders)
        os.close(written)
        if self.answers.next(COLLECTING) is None:
            raise UnfitError("the suite cannot be collected")

    def run(self, tests: Iterable[str], change: dict[str, str] = CONTROL) -> str:
        """As run(), in a child; UnfitError if the functions cannot be exchanged."""
        order = json.dumps({**change, "tests": list(tests)}) + "\n"
        with suppress(BrokenPipeError):
            os.write(self.orders, order.encode())
        heard: dict[str, str] = {}
        while "ended" not in heard:
            try:
                answer = self.answers.next(SILENCE if "test" in heard else COLLECTING)
            except HangError:
                os.killpg(int(heard["child"]), signal.SIGKILL)
                heard["failed"] = f"{heard.get('test')}{TIME_OUT}"
                continue
            if answer is None:
                raise UnfitError("the process that forks has ended")
            word, value = json.loads(answer)
            heard[word] = value
        return _verdict(heard)

    def close(self) -> None:
        os.close(self.orders)
        end(self.process)


def _verdict(heard: dict[str, str]) -> str:
    if "unfit" in heard:
        raise UnfitError(heard["unfit"])
    if "passed" in heard:
        return ""
    return heard.get("failed") or f"{heard.get('test')}{ENDED}"


def environment() -> dict[str, str]:
    """Of every test process: SQLite, the same order of everything, tests may be skipped."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "CI")}
    return {**kept, "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1"}


def _first_failure(process: subprocess.Popen[bytes]) -> str:
    """The first test that fails or hangs, or the file that cannot be imported.

    If pytest hangs outside a test, the mutant counts as not killed.
    """
    assert process.stdout
    lines, found = Lines(process.stdout.fileno()), ""
    patience = COLLECTING  # a database is made within the first test
    try:
        while (line := lines.next(patience)) is not None:
            if _PROGRESS.search(line):
                patience = SILENCE
            if match := _FAILED.match(line):
                found = found or match["test"] or match["file"]
    except HangError:
        begun = _BEGUN.search(lines.rest.decode(errors="replace"))
        return found or (f"{begun['test']}{TIME_OUT}" if begun else "")
    process.wait(ENDING)
    return found


def end(process: subprocess.Popen[Any]) -> None:
    """Interrupt it, so that a PostgreSQL of its own is removed; then end all that it started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(ENDING)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
