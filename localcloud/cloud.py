"""The local cloud: an AWS emulator, with the same deploy as the real AWS.

python -m localcloud.cloud up       make cloud        runs until Ctrl-C
python -m localcloud.cloud down     make cloud-down   ends it and removes its data
"""

import argparse
import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from deploy import aws, interruption, release, stack
from deploy.progress import done, step
from localcloud.twilio.resources import ACCOUNT_SID, AUTH_TOKEN

STAGE = "dev"
HOST = "127.0.0.1"
FOLDER = Path("build/cloud")  # of the data, the mails and the logs
EMULATOR_PYTHON = Path("build/emulator/bin/python")
CREDENTIALS = {  # the emulator accepts any; real credentials of the terminal must not be used
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
}
TWILIO = {
    "ACCOUNT_SID": ACCOUNT_SID,
    "AUTH_TOKEN": AUTH_TOKEN,
}  # the stub accepts no others
TIMEOUT_SECONDS = 60
OF_LAMBDA = re.compile(r"\{|[A-Z]+ RequestId: ")  # log lines that are not output of the command
OWNER = "owner"  # the file with the process id
READY = "Mails appear here. Stop with Ctrl-C."


def up(folder: Path, port: int, minute: float = 60) -> dict[str, str]:
    """Start all parts, create the infrastructure and deploy; returns the URLs to open.

    `minute`: the length of an EventBridge minute in seconds. Raises SystemExit if the port is in
    use.
    """
    down(folder)
    _refuse_port(port)
    folder.mkdir(parents=True)
    (folder / OWNER).write_text(str(os.getpid()))
    step("A local AWS, a PostgreSQL, a mailbox and a Twilio stub")
    mail_port, twilio_port = _free_port(), _free_port()
    emulator = [str(EMULATOR_PYTHON), "-m", "localcloud.emulator", "--folder", str(folder)]
    ports = ["--port", str(port), "--mail-port", str(mail_port)]
    _start(folder, "emulator", *emulator, *ports, "--minute", str(minute))
    stub = [sys.executable, "-m", "localcloud.twilio.stub", "--port", str(twilio_port)]
    _start(folder, "twilio", *stub)
    for each in (port, mail_port, twilio_port):
        _wait_for(each, folder)
    _speak_to(port)
    step("Infrastructure")
    stack.apply(STAGE, {"DbMode": "none", "Nat": "false", "Cdn": "false"})
    _configure(folder, mail_port, twilio_port)
    release.release(STAGE)
    step("Two accounts to look around with")
    done(_plain(release.manage(aws.function_name(STAGE), "demo --staff")))
    return addresses()


def down(folder: Path) -> None:
    """Stop the processes of an earlier `up` and remove its data. Can be repeated."""
    for pid_file in sorted(folder.glob("*.pid")):
        _end(pid_file)
    _end_database(folder / "postgres")
    shutil.rmtree(folder, ignore_errors=True)


def addresses() -> dict[str, str]:
    page = aws.api_url(STAGE)
    return {
        "page": f"{page}todos/",
        "admin": f"{page}admin/",
        "API": f"{page}api/v1/",
        "docs": f"{page}api/docs/",
    }


def commands() -> str:
    """The variables for `make logs`, `make manage` and `zappa ...` with this cloud."""
    variables = {**CREDENTIALS, "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"]}
    exports = " ".join(f"{name}={value}" for name, value in sorted(variables.items()))
    programs = Path(sys.executable).parent  # Zappa's, too
    return f'   For commands in another terminal:\n   export PATH="{programs}:$PATH" {exports}'


def _plain(log: str) -> str:
    """The output of the command, without JSON log lines and the lines of Lambda."""
    lines = [line.strip() for line in log.splitlines()]
    return "\n   ".join(line for line in lines if line and not OF_LAMBDA.match(line))


def _refuse_second(folder: Path) -> None:
    """Refuse a second local cloud, because its `down` would stop the first and remove its data."""
    try:
        owner = int((folder / OWNER).read_text())
    except (FileNotFoundError, ValueError):
        return
    if owner != os.getpid() and _runs(owner, "localcloud.cloud"):
        raise SystemExit(
            f"A local cloud runs already (process {owner}). Use that one, or end it: Ctrl-C in its "
            "terminal, or `make cloud-down`."
        )


