"""Log lines: one line of JSON each, with the request id, never with a secret."""

import io
import json
import logging
import os
import re
import subprocess
import sys

import pytest
from django.contrib.admin.utils import quote
from hypothesis import assume, given
from hypothesis import strategies as st

from config.logging import JSONFormatter, RedactingFilter, logging_config
from core.http import current_request_id
from core.redaction import redact
from tests.config.conftest import PRODUCTION, ROOT

KEY = "abcdefghijklmnopqrstuvwxyz012345"
SECRETS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789_-.~", min_size=12, max_size=40)
NUMBERS = st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True)
CARRIERS = [
    "GET /todos/?token={} HTTP/1.1",
    "GET /feeds/{}.ics HTTP/1.1",
    "Not Found: /auth/password/reset/key/{}/",
    "Not Found: /dev/auth/confirm-email/{}/",
    "Authorization: Bearer {}",
    "Authorization: Token {}",
    "Authorization: Basic {}",
    "authorization={}",
    "Cookie: theme=dark; sessionid={}; csrftoken=x",
    "Set-Cookie: __Host-sessionid={}; Path=/; Secure",
    "{{'Cookie': 'a=1; b={}', 'Host': 'x'}}",
    "{{'authorization': ['Bearer {}']}}",
    "{{b'authorization': b'Token {}'}}",
    "X-Session-Token: {}",
    "session_token='{} with blanks'",
    '{{"password": "{}", "email": "a@example.com"}}',
    '{{"password": "quoted \\" {}"}}',
    '"{{\\"new_password\\": \\"two words {}\\"}}"',
    "password1={}&email=a%40example.com",
    "('password', '{}')",
    "SECRET_KEY={}",
    "AWS_SECRET_ACCESS_KEY: {}",
    "AUTH_TOKEN={}",
    "csrfmiddlewaretoken={}",
    "api-key: {}",
    "connecting to postgresql://nudge:{}@db.example.com:5432/nudge",
    "connecting to postgresql://nudge:p@{}@db.example.com/nudge?sslmode=require",
]
READABLE = [
    "Not Found: /todos/550e8400-e29b-41d4-a716-446655440000/",
    "Todo 550e8400e29b41d4a716446655440000 finished at 2026-11-20T11:32:11+00:00",
    '"GET /todos/ HTTP/1.1" 200 1534',
    "[20/Nov/2026 11:32:11] +0000",
    "Django 5.2.19, psycopg 3.3.9+local, 12345678901 rows in 0.25 s",
    "Sum d41d8cd98f00b204e9800998ecf8427e of 15 files",
    "Forbidden (CSRF cookie not set.): /todos/",
    "Session data corrupted",
    "Did you mean https://nudge.example.com/todos/?",
    "The token is missing. Why? Nobody knows.",
    "alice@example.com asked for /api/v1/lists/",
    "Not Found: /admin/sms/optout/0191f3e2-1500-7555-8006-123456789012/change/",
    "from=1700000000 to=1700003600 id=15005550006 phone: none",
]


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def logger(stream) -> logging.Logger:
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter())
    handler.setFormatter(JSONFormatter())
    result = logging.Logger("nudge")  # noqa: LOG001 - a logger of this test's own
    result.addHandler(handler)
    return result


def only_line(stream: io.StringIO) -> dict:
    text = stream.getvalue()
    assert text.endswith("\n")
    assert len(text.splitlines()) == 1
    line: dict = json.loads(text)
    return line


@pytest.mark.parametrize("carrier", CARRIERS)
@given(secret=SECRETS)
def test_a_secret_in_a_known_carrier_never_survives(carrier, secret):
    assume(secret not in carrier)  # a word of the carrier itself tells nothing
    assert secret not in redact(carrier.format(secret))


@given(secret=st.from_regex(r"[A-Za-z0-9_-]{43}", fullmatch=True))
def test_a_personal_token_never_survives(secret):
    assert redact(f"refused nudge_{secret}.") == "refused nudge_[redacted]."


