"""The commands of docs/ are true: they run against a server, and answer what stands below them."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from tests.accounts.conftest import mailed_code
from tests.accounts.factors import code_of, logged_in
from tests.accounts.soft_key import SoftKey
from tests.config.conftest import ROOT
from tests.sms.conftest import allow

DOCUMENTS = {path.name: path.read_text() for path in (ROOT / "docs").glob("*.md")}
GUIDE = DOCUMENTS["phone.md"]
BLOCK = re.compile(
    r"<!-- run by tests/accounts/test_phone_guide\.py -->\n```sh\n(.*?)```", re.DOTALL
)
STATUS = re.compile(r"^# (\d{3})$", re.MULTILINE)
KEPT = ("TOKEN", "DEVICE", "REVOKED", "SECRET", "CODE", "ID")
PLACE = re.compile(r"http://localhost:8000|https://nudge\.example\.com")
# A person sees the answer, the test its status.
CURL = "curl() { command curl -sS -o answer.json -w '%{http_code}\\n' \"$@\"; }"


class Shell:
    """Runs one block after the other; its variables stay."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.known = dict.fromkeys(KEPT, "")
        self.key = SoftKey(host="localhost", origin=url)
        self.steps = iter((-1, 0, 1))  # an app shows each code once

    def run(self, begin: str, block: str) -> None:
        if "@passkey.json" in block:
            self._use_key()
        script = "\n".join([begin, block, *self._told()])
        done = subprocess.run(  # noqa: S603 - our own document
            ["/bin/sh", "-eu", "-c", PLACE.sub(self.url, script)],
            cwd=self.folder,
            env={**os.environ, **self.known},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert re.findall(r"^\d{3}$", done.stdout, re.MULTILINE) == STATUS.findall(block), (
            f"{block}\n{done.stdout}\n{self.answer()}"
        )
        self.known |= dict(re.findall(r"^(\w+)=(.*)$", done.stdout, re.MULTILINE))

    def answer(self) -> str:
        file = self.folder / "answer.json"
        return file.read_text() if file.exists() else ""

    def _use_key(self) -> None:
        """The phone answers the options that the call before has brought."""
        data = json.loads(self.answer())["data"]
        if "creation_options" in data:
            made = {"name": "My phone", "credential": self.key.create(data["creation_options"])}
        else:
            made = {"credential": self.key.get(data["request_options"])}
        (self.folder / "passkey.json").write_text(json.dumps(made))

    @staticmethod
    def _told() -> list[str]:
        return [f'echo "{name}=${{{name}:-}}"' for name in KEPT]


def parts(block: str) -> list[str]:
    """A block is parted before what needs a code that an answer or a mail has brought."""
    return [part for part in re.split(r'(?m)^(?=call .*"(?:XXSJ-QXTM|123456)")', block) if part]


@pytest.mark.postgres  # with the other tests of a running server
@pytest.mark.enable_socket
@pytest.mark.usefixtures("mandatory")
@pytest.mark.django_db(transaction=True)
def test_the_commands_of_the_guide_run(live_server, tmp_path):
    begin, *blocks = BLOCK.findall(GUIDE)
    assert GUIDE.count("```sh\n") == len(blocks) + 1
    shell = Shell(tmp_path, live_server.url)
    for part in (part for block in blocks for part in parts(block)):
        code = code_of(shell.known["SECRET"], steps=next(shell.steps)) if "123456" in part else ""
        mailed = mailed_code() if "XXSJ-QXTM" in part else ""
        shell.run(begin, part.replace("123456", code).replace("XXSJ-QXTM", mailed))
    assert EmailAddress.objects.get(verified=True).email == "you@example.com"
    assert "Nudge: Your password was reset" in [sent.subject for sent in mail.outbox]


@pytest.mark.postgres
@pytest.mark.enable_socket
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["api.md", "sms.md"])
def test_the_commands_of_the_other_documents_run(live_server, tmp_path, settings, alice, name):
    settings.SMS_ALLOWED_REGIONS = ["US"]
    allow(alice)
    shell = Shell(tmp_path, live_server.url)
    shell.known["DEVICE"] = shell.known["TOKEN"] = logged_in(alice).token or ""
    for command in re.findall(r"(?ms)^curl .*?^# \d{3}$", "".join(BLOCK.findall(DOCUMENTS[name]))):
        shell.run(CURL, command)
        shell.known["TOKEN"] = json.loads(shell.answer()).get("token", "")


def test_every_command_that_asks_a_server_is_run():
    asking = re.compile(r"(?m)^ *(?:curl|call) ")
    run = {name: "".join(BLOCK.findall(text)) for name, text in DOCUMENTS.items()}
    left = {
        name
        for name, text in DOCUMENTS.items()
        if asking.findall(text) != asking.findall(run[name])
    }
    assert left == set()
