"""A pytest plugin: collects once, then runs tests in a forked child for every order it reads.

An order is a line of JSON: the file that was changed, its old and its new text (both empty for a
control), and the tests to run. The child writes a line before each test and one for its result.
"""

import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NoReturn

import pytest
from hypothesis import Phase, settings

from tests import documented
from tests.mutants.code import changed_functions, exchange


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--orders", type=int, help="the descriptor that orders are read from")
    parser.addoption("--answers", type=int, help="the descriptor that results are written to")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    # Any counterexample will do: to look for the smallest takes longer than all other tests.
    phases = [Phase.explicit, Phase.generate]
    settings.register_profile("mutants", settings.get_profile("tests"), phases=phases)
    settings.load_profile("mutants")
    orders, answers = (private(config.getoption(name)) for name in ("--orders", "--answers"))
    forker = Forker(os.fdopen(orders), os.fdopen(answers, "w", buffering=1))
    config.pluginmanager.register(forker, "forker")


def private(descriptor: int) -> int:
    """The same pipe under another number, which the processes that tests start do not inherit."""
    copy = os.dup(descriptor)
    os.close(descriptor)
    return copy


class Forker:
    def __init__(self, orders: IO[str], answers: IO[str]) -> None:
        self.orders, self.answers = orders, answers
        self.in_child = False

    def say(self, word: str, value: object = "") -> None:
        self.answers.write(json.dumps([word, value]) + "\n")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        make_database(session)
        self.say("ready", len(session.items))
        for line in self.orders:
            self.serve(session, json.loads(line))
        return True

    def serve(self, session: pytest.Session, order: dict[str, Any]) -> None:
        """Run one order in a child, and end what the child has left running."""
        child = os.fork()
        if child == 0:
            self.run(session, order)
        _, status = os.waitpid(child, 0)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        self.say("ended", os.waitstatus_to_exitcode(status))

    def run(self, session: pytest.Session, order: dict[str, Any]) -> NoReturn:
        os.setsid()
        self.in_child = True
        self.say("child", os.getpid())
        items = [item for item in session.items if is_chosen(item.nodeid, order["tests"])]
        try:
            change(order)
        except ValueError as error:  # a function with other free variables
            self.finish("unfit", str(error))
        if not items:
            self.finish("unfit", "no such test")
        for item, following in zip(items, [*items[1:], None], strict=True):
            self.say("test", item.nodeid)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        self.finish("passed")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self.in_child and report.failed:
            self.finish("failed", report.nodeid)

    def finish(self, word: str, value: str = "") -> NoReturn:
        self.say(word, value)
        os._exit(0)


def is_chosen(test: str, wanted: list[str]) -> bool:
    """As pytest reads its arguments: folders, files, functions, single cases."""
    return any(
        test == each or test.startswith((f"{each}::", f"{each}[", f"{each}/")) for each in wanted
    )


def change(order: dict[str, Any]) -> None:
    """The file is changed already; what was imported before is changed here."""
    if not order["file"]:
        return
    path = str(Path(order["file"]).absolute())
    if changes := changed_functions(path, order["old"], order["new"]):
        exchange(changes)
        documented.document.cache_clear()  # it was made by the code of before
        documented.contract.cache_clear()


def make_database(session: pytest.Session) -> None:
    """Run a test that needs the database, so that every child inherits its tables.

    The test is followed by one of another folder, so that only what belongs to the session stays.
    """
    first = next(item for item in session.items if "alice" in getattr(item, "fixturenames", ()))
    other = next(item for item in session.items if item.path.parent == first.path.parents[1])
    first.config.hook.pytest_runtest_protocol(item=first, nextitem=other)
