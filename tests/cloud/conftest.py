"""The local cloud that `make cloud` makes, for as long as the tests of this folder run."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.cloud import CREDENTIALS, READY

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "build" / "runtime" / "bin"
FOLDER = ROOT / "build" / "cloud-test"
MINUTES = 60
UP_SECONDS = 10 * MINUTES


@dataclass(frozen=True)
class Cloud:
    """A running local cloud and how to speak to it."""

    endpoint: str
    folder: Path

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a person who deploys to it."""
        return {
            **os.environ,
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": self.endpoint,
            "VIRTUAL_ENV": str(SCRIPTS.parent),
            "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
        }

    def client(self, service: str) -> Any:
        import boto3

        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=CREDENTIALS["AWS_REGION"],
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def run(self, *command: str, folder: Path = ROOT, **variables: str) -> "Ended":
        """A command as typed by that person; in another folder for another version of the code."""
        ended = subprocess.run(  # noqa: S603 - our own commands
            command,
            cwd=folder,
            env={**self.variables, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=UP_SECONDS,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout)

    @property
    def address(self) -> str:
        """Of the stage dev, ending in a slash."""
        resource = self.client("cloudformation").describe_stack_resource(
            StackName="nudge-dev", LogicalResourceId="Api"
        )
        identifier = resource["StackResourceDetail"]["PhysicalResourceId"]
        return f"{self.endpoint}/_aws/execute-api/{identifier}/dev/"

    def mails(self) -> list[str]:
        return [mail.read_text() for mail in sorted((self.folder / "mail").glob("*.txt"))]

    def code_for(self, email: str) -> str:
        """The newest code that was mailed to this address."""
        [newest, *_] = [mail for mail in reversed(self.mails()) if f"To: {email}\n" in mail]
        found = re.search(r"^([A-Z0-9]{4}-?[A-Z0-9]{3,4}|[A-Z0-9]{6,8})$", newest, re.MULTILINE)
        assert found, newest
        return found[1]

    def log(self, function: str = "nudge-dev") -> list[str]:
        """Every line in the function's log group."""
        pages = self.client("logs").get_paginator("filter_log_events")
        return [
            event["message"]
            for page in pages.paginate(logGroupName=f"/aws/lambda/{function}")
            for event in page["events"]
        ]

    def lines(self, function: str = "nudge-dev") -> list[dict[str, Any]]:
        """What our own code logged there, oldest first."""
        return [json.loads(line) for line in self.log(function) if line.startswith("{")]


@dataclass(frozen=True)
class Ended:
    code: int
    output: str


def eventually(what: Callable[[], Any], seconds: float = 90) -> Any:
    """The first true answer; what AWS does on its own time is waited for, not guessed."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.5)
    return answer


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """`make cloud` on free ports; it ends with the tests."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shutil.rmtree(FOLDER, ignore_errors=True)
    output = ROOT / "build" / "cloud-test.log"
    running = Cloud(f"http://127.0.0.1:{port}", FOLDER)
    command = [str(SCRIPTS / "python"), "-m", "deploy.cloud", "up"]
    arguments = ["--port", str(port), "--folder", str(FOLDER)]
    with output.open("w") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*command, *arguments], cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            eventually(
                lambda: process.poll() is not None or READY in output.read_text(), UP_SECONDS
            )
            assert process.poll() is None, output.read_text()[-5000:]
            yield running
        finally:
            process.terminate()  # as Ctrl-C, which background jobs of a shell ignore
            process.wait(60)
