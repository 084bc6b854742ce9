"""A lock in SSM: only one person or workflow changes a stage at a time."""

import getpass
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from deploy import aws

HOLDS_SECONDS = 3600  # a database may take half an hour; then whoever held it has died


@contextmanager
def held(stage: str) -> Iterator[None]:
    """Raises SystemExit if somebody else holds the lock of this stage."""
    name, ssm = aws.lock_name(stage), aws.client("ssm")
    _take(stage, name)
    try:
        yield
    finally:
        ssm.delete_parameters(Names=[name])


def _take(stage: str, name: str) -> None:
    from botocore.exceptions import ClientError

    ssm = aws.client("ssm")
    value = json.dumps({"by": f"{getpass.getuser()}@{socket.gethostname()}", "at": time.time()})
    try:
        ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=False)
    except ClientError as error:
        if aws.error_code(error) != "ParameterAlreadyExists":
            raise
        holder = json.loads(ssm.get_parameter(Name=name)["Parameter"]["Value"])
        if time.time() - holder["at"] < HOLDS_SECONDS:
            raise SystemExit(
                f"{stage} is being changed by {holder['by']}. Wait until that has ended; if nobody "
                f"does it any more: aws ssm delete-parameter --name {name}"
            ) from None
        ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
