"""Thousands of requests made from the document, by two people at once; every check is on.

`make test-contract` makes build/clients first. CONTRACT_SEED=7 tries others.
"""

import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.clients import tools
from tests.clients.production import Server

pytestmark = [pytest.mark.contract, pytest.mark.enable_socket, pytest.mark.timeout(1800)]
SEED = int(os.environ.get("CONTRACT_SEED", "20261126"))
EXAMPLES = os.environ.get("CONTRACT_EXAMPLES", "")

# Who asks which routes. `auth` ends sessions, so it has a person of its own.
PEOPLE = {
    "alice": ("--include-path-regex", "^/(api/v1|service)/"),
    "bob": ("--include-path-regex", "^/(api/v1|service|hello|healthz|readyz)"),
    "carol": ("--include-tag", "auth"),
}

MAKE_PEOPLE = """
import json
from allauth.account.models import EmailAddress
from accounts.models import User
from sms.models import Allowance
from tests.conftest import bearer_token
from todos.models import List
people = {}
for name in NAMES:
    user = User.objects.create_user(name + "@example.com", "a long passphrase")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    Allowance.objects.create(account=user, per_day=100000)
    lists = [str(List.objects.inbox_of(user).pk)]
    people[name] = {"tokens": [bearer_token(user), bearer_token(user)], "lists": lists}
print(json.dumps(people))
"""


@pytest.fixture(scope="module")
def people(server) -> dict[str, Any]:
    code = f"exec({MAKE_PEOPLE.replace('NAMES', repr(sorted(PEOPLE)))!r})"
    found: dict[str, Any] = json.loads(
        server.manage("shell", "-v", "0", code=code).splitlines()[-1]
    )
    return found


def test_five_thousand_requests_find_no_fault(server, people, written, tmp_path):
    """Nothing is excluded; schemathesis.toml says which statuses were added, and why."""

    def ask(name: str) -> str:
        return schemathesis(server, written, people[name], PEOPLE[name], tmp_path / name)

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(ask, PEOPLE))
    faults = [report for report in reports if not re.search(r"No issues found", report)]
    assert faults == [], "\n".join(report[-12_000:] for report in faults)
    cases = sum(int(n) for report in reports for n in re.findall(r"(\d+) generated", report))
    assert cases >= (100 if EXAMPLES else 5000)


def schemathesis(
    server: Server, document: Path, person: Any, chosen: tuple[str, ...], folder: Path
) -> str:
    folder.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "SCHEMATHESIS_HOOKS": "tests.clients.schemathesis_hooks",
        "PYTHONPATH": str(tools.ROOT),
        "NUDGE_TOKENS": " ".join(person["tokens"]),
        "NUDGE_LISTS": " ".join(person["lists"]),
    }
    examples = ("--max-examples", EXAMPLES) if EXAMPLES else ()
    report = folder / "report"
    with report.open("wb") as output:
        subprocess.run(  # noqa: S603
            [
                *(tools.TOOLS / "bin" / "schemathesis", "--no-color"),
                *("--config-file", tools.HERE / "schemathesis.toml", "run", document),
                *("--url", server.url, "--seed", str(SEED), "--workers", "1"),
                *("--header", f"Authorization: Bearer {person['tokens'][0]}"),
                *(*examples, *chosen),
            ],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=output,
            timeout=1700,
            check=False,
        )
    return report.read_text()
