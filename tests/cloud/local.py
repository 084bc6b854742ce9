"""A running local cloud and how to speak to it."""

import functools
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests

from localcloud.cloud import CREDENTIALS

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "build" / "runtime" / "bin"
PYTHON = str(SCRIPTS / "python")
COMMAND_SECONDS = 10 * 60
TIMEOUT = 180  # seconds for what takes a second on an idle machine


@functools.cache
def _client(endpoint: str, service: str) -> Any:
    import boto3

    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=CREDENTIALS["AWS_REGION"],
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


@dataclass(frozen=True)
class Cloud:
    """Where it answers, and where its mails lie."""

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
        return _client(self.endpoint, service)

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
            timeout=COMMAND_SECONDS,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout)

    @property
    def address(self) -> str:
        return self.address_of("dev")

    def address_of(self, stage: str) -> str:
        """By name, for passkeys; ends in a slash."""
        resource = self.client("cloudformation").describe_stack_resource(
            StackName=f"nudge-{stage}", LogicalResourceId="Api"
        )
        identifier = resource["StackResourceDetail"]["PhysicalResourceId"]
        here = self.endpoint.replace("127.0.0.1", "localhost")
        return f"{here}/_aws/execute-api/{identifier}/{stage}/"

    def ready(self) -> dict[str, Any] | None:
        """What `/readyz/` answers; nothing while a process is starting or its database is away."""
        try:
            answer = requests.get(self.address + "readyz/", timeout=TIMEOUT)
        except requests.RequestException:
            return None
        return answer.json() if answer.status_code == HTTPStatus.OK else None

    def mails(self) -> list[str]:
        return [mail.read_text() for mail in sorted((self.folder / "mail").glob("*.txt"))]

    def code_for(self, email: str) -> str:
        """The newest code that was mailed to this address."""
        [*_, newest] = eventually(
            lambda: [mail for mail in self.mails() if f"To: {email}\n" in mail]
        )
        found = re.search(r"^([A-Z0-9]{4}-?[A-Z0-9]{3,4}|[A-Z0-9]{6,8})$", newest, re.MULTILINE)
        assert found, newest
        return found[1]

    def events(self, function: str) -> Iterator[dict[str, Any]]:
        """Of the function's log group, oldest first."""
        pages = self.client("logs").get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=f"/aws/lambda/{function}"):
            yield from page["events"]

    def log(self, function: str = "nudge-dev") -> list[str]:
        """Every line in the function's log group."""
        return [event["message"] for event in self.events(function)]

    def lines(self, function: str = "nudge-dev") -> list[dict[str, Any]]:
        """What our own code logged there, oldest first."""
        return [json.loads(line) for line in self.log(function) if line.startswith("{")]


def restart(cloud: Cloud) -> None:
    """So that every process reads changed parameters."""
    ended = cloud.run(PYTHON, "-m", "deploy.restart", "dev")
    assert ended.code == 0, ended.output
    waiter = cloud.client("lambda").get_waiter("function_updated_v2")
    waiter.wait(FunctionName="nudge-dev")


@dataclass(frozen=True)
class Ended:
    code: int
    output: str


def eventually(what: Callable[[], Any], seconds: float = TIMEOUT) -> Any:
    """The first true answer; what AWS does on its own time is waited for, not guessed."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.2)
    return answer
