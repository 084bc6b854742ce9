"""A way back is not interrupted by a second signal."""

import os
import signal
import sys

import pytest

from deploy import interruption, release, restart, restore, rollback
from tests.deploy.test_release import made

__all__ = ["made"]


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


@pytest.mark.parametrize(
    ("command", "arguments"),
    [(release, []), (rollback, []), (restart, []), (restore, ["nudge-restored"])],
    ids=["release", "rollback", "restart", "restore"],
)
def test_sigterm_ends_a_change_as_ctrl_c_does(made, monkeypatch, signals, command, arguments):
    """Otherwise nothing would be taken back, and the lock would hold for an hour."""

    def terminate(_request):
        made.at_request = None
        os.kill(os.getpid(), signal.SIGTERM)

    made.databases = {"nudge-db": False}
    made.at_request = terminate
    monkeypatch.setattr(sys, "argv", [command.__name__, "dev", *arguments])
    with pytest.raises(KeyboardInterrupt):
        command.main()
    assert (signals, len(made.requests), made.calls) == ([], 1, [])
