"""Measures a cold start: a fresh process, the import of the handler, the first response with 200.

Four packages, each unpacked read-only and alone on the path: Nudge, a bare handler, a minimal
FastAPI with Mangum, and a plain Django with DRF as Zappa packs it without the callbacks. They run
one after the other in every round, on one core, with the same event of a REST API.

python -m benchmarks.cold_start             the comparison
python -m benchmarks.cold_start --snapshot  ours, and what SnapStart leaves of it
python -m benchmarks.cold_start --profile   our milliseconds by module
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import packages, stage
from localcloud.lambda_events import request

ROUNDS, PROFILES, TOP, TODOS = 10, 6, 15, 50
GOALS = (1.25, 0.30)  # compared to FastAPI, to plain Django
HOST = "nudge.example.com"
# -I and -S: only the standard library and the package. -B: write no bytecode, even as root, who can
# write to read-only folders.
PYTHON = [sys.executable, "-I", "-S", "-B"]
PROCESS = """
import json, os, sys, time
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
event, module, function, *path = json.loads(sys.argv[1])
os.chdir(path[0])
sys.path[:0] = path
class Context:
    aws_request_id = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    function_name = "nudge-dev"
before = len(sys.modules)
start, worked = time.perf_counter(), time.process_time()
handler = __import__(module, fromlist=["_"])
for name in function.split("."):
    handler = getattr(handler, name)
imported = time.perf_counter()
answer = handler(event, Context())
done, worked = time.perf_counter(), time.process_time() - worked
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print("\\n" + json.dumps({
    "milliseconds": (done - start) * 1000,
    "processor": worked * 1000,
    "imported": (imported - start) * 1000,
    "megabytes": int(peak.split()[1]) / 1024,
    "modules": len(sys.modules) - before,
    "status": answer["statusCode"],
    "body": answer["body"],
}))
"""


# The same from a fork of a loaded process, without AWS's time to restore the memory.
COPY = PROCESS.replace(
    "imported = time",
    """sys.modules["snapshot_restore_py"] = hooks = type(os)("snapshot_restore_py")
before_hooks, after_hooks = [], []
hooks.register_before_snapshot = lambda *call: before_hooks.append(call)
hooks.register_after_restore = lambda *call: after_hooks.append(call)
from serverless import handler as loaded, snapshot
snapshot.register(loaded._application)
for hook, *given in before_hooks:
    hook(*given)
if child := os.fork():
    os._exit(os.waitpid(child, 0)[1])
start, worked = time.perf_counter(), time.process_time()
for hook, *given in after_hooks:
    hook(*given)
