import re

from sms.providers import OutgoingMessage
from sms.providers.console import ConsoleProvider
from sms.results import Accepted


def printed(capsys, *, to: str, body: str) -> tuple[str, str]:
    """The id, and what stood on the terminal."""
    outcome = ConsoleProvider().send(OutgoingMessage(to=to, from_number="", body=body))
    assert isinstance(outcome, Accepted)
    return outcome.sid, capsys.readouterr().out


def test_the_text_is_printed_and_the_number_masked(capsys):
    sid, out = printed(capsys, to="+15005550006", body="hey mate!!!")
    assert re.fullmatch("SM[0-9a-f]{32}", sid)
    assert out == f"--- Text message {sid} to +…06\nhey mate!!!\n---\n"


def test_no_number_is_needed(capsys):
    sid, out = printed(capsys, to="", body="a")
    assert out == f"--- Text message {sid} to no recipient (TO_NUMBER is not set)\na\n---\n"


def test_every_text_has_its_own_id(capsys):
    assert printed(capsys, to="", body="a")[0] != printed(capsys, to="", body="a")[0]


def test_a_text_cannot_drive_the_terminal(capsys):
    _sid, out = printed(capsys, to="", body="a\x1b[2Jb\nc\r😀")
    assert "a\N{REPLACEMENT CHARACTER}[2Jb\nc\N{REPLACEMENT CHARACTER}😀\n" in out
