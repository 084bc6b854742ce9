"""Programs of others read the calendar address: vdirsyncer fetches it, and todoman lists it."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.clients import tools
from tests.clients.devices import account
from tests.clients.production import Server

pytestmark = [pytest.mark.clients, pytest.mark.enable_socket]
RULE = "FREQ=WEEKLY;BYDAY=TH"
TODOS: list[dict[str, Any]] = [
    {"title": "Water the plants", "due": {"on": "2026-12-03"}, "recurrence": RULE, "priority": 1},
    {
        "title": "Call <b>Zoë</b>; 电话, \\n",
        "due": {"on": "2026-12-01", "at": "09:00", "time_zone": "Asia/Shanghai"},
        "notes": "At\nwork",
        "tags": ["phone"],
        "priority": 4,
    },
    {"title": "Done"},
    {"title": "Some day"},
]
SYNC = """
[general]
status_path = "{folder}/status/"

[pair nudge]
a = "here"
b = "there"
collections = null
conflict_resolution = "b wins"

[storage here]
type = "filesystem"
path = "{folder}/calendar/"
fileext = ".ics"

[storage there]
type = "http"
url = "{url}"
"""
LIST = """
path = "{folder}/calendar"
date_format = "%Y-%m-%d"
time_format = "%H:%M"
"""


def test_todoman_lists_what_vdirsyncer_has_fetched(server, tmp_path):
    _key, token = account(server)
    ask = _asking(server, token)
    for fields in TODOS:
        made = ask("post", "todos/", fields)
        if fields["title"] == "Done":
            ask("post", f"todos/{made['id']}/finish/")
    stranger = _asking(server, account(server)[1])
    stranger("post", "todos/", {"title": "A stranger's"})
    (tmp_path / "calendar").mkdir()
    url = ask("post", "account/feed/")["url"]
    (tmp_path / "sync").write_text(SYNC.format(folder=tmp_path, url=url))
    (tmp_path / "config.py").write_text(LIST.format(folder=tmp_path))
    program("vdirsyncer", "-c", tmp_path / "sync", "discover", folder=tmp_path)
    program("vdirsyncer", "-c", tmp_path / "sync", "sync", folder=tmp_path)
    listed = ("--porcelain", "--config", tmp_path / "config.py", "list", "--status", "ANY")
    found = json.loads(program("todo", *listed, folder=tmp_path))
    assert sorted([seen(each) for each in found], key=lambda each: str(each["summary"])) == [
        {
            "summary": "Call <b>Zoë</b>; 电话, \\n",
            "due": "2026-12-01T01:00:00+00:00",
            "description": "At\nwork",
            "categories": ["phone"],
            "priority": 1,
        },
        {"summary": "Done", "completed": True},
        {"summary": "Some day"},
        {
            "summary": "Water the plants",
            "due": "2026-12-03T00:00:00+00:00",
            "recurring": True,
            "priority": 9,
        },
    ]


def seen(listed: dict[str, Any]) -> dict[str, Any]:
    """What it says of a to-do, without what is empty and what todoman adds."""
    due = listed["due"]
    known = {"summary", "completed", "recurring", "description", "categories", "priority"}
    found = {name: listed[name] for name in known if listed[name]}
    return found | ({"due": datetime.fromtimestamp(due, UTC).isoformat()} if due else {})


def program(name: str, *arguments: object, folder: Path) -> str:
    home = {"HOME": str(folder), "TZ": "UTC", "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    return tools.run(tools.TOOLS / "bin" / name, *arguments, folder=folder, environment=home)


def _asking(server: Server, token: str) -> Any:
    def ask(method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{server.url}/api/v1/{path}"
        answer = requests.request(method, url, json=body, headers=headers, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    return ask
