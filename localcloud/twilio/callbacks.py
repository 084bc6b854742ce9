"""The status callbacks that Twilio makes for a message, signed as Twilio signs them.

twilio.com/docs/messaging/guides/track-outbound-message-status. The signature has its own code here,
so that it does not share a bug with the service.
"""

import base64
import hashlib
import hmac
import queue
import random
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

HAPPY = ("queued", "sent", "delivered")
# Recipients that Twilio accepts but carriers refuse: number -> error code of the callback.
UNDELIVERABLE = {
    "+15005550010": 30003,  # switched off
    "+15005550011": 30005,  # unknown
    "+15005550012": 30006,  # a landline
    "+15005550013": 30007,  # filtered by the carrier
    "+15005550014": 30008,  # unknown error
}
FAILING = {"+15005550015": 30001}  # never leaves Twilio: its queue is full
ORDERS = ("ordered", "reversed", "shuffled")


@dataclass(frozen=True)
class Callback:
    """A call of the StatusCallback URL."""

    url: str
    fields: dict[str, str]
    signature: str

    def post(self) -> int:
        """The HTTP status of the response; 0 without one."""
        headers = {"X-Twilio-Signature": self.signature}
        content = urllib.parse.urlencode(self.fields).encode()
        request = urllib.request.Request(self.url, content, headers, method="POST")  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=15) as response:  # noqa: S310
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


def progress(number: str) -> list[tuple[str, int | None]]:
    if code := UNDELIVERABLE.get(number):
        return [("queued", None), ("sent", None), ("undelivered", code)]
    if code := FAILING.get(number):
        return [("queued", None), ("failed", code)]
    return [(status, None) for status in HAPPY]


def callback(
    message: dict[str, Any], url: str, status: str, code: int | None, token: str
) -> Callback:
    fields = {
        "AccountSid": message["account_sid"],
        "ApiVersion": "2010-04-01",
        "From": message["from"] or "",
        "To": message["to"],
        "MessageSid": message["sid"],
        "SmsSid": message["sid"],
        "MessageStatus": status,
        "SmsStatus": status,
    }
    if code is not None:
        fields["ErrorCode"] = str(code)
    return Callback(url, fields, signed(url, fields, token))


def signed(url: str, fields: dict[str, str], token: str) -> str:
    text = url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def arranged(
    callbacks: list[Callback], order: str, repeat: int, dice: random.Random
) -> list[Callback]:
    result = callbacks * repeat
    if order == "reversed":
        result.reverse()
    elif order == "shuffled":
        dice.shuffle(result)
    return result


class Caller:
    """A thread that makes callbacks one by one and stores the responses."""

    def __init__(self) -> None:
        self.made: list[tuple[Callback, int]] = []
        self._waiting: queue.Queue[Callback | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="twilio-callbacks", daemon=True)
        self._thread.start()

    def put(self, callbacks: list[Callback]) -> None:
        for each in callbacks:
            self._waiting.put(each)

    def finish(self) -> None:
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        for each in self._queued():
            self.made.append((each, each.post()))

    def _queued(self) -> Iterator[Callback]:
        while (each := self._waiting.get()) is not None:
            yield each