imported = time""",
)


class Contestant(NamedTuple):
    name: str
    path: list[Path]
    handler: tuple[str, str]
    variables: dict[str, str]
    expects: str  # a part of the body, so that no error counts as a response
    process: str = PROCESS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--snapshot", action="store_true")
    arguments = parser.parse_args()
    ours = packages.shipped()
    with stage.database():
        person = stage.account("person@example.com", TODOS)
        headers = {"Authorization": f"Bearer {stage.token(person)}", "Host": HOST}
        event = request("rest_custom_domain", "/api/v1/todos/", headers=headers)
        nudge = Contestant(
            "Nudge", [ours], ("serverless.handler", "handler"), _on_lambda(), '"title":"To-do 49"'
        )
        if arguments.profile:
            _print_profile(nudge, event)
        elif arguments.snapshot:
            _print_snapshot(nudge, event)
        else:
            _print_comparison([nudge, *_others()], event)


def _others() -> list[Contestant]:
    from django.db import connection

    database = {"PGHOST": connection.settings_dict["HOST"]}
    zappa = ("handler", "lambda_handler")
    plain = [packages.plain(), packages.runtime_of_lambda()]
    return [
        Contestant("a bare handler", [packages.bare()], ("main", "handler"), {}, "[]"),
        Contestant("FastAPI + Mangum", [packages.fastapi()], ("main", "handler"), {}, "hello"),
        Contestant("plain Django + DRF", plain, zappa, database, '"title":"To-do 49"'),
    ]


def _on_lambda() -> dict[str, str]:
    """The variables of the runtime and of a deploy, without those for SSM, which needs a call."""
    kept = ("DATABASE_URL", "SECRET_KEY", "SMS_PROVIDER", "EMAIL_HOST")
    return {
        **{name: os.environ[name] for name in kept},
        "AWS_LAMBDA_FUNCTION_NAME": "nudge-dev",
        "AWS_REGION": "us-east-1",
        "ALLOWED_HOSTS": HOST,
        "STATIC_URL": "https://static.example.com/",
    }


def _start(one: Contestant, event: Any, *options: str) -> subprocess.CompletedProcess[str]:
    argument = json.dumps([event, *one.handler, *map(str, one.path)])
    return subprocess.run(
        [*PYTHON, *options, "-c", one.process, argument],
        env=one.variables,
        capture_output=True,
        check=True,
        text=True,
    )


def _measure(one: Contestant, event: Any) -> dict[str, Any]:
    ended = _start(one, event)
    measured: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    assert measured["status"] == 200, (one.name, ended.stdout, ended.stderr)
    assert one.expects in measured["body"], (one.name, measured["body"])
    return measured


def _print_comparison(contestants: list[Contestant], event: Any) -> None:
    runs: dict[str, list[dict[str, Any]]] = {one.name: [] for one in contestants}
    for number in range(ROUNDS + 1):  # the first reads the files from the disk
        for one in contestants:
            measured = _measure(one, event)
            if number:
                runs[one.name].append(measured)
    columns = "median | minimum | processor, minimum | of it imports | memory | modules | unpacked"
    print(f"| {ROUNDS} rounds | {columns} |")
    print("|---|---|---|---|---|---|---|---|")
    for one in contestants:
        median, least = _median(runs[one.name], "milliseconds"), _least(runs[one.name])
        processor = _least(runs[one.name], "processor")
        megabytes = packages.size(one.path[0]) / 1_000_000
        print(
            f"| {one.name} | {median:.0f} ms | {least:.0f} ms | {processor:.0f} ms"
            f" | {_median(runs[one.name], 'imported'):.0f} ms"
            f" | {_median(runs[one.name], 'megabytes'):.0f} MB"
            f" | {_median(runs[one.name], 'modules'):.0f} | {megabytes:.1f} MB |"
        )
    ours, _bare, *others = (runs[one.name] for one in contestants)
    print("\n| Nudge beside | by medians | by minima | by processor | goal |")
    print("|---|---|---|---|---|")
    for one, other, goal in zip(contestants[2:], others, GOALS, strict=True):
        medians = _median(ours, "milliseconds") / _median(other, "milliseconds")
        minima = _least(ours) / _least(other)
        processor = _least(ours, "processor") / _least(other, "processor")
        print(f"| {one.name} | {medians:.2f} x | {minima:.2f} x | {processor:.2f} x | {goal} x |")


def _print_snapshot(nudge: Contestant, event: Any) -> None:
    for one in (nudge, nudge._replace(name="Nudge, a copy of a snapshot", process=COPY)):
        runs = [_measure(one, event) for _ in range(ROUNDS + 1)][1:]
        median, least = _median(runs, "milliseconds"), _least(runs)
        print(f"{one.name}: median {median:.0f} ms, minimum {least:.0f} ms")


def _median(runs: list[dict[str, Any]], name: str) -> float:
    median: float = statistics.median(run[name] for run in runs)
    return median


def _least(runs: list[dict[str, Any]], name: str = "milliseconds") -> float:
    least: float = min(run[name] for run in runs)
    return least


IMPORT = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \| +(\S+)")


def _print_profile(one: Contestant, event: Any) -> None:
    """-X importtime, the minimum of some runs. It slows imports, so only the proportions count."""
    alone: dict[str, int] = {}
    whole: dict[str, int] = {}
    for _ in range(PROFILES):
        for own_time, cumulative, name in IMPORT.findall(
            _start(one, event, "-X", "importtime").stderr
        ):
            alone[name] = min(int(own_time), alone.get(name, int(own_time)))
            whole[name] = min(int(cumulative), whole.get(name, int(cumulative)))
    own: Counter[str] = Counter()
    for name, microseconds in alone.items():
        own[name.partition(".")[0]] += microseconds
    modules = Counter(name.partition(".")[0] for name in alone)
    print("| package | own time | modules |")
    print("|---|---|---|")
    for name, microseconds in own.most_common(TOP):
        print(f"| {name} | {microseconds / 1000:.1f} ms | {modules[name]} |")
    print(f"| all {len(own)} | {sum(own.values()) / 1000:.0f} ms | {len(alone)} |")
    print("\n| module | with what it imports | alone |")
    print("|---|---|---|")
    for name, microseconds in Counter(whole).most_common(TOP):
        print(f"| {name} | {microseconds / 1000:.1f} ms | {alone[name] / 1000:.1f} ms |")


if __name__ == "__main__":
    main()
