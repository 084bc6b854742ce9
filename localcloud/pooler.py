"""A real PgBouncer (Debian) in transaction mode in front of a local PostgreSQL."""

import contextlib
import os
import pwd
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

CONFIGURATION = """
[databases]
{NAME} = host={HOST} port={PORT} user={USER}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {servers}
max_client_conn = 1000
{as_user}
"""


@contextlib.contextmanager
def pgbouncer(folder: Path, real: Mapping[str, Any], servers: int) -> Iterator[int]:
    """Run PgBouncer with this many connections to the `real` database, whose HOST is a folder;
    yields its port.

    PgBouncer refuses to run as root; then it runs as the owner of PostgreSQL's socket.
    """
    port = free_port()
    owner = pwd.getpwuid(Path(real["HOST"]).stat().st_uid).pw_name
    as_user = f"user = {owner}" if os.getuid() == 0 else ""
    file = folder / "pgbouncer.ini"
    file.write_text(CONFIGURATION.format(**real, listen=port, servers=servers, as_user=as_user))
    folder.chmod(0o755)
    process = subprocess.Popen(["pgbouncer", "--quiet", file])  # noqa: S607 - from Debian
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise ChildProcessError(f"pgbouncer ended with {process.returncode}")
