"""A lock in SSM: only one person or workflow changes a stage at a time."""

import getpass
import hashlib
import json
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from deploy import aws

HOLDS_SECONDS = 3600  # a database may take half an hour; after this, the holder must be dead


@contextmanager
def held(stage: str) -> Iterator[None]:
    """Hold the lock of this stage. Raises SystemExit if someone else holds it."""
    name = aws.lock_name(stage)
    holder = {"by": f"{getpass.getuser()}@{socket.gethostname()}", "at": time.time()}
    mine = json.dumps({**holder, "id": secrets.token_hex(8)})
    _take(stage, name, mine)
    try:
        yield
    finally:
        with _unchanged(name, mine) as same:
            if same:
                aws.client("ssm").delete_parameters(Names=[name])


def _take(stage: str, name: str, mine: str) -> None:
    while not _create(name, mine):
        if (found := _read(name)) is None:  # just released
            continue
        holder = json.loads(found)
        with _unchanged(name, found) as same:
            if not same or time.time() - holder["at"] < HOLDS_SECONDS:
                raise SystemExit(
                    f"{stage} is being changed by {holder['by']}. Wait until that has ended; if "
                    f"nobody does it any more: aws ssm delete-parameters --names {name} "
                    f"{_claim(name, found)}"
                )
            aws.client("ssm").put_parameter(Name=name, Value=mine, Type="String", Overwrite=True)
            return


@contextmanager
def _unchanged(name: str, value: str) -> Iterator[bool]:
    """Whether the lock has this value; if so, nobody else replaces or deletes it in this block.

    SSM creates a parameter only once, but replaces and deletes it without a check of its value. So
    everyone first creates a parameter that is named after the value.
    """
    claim = _claim(name, value)
    if not _create(claim, value):
        yield False
        return
    try:
        yield _read(name) == value
    finally:
        aws.client("ssm").delete_parameters(Names=[claim])


def _claim(name: str, value: str) -> str:
    return f"{name}/{hashlib.sha256(value.encode()).hexdigest()[:16]}"


def _create(name: str, value: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        aws.client("ssm").put_parameter(Name=name, Value=value, Type="String", Overwrite=False)
    except ClientError as error:
        if aws.error_code(error) == "ParameterAlreadyExists":
            return False
        raise
    return True


def _read(name: str) -> str | None:
    from botocore.exceptions import ClientError

    try:
        return str(aws.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
    except ClientError as error:
        if aws.error_code(error) == "ParameterNotFound":
            return None
        raise