def _refuse_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # ignores ending ones
        try:
            probe.bind((HOST, port))
        except OSError:
            raise SystemExit(
                f"Something else uses port {port}. Choose another: `make cloud CLOUD_PORT=4600`."
            ) from None


def _speak_to(port: int) -> None:
    os.environ.update(CREDENTIALS)
    os.environ.pop("AWS_PROFILE", None)
    os.environ["AWS_ENDPOINT_URL"] = f"http://{HOST}:{port}"


def _configure(folder: Path, mail_port: int, twilio_port: int) -> None:
    values = {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "DATABASE_URL": (folder / "database-url").read_text(),
        "SMS_PROVIDER": "twilio",
        **TWILIO,
        "TWILIO_API_BASE_URL": f"http://{HOST}:{twilio_port}",
        "FROM_NUMBER": "+15005550006",
        "TO_NUMBER": "+14155550100",
        "EMAIL_HOST": HOST,
        "EMAIL_PORT": str(mail_port),
        "EMAIL_USE_TLS": "False",
        "SECURE_SSL_REDIRECT": "False",  # plain http on this machine
    }
    for variable, value in values.items():
        stack.put_parameter(STAGE, variable, value)
    done(f"{len(values)} parameters are stored under {aws.parameters_path(STAGE)}")


def _start(folder: Path, name: str, *command: str) -> None:
    # As on AWS, functions do not see the variables of this terminal.
    own = {each: os.environ[each] for each in ("HOME", "LANG", "PATH") if each in os.environ}
    # A new session, so that Ctrl-C reaches only this process, which then stops the others in order.
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen(command, env=own, stdout=log, stderr=log, start_new_session=True)
    (folder / f"{name}.pid").write_text(json.dumps({"pid": process.pid, "command": command[2]}))


def _end(pid_file: Path) -> None:
    """Stop the process, unless its id has been reused by another one."""
    started = json.loads(pid_file.read_text())
    if not _runs(started["pid"], started["command"]):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(started["pid"], signal.SIGTERM)
        _wait_for_end(started["pid"])
    with contextlib.suppress(ProcessLookupError):  # with its children, and itself if it hangs
        os.killpg(started["pid"], signal.SIGKILL)


def _end_database(folder: Path) -> None:
    pid_file = folder / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text().split()[0])
    if _runs(pid, str(folder.resolve())):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)  # immediately, because its data is removed anyway
            _wait_for_end(pid)


def _runs(pid: int, command: str) -> bool:
    """Whether this process has the command in its command line, which is empty while it starts."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return not line or command.encode() in line


def _wait_for_end(pid: int) -> None:
    for _ in range(TIMEOUT_SECONDS * 5):
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
        except ChildProcessError:  # started by an earlier run
            os.kill(pid, 0)
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, folder: Path) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                logs = "\n".join(log.read_text()[-2000:] for log in folder.glob("*.log"))
                raise SystemExit(f"Nothing answers at {HOST}:{port}.\n{logs}") from None
            time.sleep(0.2)
        else:
            return


def _stay(folder: Path) -> None:
    """Show the mails, which have the log-in codes, until Ctrl-C or `down`.

    Also ends with the parent process, even if that was killed.
    """
    shown, parent = 0, os.getppid()
    while folder.exists() and os.getppid() == parent:
        mails = sorted((folder / "mail").glob("*.txt"))
        for mail in mails[shown:]:
            sys.stdout.write(f"\n--- mail ---\n{mail.read_text()}\n")
            sys.stdout.flush()
        shown = len(mails)
        time.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser(description="A local AWS with Nudge deployed to it.")
    parser.add_argument("action", choices=("up", "down"))
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument(
        "--minute", type=float, default=60, help="length of an EventBridge minute in seconds"
    )
    arguments = parser.parse_args()
    folder = arguments.folder
    interruption.sigterm_is_ctrl_c()
    if arguments.action == "down":
        down(folder)
        return
    _refuse_second(folder)  # before the try block, which always ends with `down`
    try:
        for name, address in up(folder, arguments.port, arguments.minute).items():
            sys.stdout.write(f"   {name:6} {address}\n")
        sys.stdout.write(f"{commands()}\n{READY}\n")
        sys.stdout.flush()
        _stay(folder)
    except KeyboardInterrupt:
        step("The local cloud ends")
    finally:
        down(folder)


if __name__ == "__main__":
    main()