@given(number=NUMBERS, around=st.sampled_from(["to {}", "to=%2B{}", "[{}]", "{}, twice {}"]))
def test_a_phone_number_keeps_its_last_two_digits_only(number, around):
    digits = number[1:]
    text = around.format(digits, digits) if "%2B" in around else around.format(number, number)
    redacted = redact(text)
    assert digits not in redacted
    assert digits[:-2] not in redacted
    assert f"+…{digits[-2:]}" in redacted


@pytest.mark.parametrize("number", ["+1 500 555 0006", "+1 (500) 555-0006", "+49-170-1234567"])
def test_a_written_phone_number_is_shortened_too(number):
    assert redact(f"texting {number} now") == f"texting +…{number[-2:]} now"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/admin/sms/optout/_2B15005550006/change/", "/admin/sms/optout/+…06/change/"),
        ("/x/%2b15005550006/", "/x/+…06/"),
        ("/x/%252B15005550006/", "/x/+…06/"),
        ("phone_number=15005550006, age 3", "phone_number=…06, age 3"),
        ("{'Phone': '015005550006'}", "{'Phone': '…06'}"),
        ('{\\"msisdn\\": \\"15005550006\\"}', '{\\"msisdn\\": \\"…06\\"}'),
        ("recipient: 004915123456789", "recipient: …89"),
    ],
)
def test_a_phone_number_in_another_dress_is_shortened_too(text, expected):
    assert redact(text) == expected


@given(number=NUMBERS)
def test_a_phone_number_in_a_path_of_the_admin_is_shortened(number):
    """The admin escapes keys in a way of its own: a plus is _2B there."""
    shortened = redact(f"Not Found: /admin/sms/optout/{quote(number)}/change/")
    assert shortened == f"Not Found: /admin/sms/optout/+…{number[-2:]}/change/"


@pytest.mark.parametrize("text", READABLE)
def test_an_ordinary_message_stays_readable(text):
    assert redact(text) == text


def test_a_bare_session_key_is_removed():
    assert redact(f"session {KEY} ended") == "session [redacted] ended"


@given(st.text())
def test_any_text_is_one_json_line_and_redacting_twice_changes_nothing(text):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JSONFormatter())
    handler.addFilter(RedactingFilter())
    handler.handle(logging.LogRecord("nudge", logging.INFO, "", 0, "%s", (text,), None))
    assert only_line(stream)["message"] == redact(text)


@pytest.mark.parametrize("control", ["\r\n", "\x1b[31m", "\u2028", "\x85", "\ud800"])
def test_a_control_character_in_a_path_does_not_begin_a_line(logger, stream, control):
    """CVE-2025-48432: whoever asks for a path must not write the log."""
    logger.warning("Not Found: %s", f"/todos/{control}ERROR forged")
    assert only_line(stream)["message"] == f"Not Found: /todos/{control}ERROR forged"


def test_a_line_says_when_who_and_which_request(logger, stream):
    token = current_request_id.set("request-1")
    logger.error("Sent %d texts", 3, extra={"request": object(), "status_code": 500})
    current_request_id.reset(token)
    line = only_line(stream)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line.pop("time"))
    assert line == {
        "level": "ERROR",
        "logger": "nudge",
        "message": "Sent 3 texts",
        "request_id": "request-1",
    }


def test_a_line_has_the_facts_that_queries_read_and_no_others(logger, stream):
    facts = {"task": "a.b", "duration_ms": 12, "outcome": "done", "client_request_id": "phone-1"}
    logger.info("%s", "x", extra={**facts, "secret": "marker"})
    line = only_line(stream)
    assert {name: line[name] for name in facts} == facts
    assert set(line) == {"time", "level", "logger", "message", "request_id", *facts}


