"""Measures the processor time and memory of an export and an import of many to-dos.

python -m benchmarks.transfer [how many]

Each runs in its own process, whose peak resident memory is reported.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import stage

if TYPE_CHECKING:
    from accounts.models import User

AMOUNT = 100_000
FORMATS = ("json", "csv", "ics", "todotxt")
NOTES = "Two litres, and bread if there is any.\n" * 5


def main() -> None:
    amount = int(sys.argv[1]) if sys.argv[1:] else AMOUNT
    with stage.database(), tempfile.TemporaryDirectory() as folder:
        from django.conf import settings
        from django.db import connections

        settings.QUOTA_TODOS = 10 * AMOUNT
        owner, other = stage.account("a@example.com", 0), stage.account("b@example.com", 0)
        fill(owner, amount)
        print(f"| {amount:,} to-dos | seconds | memory | file |")
        print("|---|---|---|---|")
        for name in (*FORMATS, "account"):
            connections.close_all()
            told("export", owner, name, Path(folder) / name)
        for name in ("json", "ics"):
            connections.close_all()
            told("import", other, name, Path(folder) / name)


def fill(owner: "User", amount: int) -> None:
    from todos.models import Due, List, Todo

    inbox, due = List.objects.inbox_of(owner), Due.read("2026-12-01T09:00[Europe/Berlin]")
    for start in range(0, amount, 1_000):
        rows = [
            Todo(
                owner=owner,
                list=inbox,
                title=f"to-do {n}",
                notes=NOTES,
                due=due,
                position=f"h{n:08}",
            )
            for n in range(start, min(start + 1_000, amount))
        ]
        Todo.insert_all(owner, rows, [["home", f"tag {n % 50}"] for n in range(len(rows))])


def write(owner: "User", name: str, path: Path) -> None:
    from todos.transfer import personal
    from todos.transfer.formats import FORMATS

    with path.open("w+b") as file:
        if name == personal.FORMAT:
            personal.write(owner, file)
        else:
            file.writelines(part.encode() for part in FORMATS[name].write(owner))


def read(owner: "User", name: str, path: Path) -> None:
    """Run `look` and `make`, as a confirmed import does."""
    from core.feed import writing
    from todos.transfer.formats import FORMATS
    from todos.transfer.intake import Intake
    from todos.transfer.source import opened

    def records() -> Any:
        with path.open("rb") as file, opened(file) as source:
            yield from FORMATS[name].read(source, owner)

    with writing(owner.pk):
        intake = Intake(owner)
        intake.look(records())
        intake.make(records())


def told(*what: Any) -> None:
    process = multiprocessing.get_context("fork").Process(target=_measured, args=what)
    process.start()
    process.join()


def _measured(way: str, owner: "User", name: str, path: Path) -> None:
    begin = time.process_time()
    WAYS[way](owner, name, path)
    seconds = time.process_time() - begin
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = path.stat().st_size / 2**20
    print(f"| {way}, {name} | {seconds:.0f} | {memory:.0f} MiB | {size:.0f} MiB |", flush=True)


WAYS = {"export": write, "import": read}


if __name__ == "__main__":
    main()
