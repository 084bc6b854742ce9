"""Makes the emulator behave like AWS in cases that this project depends on.

Each function wraps one function of MiniStack 1.5.33; a new release may make it unnecessary.
"""

import hashlib
import json
import queue
import shutil
import threading
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from deploy import contents

OURS = {"BUILD_ID", *(name.split("/")[0] for name in contents.PROJECT)}
END_OF_LOG = "\0end of this invocation's log"
LOG_TIMEOUT_SECONDS = 60  # for the rest of the log of an ended invocation


def close(code_folder: Path, minute_seconds: float) -> None:
    """`code_folder` is for unpacked code; `minute_seconds` is the length of a rule's minute."""
    accept_function_prefix()
    give_code_of_versions()
    share_aliases()
    read_binary_media_types()
    keep_whole_logs()
    let_invocations_end()
    unpack_once(code_folder)
    shorten_waits(minute_seconds)


def accept_function_prefix() -> None:
    """Accept `function:NAME:VERSION` as a name, as AWS does and `zappa rollback` needs."""
    from ministack.services import lambda_svc

    def without(original: Any) -> Any:
        return lambda name: original(name.removeprefix("function:"))

    for name in ("_resolve_name", "_resolve_name_and_qualifier"):
        setattr(lambda_svc, name, without(getattr(lambda_svc, name)))


def give_code_of_versions() -> None:
    """Return the code of the requested version in GetFunction, not the newest."""
    from ministack.services import lambda_svc

    get = lambda_svc._get_function  # noqa: SLF001 - there is no public function
    record_of = lambda_svc._get_func_record_for_qualifier  # noqa: SLF001

    def get_function(name: str, qualifier: str | None = None) -> Any:
        status, headers, body = get(name, qualifier)
        answer = json.loads(body)
        if qualifier and "Code" in answer:
            code = answer["Code"]
            code["Location"] = code["Location"].replace(f"/{name}?", f"/{name}:{qualifier}?")
        return status, headers, json.dumps(answer).encode()

    def serve_function_code(named: str, **_scope: str) -> Any:
        name, _, qualifier = unquote(named).partition(":")
        record, _config = record_of(name, qualifier or None)
        code = (record or {}).get("code_zip")
        return (200 if code else 404), {"Content-Type": "application/zip"}, code or b""

    lambda_svc._get_function = get_function  # noqa: SLF001
    lambda_svc.serve_function_code = serve_function_code


def share_aliases() -> None:
    """Split the invocations of an alias with two versions by their weights."""
    from ministack.services import lambda_svc

    effective = lambda_svc._effective_func_record_for_qualifier  # noqa: SLF001
    invoke = lambda_svc._invoke  # noqa: SLF001
    turns: dict[str, float] = {}  # the exact share; that of AWS is random

    def chosen(function: Any, qualifier: Any) -> Any:
        alias = ((function or {}).get("aliases") or {}).get(qualifier) or {}
        shares = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        for version, share in shares.items():
            key = f"{alias['AliasArn']} {version}"
            turns[key] = turns.get(key, 0.0) + float(share)
            if turns[key] >= 1 - 1e-9:
                turns[key] -= 1
                return version
        return qualifier

    async def invoke_chosen(
        name: str, event: Any, headers: Any, path_qualifier: Any = None, query_params: Any = None
    ) -> Any:
        asked = path_qualifier or lambda_svc._qp_first(query_params or {}, "Qualifier")  # noqa: SLF001
        version = chosen(lambda_svc._functions.get(name), asked)  # noqa: SLF001
        return await invoke(name, event, headers, version, query_params)

    lambda_svc._effective_func_record_for_qualifier = lambda function, qualifier: effective(  # noqa: SLF001
        function, chosen(function, qualifier)
    )
    lambda_svc._invoke = invoke_chosen  # noqa: SLF001


def read_binary_media_types() -> None:
    """Read `~1` in a JSON pointer as a slash (RFC 6901), as AWS does; Zappa adds `*/*` this way.

    Without it, every response other than text and plain JSON was truncated base64.
    """
    from ministack.services import apigateway_v1

    name = "_media_type_matches"
    matches = getattr(apigateway_v1, name)

    def unescaped(found: Any, types: Any) -> Any:
        return matches(found, [each.replace("~1", "/") for each in types or ()])

    setattr(apigateway_v1, name, unescaped)


