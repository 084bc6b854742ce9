"""Nudge in production settings on this machine, with a mailbox for its mails.

It uses the database that tests.on_postgres has made for this run.
"""

import importlib
import os
import re
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from tests.clients.tools import ROOT

SECRET_KEY = "r7pAqf0y3mWkZt5vXn8sJd2hGc6bLe9uRo4iTx1wQz-VyKaNjB"
# A contract is about each request, not about how many there are.
LIMITS = (
    "WRITE_LIMIT QUOTA_IDEMPOTENCY_KEYS SMS_DESTINATION_DAILY_LIMIT SMS_COUNTRY_DAILY_LIMIT"
    " SMS_DAILY_LIMIT SMS_MONTHLY_SEGMENTS SMS_CODES_DAILY"
)
NO_LIMITS = dict.fromkeys(LIMITS.split(), "1000000")


@dataclass(frozen=True)
class Server:
    """`mails` is a folder with a file for each mail; `environment` is for manage.py."""

    url: str
    mails: Path
    environment: dict[str, str]

    def manage(self, *arguments: str, code: str = "") -> str:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=code,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout


class _Mailbox(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as Django's mails need; each is kept in a file."""

    folder: Path

    def handle(self) -> None:
        self._say("220 mail")
        while line := self.rfile.readline().decode().strip().upper():
            if line.startswith("QUIT"):
                return self._say("221 bye")
            if line.startswith("DATA"):
                self._say("354 go on")
                self._keep()
            self._say("250 ok")
        return None

    def _keep(self) -> None:
        lines = iter(self.rfile.readline, b".\r\n")
        text = b"".join(lines)
        recipient = re.search(rb"^To: (\S+)", text, re.MULTILINE)
        assert recipient
        (self.folder / recipient[1].decode()).write_bytes(text)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def serving() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="nudge-clients-") as name:
        folder = Path(name)
        with _mailbox(folder) as mails, _process(folder, mails) as server:
            yield server


@contextmanager
def _mailbox(folder: Path) -> Iterator[tuple[int, Path]]:
    mails = folder / "mails"
    mails.mkdir()
    handler = type("Mailbox", (_Mailbox,), {"folder": mails})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as box:
        threading.Thread(target=box.serve_forever, daemon=True).start()
        yield box.server_address[1], mails
        box.shutdown()


@contextmanager
def _process(folder: Path, mailbox: tuple[int, Path]) -> Iterator[Server]:
    port = _free_port()
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ},
        "DEBUG": "False",
        "SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": os.environ["DATABASE_URL"],
        "ALLOWED_HOSTS": "127.0.0.1",
        "SMS_PROVIDER": "console",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(mailbox[0]),
        "EMAIL_USE_TLS": "False",
        "SECURE_SSL_REDIRECT": "False",
        "TO_NUMBER": "+12015550123",
        **NO_LIMITS,
    }
    server = Server(f"http://127.0.0.1:{port}", mailbox[1], environment)
    server.manage("migrate", "--verbosity", "0")
    command = [sys.executable, "-m", "tests.clients.production", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            _wait_for(f"{server.url}/readyz/", process, folder / "log")
            yield server
        finally:
            process.terminate()
            process.wait(timeout=30)


class _Pooled(WSGIServer):
    """A few threads, each with its own connection to the database, as in production."""

    pool = ThreadPoolExecutor(8)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.pool.submit(self._answer, request, client_address)

    def _answer(self, request: Any, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        finally:
            self.shutdown_request(request)


def _serve(port: int) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    application = importlib.import_module("config.wsgi").application
    with make_server("127.0.0.1", port, application, _Pooled, WSGIRequestHandler) as served:
        served.serve_forever()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(log.read_text())


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
