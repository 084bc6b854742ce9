"""CloudWatch has a line of JSON for everything that is told, with its request, and no secret."""

import json
import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.cloud.local import TIMEOUT, Cloud, eventually
from tests.cloud.people import AUTH, AdminSession, Phone, manage, signed_up

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]

FUNCTIONS = ("nudge-dev", "nudge-dev-ops")
# Of the runtime of Lambda itself; the rest of each is numbers.
PLATFORM = re.compile(r"(START|END|REPORT|INIT_START|XRAY) ")
# Of the runtime too: what a failed task raised, which serverless.events has redacted.
RAISED = re.compile(r"Traceback \(most recent call last\):$|  |serverless\.events\.TaskError: ")
MESSAGES = "api/v1/sms/messages/"


def every_line(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """Of every log group there is: functions, API, whatever else was made."""
    logs = cloud.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            for events in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                yield from ((name, event["message"]) for event in events["events"])


def parameter(cloud: Cloud, name: str) -> str:
    answer = cloud.client("ssm").get_parameter(Name=f"/nudge/dev/{name}", WithDecryption=True)
    return answer["Parameter"]["Value"]


def secret(kind: str) -> str:
    """Nothing that occurs by chance."""
    return f"planted-{kind}-{secrets.token_hex(8)}"


def plant_in_requests(cloud: Cloud, phone: Phone) -> set[str]:
    """Secrets where clients put them, in requests that succeed, are refused and are broken."""
    kinds = ("bearer", "header", "cookie", "query", "password", "code", "key", "body", "path")
    planted = {kind: secret(kind) for kind in kinds}
    stranger = Phone(cloud)
    headers = {
        "Authorization": f"Bearer {planted['bearer']}",
        "X-Session-Token": planted["header"],
        "Cookie": f"__Host-sessionid={planted['cookie']}; other={planted['cookie']}",
        "Idempotency-Key": planted["key"],
    }
    query = f"?token={planted['query']}&next=/x/{planted['query']}&password={planted['query']}"
    for path in ("api/v1/todos/", "todos/", "nothing/", "admin/", "service/sms/send", f"{AUTH}x"):
        for method in ("GET", "POST", "DELETE"):
            stranger.ask(method, f"{path}{query}", {"password": planted["password"]}, **headers)
    for path in ("signup", "login", "password/request", "email/verify", "reauthenticate"):
        wrong = {"email": "not an address", "password": planted["password"]}
        stranger.ask("POST", f"{AUTH}{path}", {**wrong, "key": planted["code"]}, **headers)
        requests.post(
            f"{cloud.address}{AUTH}{path}",
            data=f'{{"password": "{planted["password"]}", broken',
            headers={"Content-Type": "application/json"},
            timeout=TIMEOUT,
        )
    requests.post(f"{cloud.address}auth/login/", {"password": planted["password"]}, timeout=TIMEOUT)
    phone.ask("POST", f"{MESSAGES}{query}", {"to": "nobody", "body": planted["body"]})
    phone.ask("POST", "api/v1/todos/", {"title": planted["body"], "notes": planted["body"]})
    stranger.ask("GET", f"auth/password/reset/key/{planted['path']}/")
    stranger.ask("GET", f"auth/confirm-email/{planted['path']}/")
    return set(planted.values())


def plant_numbers(cloud: Cloud, phone: Phone, operator: AdminSession) -> set[str]:
    """Numbers that are sent to, refused, looked for, called back for, and given to a task."""
    numbers = {"+14155550171", "+4915112345671", "+15005550009", "+14155550172", "+14155550173"}
    for number in sorted(numbers):
        phone.ask("POST", MESSAGES, {"to": number, "body": "planted"})
        phone.ask("GET", f"{MESSAGES}?to={number}")
        phone.ask("POST", f"{MESSAGES}segments/", {"to": number, "body": "planted"})
        operator.get(f"admin/sms/message/?q={number}")
        operator.get(f"admin/sms/optout/{number}/change/")
        inbound = {"From": number, "To": "+15005550006", "Body": "STOP", "MessageSid": "SM1"}
        requests.post(f"{cloud.address}service/sms/inbound/", inbound, timeout=TIMEOUT)
    event = {
        "command": "zappa.asynchronous.route_lambda_task",
        "task_path": "sms.delivery.deliver",
        "args": sorted(numbers)[:1],
        "kwargs": {},
    }
    functions = cloud.client("lambda")
    failed = functions.invoke(FunctionName="nudge-dev", Payload=json.dumps(event))
    assert failed["FunctionError"] == "Unhandled"
    return {number.removeprefix("+") for number in numbers}


@pytest.fixture(scope="module")
def planted(cloud: Cloud, operator: str) -> set[str]:
    phone, email = signed_up(cloud, "planter")
    admin = AdminSession(cloud, operator)
    admin.grant(phone.ask("GET", "api/auth/app/v1/auth/session").json()["data"]["user"]["id"], 10)
    codes = {cloud.code_for(email)}
    found = plant_in_requests(cloud, phone) | plant_numbers(cloud, phone, admin)
    sessions = {phone.token, *admin.session.cookies.values()}
    manage(cloud, "check")
    return found | codes | sessions


def test_no_secret_is_in_any_line_of_any_group(cloud, planted):
    stored = {parameter(cloud, name) for name in ("SECRET_KEY", "AUTH_TOKEN", "DATABASE_URL")}
    wanted = planted | stored | {cloud_password(cloud)}
    eventually(lambda: any("sms.delivery.deliver" in line for _, line in every_line(cloud)))

    found = [
        (group, line[:200])
        for group, line in every_line(cloud)
        if any(word in line for word in wanted)
    ]

    assert found == []


def cloud_password(cloud: Cloud) -> str:
    """Of the database, as its URL has it."""
    found = re.match(r"postgresql://[^:]+:([^@]+)@", parameter(cloud, "DATABASE_URL"))
    assert found
    return found[1]


def test_what_is_looked_for_would_be_found(cloud, planted):
    """The requests above did write lines: what they asked for is there, without its secrets."""
    messages = [line["message"] for line in cloud.lines()]
    assert any(each.startswith("Not Found:") and "nothing/" in each for each in messages)
    assert any("?[redacted]" in each for each in messages)
    assert any("+…71" in line.get("traceback", "") for line in cloud.lines())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_line_is_json_of_one_request(cloud, planted, function):
    """But for the platform's own, and for what a command printed for who asked for it."""
    strange: list[str] = []
    nameless: list[dict[str, Any]] = []
    for lines in invocations(cloud, function):
        parsed = [json.loads(line) for line in lines if line.startswith("{")]
        nameless += [line for line in parsed if not names_its_request(line)]
        failed = any(line.get("outcome") == "failed" for line in parsed)
        if not any(str(line.get("task", "")).startswith("manage ") for line in parsed):
            strange += [line for line in lines if not is_known(line, failed=failed)]
    assert strange == []
    assert nameless == []


def invocations(cloud: Cloud, function: str) -> Iterator[list[str]]:
    """From START to REPORT; of two at the same time each has a stream of its own."""
    streams: dict[str, list[str]] = {}
    for event in cloud.events(function):
        lines = streams.setdefault(event["logStreamName"], [])
        lines.append(event["message"])
        if event["message"].startswith("REPORT "):
            yield streams.pop(event["logStreamName"])


def is_known(line: str, *, failed: bool) -> bool:
    return bool(line.startswith("{") or PLATFORM.match(line) or (failed and RAISED.match(line)))


def names_its_request(line: dict[str, Any]) -> bool:
    needed = {"time", "level", "logger", "message", "request_id"}
    return needed <= set(line) and line["request_id"] != "-"