def keep_whole_logs() -> None:
    """Put all output of an invocation into its own log, as on AWS.

    The emulator stops reading after 5 ms without output. On a busy machine the remaining lines went
    into the log of the next invocation or were lost with the process.
    """
    from ministack.core import lambda_runtime

    script = lambda_runtime._PYTHON_WORKER_SCRIPT  # noqa: SLF001
    answer = "        _real_stdout.flush()\n\nrun()"
    if script.count(answer) != 1:
        raise RuntimeError("MiniStack's worker has changed: see keep_whole_logs.")
    marked = f"        print({END_OF_LOG!r}, file=sys.stderr, flush=True)\n{answer}"
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(answer, marked)  # noqa: SLF001

    def read(worker: Any) -> None:
        """Read in one thread per process; a restart creates a new queue."""
        lines, errors = worker._stderr_queue, worker._proc.stderr  # noqa: SLF001
        for line in errors:
            lines.put(line.rstrip("\n"))
        lines.put(END_OF_LOG)

    def drain(worker: Any) -> str:
        lines: list[str] = []
        while not lines or not lines[-1].endswith(END_OF_LOG):
            try:
                lines.append(worker._stderr_queue.get(timeout=LOG_TIMEOUT_SECONDS))  # noqa: SLF001
            except queue.Empty:
                return "\n".join(lines)
        last = lines.pop().removesuffix(END_OF_LOG)  # a line without a line break
        return "\n".join([*lines, last] if last else lines)

    lambda_runtime.Worker._read_stderr = read  # noqa: SLF001
    lambda_runtime.Worker._drain_stderr_bounded = drain  # noqa: SLF001


def let_invocations_end() -> None:
    """End a process after a change of code or configuration, but not during its invocation."""
    from ministack.core import lambda_runtime

    kill = lambda_runtime.kill_workers

    def wait_and_kill(worker: Any) -> None:
        with worker._lock:  # noqa: SLF001 - held during an invocation
            kill([worker])

    def kill_when_idle(workers: Any) -> None:
        kill([worker for worker in workers if not worker.in_use])
        for worker in [worker for worker in workers if worker.in_use]:
            threading.Thread(target=wait_and_kill, args=[worker], daemon=True).start()

    lambda_runtime.kill_workers = kill_when_idle


def unpack_once(folder: Path) -> None:
    """Unpack code before a process starts, as on AWS, because it took longer than the start.

    Builds with the same dependencies share one unpacked copy of them.
    """
    import zipfile
    from types import SimpleNamespace

    from ministack.core import lambda_runtime

    lock = threading.Lock()

    class Archive(zipfile.ZipFile):
        def extractall(self, path: Any = None, *_: Any, **__: Any) -> None:
            ours = [each for each in self.infolist() if _top(each) in OURS]
            theirs = [each for each in self.infolist() if _top(each) not in OURS]
            with lock:
                shared = self.unpacked(theirs)
                code = self.unpacked(ours, beside=shared)
            Path(self.filename or "").unlink()  # before it is written to the disk
            Path(path).rmdir()
            Path(path).symlink_to(code, target_is_directory=True)

        def unpacked(self, entries: list[zipfile.ZipInfo], beside: Path | None = None) -> Path:
            names = sorted(f"{each.filename} {each.CRC}" for each in entries)
            found = folder / hashlib.sha256(f"{beside} {names}".encode()).hexdigest()[:16]
            if not found.exists():
                new = found.with_suffix(".new")
                shutil.rmtree(new, ignore_errors=True)
                super().extractall(new, entries)
                for each in beside.iterdir() if beside else ():
                    (new / each.name).symlink_to(each)
                new.rename(found)
            return found

    lambda_runtime.zipfile = SimpleNamespace(
        ZipFile=Archive, BadZipFile=zipfile.BadZipFile, LargeZipFile=zipfile.LargeZipFile
    )


def _top(entry: Any) -> str:
    return str(entry.filename.split("/")[0])


def shorten_waits(minute_seconds: float) -> None:
    """Shorten waits that take minutes on AWS and that the emulator cannot configure."""
    from ministack.services import eventbridge, lambda_svc

    seconds = eventbridge._parse_rate_seconds  # noqa: SLF001

    def shorter(expression: str) -> float | None:
        found = seconds(expression)
        return None if found is None else found / 60 * minute_seconds

    eventbridge._parse_rate_seconds = shorter  # noqa: SLF001
    eventbridge._SCHEDULER_TICK_INTERVAL = 1  # noqa: SLF001 - between two checks of the rules
    lambda_svc._LAMBDA_STATE_TRANSITION_DELAY = 0  # noqa: SLF001 - until a change is in force
