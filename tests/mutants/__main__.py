"""Applies the mutants one by one and tells which survive.

python -m tests.mutants [ids or file globs] [--jobs 2] [--lane fast|postgres|page|check|all]

A test that has killed a mutant must pass without it: otherwise the verdict is void, and the command
ends with 2. It ends with 1 if fewer than 97 % are killed.
"""

import argparse
import queue
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.processes import UnfitError
from tests.mutants.table import LANES, Mutant, chosen, load
from tests.mutants.tree import Tree

ENOUGH = 0.97


@dataclass(frozen=True, kw_only=True)
class Verdict:
    mutant: Mutant
    killer: str
    failed: str  # without the mutant; if it is not empty, the verdict is void
    seconds: float

    def __str__(self) -> str:
        if self.failed:
            return f"{self.mutant.id:8} {self.seconds:5.1f} s  VOID: {self.failed} fails without it"
        fate = f"killed by {self.killer}" if self.killer else f"SURVIVED: {self.mutant.what}"
        return f"{self.mutant.id:8} {self.seconds:5.1f} s  {fate}"


def main() -> int:
    options = read_arguments()
    mutants = chosen(load(), options.patterns, options.lane)
    explained = [mutant for mutant in mutants if mutant.survives]
    for mutant in explained:
        say(f"{mutant.id:8}          explained: {mutant.survives}")
    tried = [mutant for mutant in mutants if not mutant.survives]
    if not tried:
        say("No mutant to try.")
        return 0
    try:
        verdicts = try_all(tried, options.jobs)
    except UnfitError as error:
        say(f"VOID: {error}")
        return 2
    return summary(verdicts, explained=len(explained))


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("patterns", nargs="*", metavar="id or file", help="such as C4 or 'core/*'")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--lane", choices=(*LANES, "all"), default="all")
    return parser.parse_args()


def try_all(mutants: list[Mutant], jobs: int) -> list[Verdict]:
    """Each job has its own copy of the tree."""
    with tempfile.TemporaryDirectory(prefix="nudge-mutants-") as folder, ExitStack() as stack:
        trees: queue.Queue[Tree] = queue.Queue()
        for number in range(jobs):
            trees.put(tree := Tree(Path(folder, str(number))))
            stack.callback(tree.close)
        pool = ThreadPoolExecutor(jobs)
        stack.callback(pool.shutdown, cancel_futures=True)
        return [done.result() for done in [pool.submit(decide, trees, each) for each in mutants]]


def decide(trees: queue.Queue[Tree], mutant: Mutant) -> Verdict:
    began = time.monotonic()
    with borrowed(trees) as tree:
        killer = tree.try_killers(mutant) or tree.try_package(mutant)
        failed = tree.try_nothing(mutant, killer) if killer else ""
    seconds = time.monotonic() - began
    verdict = Verdict(mutant=mutant, killer=killer, failed=failed, seconds=seconds)
    say(str(verdict))
    return verdict


@contextmanager
def borrowed(trees: queue.Queue[Tree]) -> Iterator[Tree]:
    tree = trees.get()
    try:
        yield tree
    finally:
        trees.put(tree)


def summary(verdicts: list[Verdict], *, explained: int) -> int:
    survivors = [verdict for verdict in verdicts if not verdict.killer]
    void = [verdict for verdict in verdicts if verdict.failed]
    killed = len(verdicts) - len(survivors) - len(void)
    share = killed / len(verdicts)
    say(f"\n{killed} of {len(verdicts)} killed: {share:.1%}; {explained} explained.")
    for verdict in (*survivors, *void):
        say(f"  {verdict.mutant.id}  {verdict.mutant.file}: {verdict.mutant.what}")
    if void:
        say(f"The verdicts on {len(void)} are void.")
        return 2
    return 0 if share >= ENOUGH else 1


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