def test_a_traceback_is_in_its_line_and_redacted(logger, stream):
    try:
        raise ValueError("password=hunter2-marker")  # noqa: TRY301 - what a library might say
    except ValueError:
        logger.exception("Failed")
    line = only_line(stream)
    assert "ValueError: password=[redacted]" in line["traceback"]
    assert (
        "hunter2-marker" not in json.dumps(line).replace("raise ValueError", "").split("# noqa")[1]
    )


def test_a_traceback_another_handler_has_formatted_is_redacted_too(logger, stream):
    record = logging.LogRecord("nudge", logging.ERROR, "", 0, "Failed", (), None)
    secret = "hunter2-marker"
    try:
        raise ValueError(f"password={secret}")  # noqa: TRY301
    except ValueError:
        record.exc_info = sys.exc_info()
    logging.Formatter().format(record)
    record.stack_info = f"Stack: password={secret}"
    logger.handle(record)
    assert secret not in stream.getvalue()
    assert record.stack_info == "Stack: password=[redacted]"


def test_a_wrong_log_call_is_written_and_breaks_nothing(logger, stream):
    logger.warning("%d texts for %s", "three")  # noqa: PLE1206 - the mistake of this test
    message = only_line(stream)["message"]
    assert message == "%d texts for %s (the arguments of this log call do not fit)"


def test_every_handler_redacts():
    for json_lines in (True, False):
        config = logging_config(json_lines=json_lines)
        assert all(handler["filters"] == ["redact"] for handler in config["handlers"].values())
        used = {*config["root"]["handlers"]}
        used |= {name for item in config["loggers"].values() for name in item["handlers"]}
        assert used == set(config["handlers"])


def test_a_line_is_written_once_and_what_was_imported_before_still_writes():
    for json_lines in (True, False):
        config = logging_config(json_lines=json_lines)
        assert config["disable_existing_loggers"] is False
        assert {logger["propagate"] for logger in config["loggers"].values()} == {False}


def test_what_libraries_say_of_keys_and_credentials_is_not_written():
    """At INFO fido2 writes the ids of passkeys, and botocore where it found its credentials."""
    for json_lines in (True, False):
        config = logging_config(json_lines=json_lines)
        levels = {name: logger["level"] for name, logger in config["loggers"].items()}
        assert {"root": config["root"]["level"], **levels} == {
            "root": "INFO",
            "django": "INFO",
            "django.server": "INFO",
            "fido2": "WARNING",
            "botocore": "WARNING",
        }


SERVER = """
import logging, django
django.setup()
from django.test import Client
client = Client(raise_request_exception=False, SERVER_NAME="nudge.example.com")
secret = {"HTTP_AUTHORIZATION": "Bearer marker-header", "secure": True}
client.get("/api/unknown/marker-path/?token=marker-query", **secret)
client.get("/api/auth/password/reset/key/1-marker-key/", **secret)
client.cookies["__Host-sessionid"] = "abcdefghijklmnopqrstuvwxyz012345"
client.get("/api/v1/lists/", secure=True)
access = logging.getLogger("django.server")
access.info('"%s" %s %s', "GET /?token=marker-query HTTP/1.1", 200, 1)
"""


@pytest.mark.wide
def test_a_server_writes_json_with_request_ids_and_nothing_secret():
    """404 warnings, the 503 of a database that refuses, and the access log, as one process."""
    environment = PRODUCTION | {
        "DATABASE_URL": "postgresql://nudge:marker-password@127.0.0.1:9/nudge",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", SERVER],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    messages = [line["message"] for line in lines]
    assert "Not Found: /api/unknown/marker-path/" in messages
    assert '"GET /?[redacted] HTTP/1.1" 200 1' in messages
    assert any(line.get("traceback") for line in lines)
    ids = [line["request_id"] for line in lines if line["logger"] == "django.request"]
    assert len(set(ids)) == len(ids) >= 3
    assert "-" not in ids
    for secret in ("marker-query", "marker-header", "marker-key", "marker-password", KEY):
        assert secret not in done.stderr
