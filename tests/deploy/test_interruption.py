"""A way back is not interrupted by a second signal."""

import os
import signal

import pytest

from deploy import interruption


def test_signals_are_ignored_within_and_as_before_afterwards(signals):
    def send_both():
        for each in (signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), each)

    with interruption.ignored():
        send_both()
    assert signals == []
    send_both()
    with pytest.raises(KeyError), interruption.ignored():
        raise KeyError
    send_both()
    assert signals == [signal.SIGINT, signal.SIGTERM] * 2
