"""A bound on the whole of a call; socket time-outs are none: they begin anew with each byte."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """The result of the call, or TimeoutError when it takes longer.

    Names that resolve slowly, several addresses that do not answer and headers that drip count
    too. A call that is late is left to itself: its result is lost, its thread ends with it.
    """
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            result.set_exception(error)

    threading.Thread(target=run, name="sms-call", daemon=True).start()
    return result.result(timeout=seconds)
