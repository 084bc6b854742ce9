"""Measures a fresh process: django.setup(), then the first authenticated page of to-dos.

python -m benchmarks.start
"""

import json
import os
import statistics
import subprocess
import sys

from benchmarks import stage

RUNS = 10
PROCESS = """
import io, json, resource, sys, time
start = time.perf_counter()
import django
django.setup()
ready = time.perf_counter()
from config.wsgi import application
environ = {
    "REQUEST_METHOD": "GET", "PATH_INFO": "/api/v1/todos/", "QUERY_STRING": "limit=50",
    "SERVER_NAME": "localhost", "SERVER_PORT": "443", "HTTP_HOST": "localhost",
    "REMOTE_ADDR": "127.0.0.1", "HTTP_AUTHORIZATION": "Bearer " + sys.argv[1],
    "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "wsgi.url_scheme": "https",
    "wsgi.version": (1, 0), "wsgi.multithread": False, "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}
statuses = []
body = b"".join(application(environ, lambda status, headers: statuses.append(status)))
done = time.perf_counter()
assert statuses == ["200 OK"] and json.loads(body)["results"], (statuses, body)
print(json.dumps({
    "setup": (ready - start) * 1000, "first": (done - ready) * 1000,
    "modules": len(sys.modules), "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""


def main() -> None:
    with stage.database():
        token = stage.token(stage.account("person@example.com", 10_000))
        runs = [_run(token) for _ in range(RUNS + 1)][1:]
    medians = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    print("| fresh process, median of 10 | |")
    print("|---|---|")
    print(f"| `django.setup()` | {medians['setup']:.0f} ms |")
    print(f"| then the first `GET /api/v1/todos/` answered 200 | {medians['first']:.0f} ms |")
    print(f"| modules loaded | {medians['modules']:.0f} |")
    print(f"| peak memory | {medians['mb']:.0f} MB |")


def _run(token: str) -> dict[str, float]:
    result = subprocess.run(
        [sys.executable, "-c", PROCESS, token],
        capture_output=True,
        check=True,
        env={**os.environ},
        text=True,
    )
    measured: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return measured


if __name__ == "__main__":
    main()
