"""Files go to the bucket and come from it by links; the function of long commands does the work."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from tests.cloud.local import TIMEOUT, Cloud, eventually
from tests.cloud.people import Phone, new_operator

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]

TODOS, EXPORTS, IMPORTS = "api/v1/todos/", "api/v1/exports/", "api/v1/imports/"
NOTES = "Semi-skimmed, two litres. " * 160  # 300 of them are more than one request may bring
PROCESS = "ministack-lambda-nudge-dev-ops-"
LONGEST = 900  # seconds that this function has


@pytest.fixture
def phone(cloud: Cloud) -> Phone:
    """Of an operator: sign-ups from one address are counted, and others need them all."""
    made = Phone(cloud)
    made.log_in(new_operator(cloud))
    return made


def ended(phone: Phone, path: str, *states: str) -> dict[str, Any]:
    def found() -> dict[str, Any] | None:
        job: dict[str, Any] = phone.ask("GET", path).json()
        assert job["state"] != "failed", job
        return job if job["state"] in states else None

    answer: dict[str, Any] = eventually(found, LONGEST)
    return answer


def exported(phone: Phone, form: str) -> requests.Response:
    """By the link alone: it is for whoever has it, and a token is nothing for a bucket."""
    job = phone.ask("POST", EXPORTS, {"format": form}).json()
    done = ended(phone, f"{EXPORTS}{job['id']}/", "done")
    moved = phone.ask("GET", done["file"])
    assert moved.status_code == 302, moved.text
    assert phone.cloud.address not in moved.headers["Location"]
    return requests.get(moved.headers["Location"], timeout=TIMEOUT)


def table(amount: int) -> bytes:
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(["title", "notes", "tags"])
    rows.writerows([f"to-do {number}", NOTES, "home"] for number in range(amount))
    return file.getvalue().encode()


def test_a_large_file_comes_by_a_link_and_leaves_by_one(cloud, phone):
    file = table(300)
    assert len(file) > 1024 * 1024
    begun = phone.ask("POST", IMPORTS, {"format": "csv", "size": len(file)})
    job, path = begun.json(), f"{IMPORTS}{begun.json()['id']}/"
    upload = job["upload"]
    assert (begun.status_code, upload["method"]) == (202, "PUT")
    assert not upload["url"].startswith(cloud.address)
    sent = requests.put(upload["url"], data=file, headers=upload["headers"], timeout=TIMEOUT)
    assert sent.status_code == 200, sent.text
    assert phone.ask("POST", f"{path}check/").status_code == 202

    checked = ended(phone, path, "checked")
    assert checked["report"]["new"] == {"lists": 0, "tags": 0, "filters": 0, "todos": 300}
    assert phone.ask("GET", TODOS).json()["results"] == []
    confirmed = phone.ask("POST", f"{path}confirm/", {"token": checked["token"]})
    assert confirmed.status_code == 202, confirmed.text
    ended(phone, path, "done")

    answer = exported(phone, "json")
    titles = {todo["title"] for todo in answer.json()["todos"]}
    assert titles == {f"to-do {number}" for number in range(300)}
    assert 'filename="nudge' in answer.headers["Content-Disposition"]
    assert Phone(cloud).ask("GET", path).status_code == 401


@pytest.mark.nightly
def test_a_hundred_thousand_todos_leave_within_the_memory_of_the_function(cloud, phone):
    made = phone.ask("POST", TODOS, {"title": "many", "notes": NOTES[:200]}).json()
    with psycopg.connect(database(cloud)) as connection:
        connection.execute("SET statement_timeout = 0")
        names = [
            name
            for (name,) in connection.execute(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_name = 'todos_todo' AND column_name <> 'id'"
            )
        ]
        columns = ", ".join(f'"{name}"' for name in names)
        connection.execute(
            f"INSERT INTO todos_todo (id, {columns}) SELECT gen_random_uuid(), {columns}"  # noqa: S608 - no input
            " FROM todos_todo CROSS JOIN generate_series(2, 100000) WHERE id = %s",
            [made["id"]],
        )
    for form in ("json", "csv", "ics", "todotxt"):
        assert len(exported(phone, form).content) > 5_000_000
    peaks = [int(found[1]) for found in map(peak, Path("/proc").glob("[0-9]*")) if found]
    assert 0 < max(peaks) < 512 * 1024, json.dumps(peaks)


def peak(process: Path) -> re.Match[str] | None:
    """The most memory, in KiB, that a process of the function has had."""
    try:
        if PROCESS not in (process / "cmdline").read_text():
            return None
        return re.search(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())
    except OSError:
        return None


def database(cloud: Cloud) -> str:
    answer = cloud.client("ssm").get_parameter(Name="/nudge/dev/DATABASE_URL", WithDecryption=True)
    url: str = answer["Parameter"]["Value"]
    return url
