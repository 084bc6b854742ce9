"""Calls AWS before Django is set up: signed by botocore, sent by urllib3, without boto3.

A cold start waits for these calls. boto3 and one client take 200 ms or more to load; the signer
adds only 35 ms to the modules that DRF loads anyway.
"""

import json
import random
import re
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, NamedTuple

from core.clients import per_process

CONNECT_SECONDS = 1.0
READ_SECONDS = 2.0
# Within the 10 s of Lambda's init. Systems Manager answers 40 calls a second for the whole account,
# so most of many simultaneously starting processes must retry.
BUDGET_SECONDS = 6.9  # no attempt starts after it
LONGEST_PAUSE = 1.0

_TARGETS = {"ssm": "AmazonSSM", "secretsmanager": "secretsmanager"}
_THROTTLED = {"ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"}
_CODE = re.compile(r"[A-Za-z0-9_.]{1,80}")


class CallError(Exception):
    """`code` is an error code of AWS or of this module; it contains no secret and may be logged."""

    def __init__(self, code: str, *, may_pass: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.may_pass = may_pass


class Aws(NamedTuple):
    """AWS as configured by the environment; `variable` returns the first variable that is set."""

    variable: Callable[..., str]

    def call(self, service: str, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        until, waits = time.monotonic() + BUDGET_SECONDS, pauses()
        while True:
            try:
                return self._try(service, operation, arguments)
            except CallError as error:
                pause = next(waits)
                if not error.may_pass or time.monotonic() + pause > until:
                    raise
            time.sleep(pause)

    def endpoint(self, service: str) -> str:
        region = self._region()
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        url = self.variable("AWS_ENDPOINT_URL") or f"https://{service}.{region}.{suffix}"
        return url.rstrip("/") + "/"

    def _try(self, service: str, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """AWS JSON 1.1 (smithy.io): a POST with the operation in a header."""
        from urllib3.exceptions import HTTPError

        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"{_TARGETS[service]}.{operation}",
        }
        url, body = self.endpoint(service), json.dumps(arguments).encode()
        signed = self._signed(service, url, body, headers)
        try:
            response = _pool().request("POST", url, body=body, headers=signed)
        except HTTPError as error:
            raise CallError(type(error).__name__, may_pass=True) from None
        return _answer(response.status, response.data)

    def _signed(
        self, service: str, url: str, body: bytes, headers: dict[str, str]
    ) -> dict[str, str]:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        request = AWSRequest("POST", url, headers, body)
        SigV4Auth(self._credentials(), service, self._region()).add_auth(request)
        return dict(request.headers)

    def _region(self) -> str:
        if region := self.variable("AWS_REGION", "AWS_DEFAULT_REGION"):
            return region
        raise CallError("AWS_REGION is not set")

    def _credentials(self) -> Any:
        """The credentials in the environment, as on Lambda, otherwise those of botocore (SnapStart,
        a profile).
        """
        from botocore.credentials import Credentials

        if key := self.variable("AWS_ACCESS_KEY_ID"):
            secret = self.variable("AWS_SECRET_ACCESS_KEY")
            return Credentials(key, secret, self.variable("AWS_SESSION_TOKEN") or None)
        from botocore.exceptions import BotoCoreError
        from botocore.session import Session

        try:
            found = Session().get_credentials()
        except BotoCoreError as error:
            raise CallError(type(error).__name__) from None
        if found is None:
            raise CallError("NoCredentials")
        return found


def pauses() -> Iterator[float]:
    """Exponential and random, so that the processes do not retry simultaneously."""
    longest = LONGEST_PAUSE / 8
    while True:
        yield random.uniform(longest / 2, longest)  # noqa: S311 - no secret
        longest = min(2 * longest, LONGEST_PAUSE)


def _answer(status: int, data: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(data)
    except ValueError:
        answer = None
    if status == HTTPStatus.OK and isinstance(answer, dict):
        return answer
    named = answer.get("__type") if isinstance(answer, dict) else None
    code = str(named or "").rpartition("#")[2]
    if not _CODE.fullmatch(code):
        code = f"HTTP {status}"
    busy = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    raise CallError(code, may_pass=busy or code in _THROTTLED)


@per_process
def _pool() -> Any:
    """Cached, so that the next page of parameters needs no new handshake."""
    import urllib3

    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    return urllib3.PoolManager(timeout=timeout, retries=False)
