"""What Lambda calls for everything but requests: once, with its id, a line before and after."""

import json
import logging
import os
import re
import sys
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import clear_url_caches, get_resolver, reverse

from config.logging import JSONFormatter
from core import tasks as core_tasks
from core.http import NO_REQUEST, current_request_id
from deploy import smoke
from localcloud.lambda_events import CONTEXT, REQUEST_ID, load, request
from serverless import events, warmup
from serverless import tasks as lambda_tasks
from sms import schedule
from tests import task_backends

pytestmark = pytest.mark.django_db  # the boundary looks at the connections
MESSAGE_ID = "00000000-0000-7000-8000-000000000007"
calls: list[tuple] = []


def record(*args: object, **kwargs: object) -> str:
    calls.append((args, kwargs, current_request_id.get()))
    return "result"


def scheduled(event: object, context: object) -> None:
    calls.append((event, context))


def wrong_type(*args: object) -> None:
    """With a signature that takes anything, Zappa ran this three times."""
    calls.append(args)
    raise TypeError("a bug in the body")


def leaves(code: str | int | None) -> None:
    sys.exit(code)


def quotes(*args: object) -> None:
    raise ValueError("no row for +15005550006 password=hunter2\nDETAIL: Failing row contains Alice")


@pytest.fixture(autouse=True)
def _nothing_was_called():
    calls.clear()


@pytest.fixture
def lines(caplog):
    """`lines()`: what CloudWatch would hold of our own two lines, as JSON."""
    caplog.set_level(logging.INFO, logger="serverless.events")
    formatter = JSONFormatter()

    def read() -> list[dict]:
        found = [json.loads(formatter.format(record)) for record in caplog.records]
        return [line for line in found if line["logger"] == "serverless.events"]

    return read


def task(function: str, *args: object) -> dict:
    return {**load("task"), "task_path": f"{__name__}.{function}", "args": list(args)}


# --- What is called -------------------------------------------------------------------------------


def test_a_task_is_called_once_with_its_ids_and_the_request_id_of_lambda(handler):
    assert handler(task("record", MESSAGE_ID), CONTEXT) is None
    assert calls == [((MESSAGE_ID,), {}, REQUEST_ID)]
    assert current_request_id.get() == NO_REQUEST


@pytest.mark.django_db(transaction=True)
def test_the_task_that_is_sent_is_the_task_that_is_run(handler, settings, monkeypatch):
    task_backends.use(settings, task_backends.LAMBDA)
    monkeypatch.setattr(lambda_tasks, "invoke", lambda event: handler(event, CONTEXT))
    core_tasks.task(record).enqueue(MESSAGE_ID)
    assert calls == [((MESSAGE_ID,), {}, REQUEST_ID)]


def test_a_function_decorated_by_zappa_runs_and_is_not_sent_again(handler, monkeypatch):
    """Called on Lambda, the decorated function sends the event that runs it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "eu-central-1")  # for the clients that Zappa makes on import
    from zappa import asynchronous

    sent: list[dict] = []

    def invoke(**arguments: str) -> dict[str, int]:
        sent.append(json.loads(arguments["Payload"]))
        return {"StatusCode": 202}

    client = SimpleNamespace(invoke=invoke)
    monkeypatch.setattr(asynchronous, "LAMBDA_CLIENT", client, raising=False)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "nudge-dev")
    monkeypatch.setattr(sys.modules[__name__], "record", asynchronous.task(record))
    record(MESSAGE_ID, times=2)
    [event] = sent
    assert calls == []
    handler(event, CONTEXT)
    assert (calls, len(sent)) == ([((MESSAGE_ID,), {"times": 2}, REQUEST_ID)], 1)


def test_a_schedule_is_called_with_event_and_context(handler, monkeypatch):
    monkeypatch.setattr(schedule, "sweep", scheduled)
    handler(event := load("scheduled"), CONTEXT)
    assert calls == [(event, CONTEXT)]


def test_a_command_answers_what_its_function_answers(handler):
    event = {"command": f"{__name__}.record"}
    assert handler(event, CONTEXT) == "result"
    assert calls == [((event, CONTEXT), {}, REQUEST_ID)]


def test_a_management_command_runs(handler, capsys):
    assert handler(load("manage"), CONTEXT) == {}
    assert "System check identified no issues" in capsys.readouterr().out


def test_a_management_command_is_split_at_every_space(handler, monkeypatch):
    """As by Zappa's own handler (docs/operations.md)."""
    monkeypatch.setattr("django.core.management.call_command", lambda *given: calls.append(given))
    handler({"manage": "check  --deploy"}, CONTEXT)
    assert calls == [("check", "", "--deploy")]


# --- A queue --------------------------------------------------------------------------------------


def records(*bodies: object, source: str = "aws:sqs") -> dict:
    """As Lambda sends them; a body is text."""
    return {
        "Records": [
            {"messageId": f"m{number}", "eventSource": source, "body": body}
            for number, body in enumerate(bodies)
        ]
    }


def context(*milliseconds: int) -> SimpleNamespace:
    left = iter(milliseconds)
    return SimpleNamespace(
        aws_request_id=REQUEST_ID, get_remaining_time_in_millis=lambda: next(left)
    )


def kept(*numbers: int) -> dict:
    """AWS Lambda Developer Guide, "Reporting batch item failures"."""
    return {"batchItemFailures": [{"itemIdentifier": f"m{number}"} for number in numbers]}


def waiting(function: str, *args: object) -> str:
    return json.dumps(task(function, *args))


def test_each_record_of_a_queue_is_a_task_and_only_what_failed_comes_again(handler, lines):
    event = records(waiting("record", "a"), waiting("wrong_type", "b"), waiting("record", "c"))
    assert handler(event, CONTEXT) == kept(1)
    assert calls == [(("a",), {}, REQUEST_ID), ("b",), (("c",), {}, REQUEST_ID)]
    assert [line["outcome"] for line in lines() if "outcome" in line] == [
        "done",
        "failed",
        "done",
        "done",
    ]


@pytest.mark.parametrize(
    "body",
    [
        "no JSON",
        "[]",
        "{}",
        json.dumps({"manage": "flush --no-input"}),
        json.dumps({"command": f"{__name__}.record"}),
        json.dumps({"command": "zappa.asynchronous.route_lambda_task", "task_path": "no.such"}),
    ],
)
def test_what_is_no_task_stays_in_the_queue_and_keeps_no_other(handler, body, caplog):
    assert handler(records(body, waiting("record", "a")), CONTEXT) == kept(0)
    assert calls == [(("a",), {}, REQUEST_ID)]
    assert [record.levelname for record in caplog.records if record.levelno > 20] == ["ERROR"]


def test_what_cannot_be_done_in_time_is_not_begun(handler):
    """The function would be ended in the middle of a call."""
    event = records(*(waiting("record", each) for each in "abc"))
    assert handler(event, context(29_000, 12_000, 11_999)) == kept(2)
    assert [args for args, *_ in calls] == [("a",), ("b",)]


def test_records_of_another_service_fail_as_a_whole(handler):
    with pytest.raises(events.TaskError, match="There is no function for this event"):
        handler(records(waiting("record", "a"), source="aws:kinesis"), CONTEXT)
    assert calls == []


@pytest.mark.parametrize(
    ("event", "name"),
    [(load("records"), "Records"), ({"hello": "world"}, "unknown"), ({}, "unknown")],
    ids=["records", "unknown", "empty"],
)
def test_an_event_without_a_function_fails(handler, event, name):
    """SQS deletes the records of an invocation that succeeds."""
    sentence = f"UnknownEventError: There is no function for this event ({name})."
    with pytest.raises(events.TaskError, match=f"^{re.escape(sentence)}$"):
        handler(event, CONTEXT)


def test_raw_command_is_refused(handler, caplog, monkeypatch):
    """T28: Zappa executes it, whatever it is."""
    monkeypatch.setenv("RAW_COMMAND_RAN", "no")
    assert handler(load("raw_command"), CONTEXT) is None
    assert os.environ["RAW_COMMAND_RAN"] == "no"
    assert "raw_command is refused: it would execute any code in the event" in caplog.messages


def test_a_request_goes_straight_through(handler, lines):
    answer = handler(request("rest_edge", "/healthz/"), CONTEXT)
    assert (answer["statusCode"], lines()) == (400, [])  # the host is not ours


@pytest.mark.django_db
def test_what_a_deploy_asks_a_new_version_is_a_request(handler, settings):
    """Past the gateway: deploy/smoke.py makes the event."""
    answer = handler(smoke._readiness("testserver"), CONTEXT)
    told = {"status": "ok", "version": settings.VERSION}
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, told)


def test_every_event_passes_the_boundary_once_and_no_request_does(handler, monkeypatch):
    passed: list[bool] = []
    monkeypatch.setattr(core_tasks, "_close_stale", lambda: passed.append(True))
    handler(request("function_url", "/healthz/"), CONTEXT)
    assert passed == []
    handler(task("record"), CONTEXT)
    assert passed == [True, True]


def test_a_task_knows_nothing_of_the_last_request(handler, monkeypatch, settings):
    settings.ALLOWED_HOSTS = ["*"]
    monkeypatch.setattr(sys.modules[__name__], "record", lambda: calls.append((reverse("home"),)))
    handler(request("rest_edge", "/healthz/"), CONTEXT)
    assert reverse("home") == "/dev/"
    handler(task("record"), CONTEXT)
    assert calls == [("/",)]


# --- What goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [task("wrong_type", "x"), {"command": f"{__name__}.wrong_type"}])
def test_a_bug_in_the_body_runs_once_and_is_raised(handler, event):
    """T5."""
    with pytest.raises(events.TaskError, match=r"^TypeError: a bug in the body$"):
        handler(event, CONTEXT)
    assert len(calls) == 1


def test_a_schedule_with_a_bug_runs_once(handler, monkeypatch):
    monkeypatch.setattr(schedule, "sweep", wrong_type)
    with pytest.raises(events.TaskError):
        handler(load("scheduled"), CONTEXT)
    assert len(calls) == 1


def test_what_lambda_keeps_of_an_error_is_redacted_and_its_first_line(handler):
    with pytest.raises(events.TaskError) as caught:
        handler(task("quotes"), CONTEXT)
    assert str(caught.value) == "ValueError: no row for +…06 password=[redacted]"
    assert caught.value.__suppress_context__ is True


@pytest.mark.parametrize(
    ("code", "raised"), [(3, True), ("usage", True), (0, False), (None, False)]
)
def test_leaving_by_systemexit_is_an_ordinary_end(handler, lines, code, raised):
    """The runtime of Lambda catches Exception only and would die, with its container."""
    if raised:
        with pytest.raises(events.TaskError, match=f"SystemExit: {code}"):
            handler(task("leaves", code), CONTEXT)
    else:
        assert handler(task("leaves", code), CONTEXT) is None
    assert [line.get("outcome") for line in lines()] == [None, "failed" if raised else "done"]


def test_an_error_without_words_has_its_kind(handler, monkeypatch):
    def wordless() -> None:
        raise KeyError

    monkeypatch.setattr(sys.modules[__name__], "leaves", wordless)
    with pytest.raises(events.TaskError, match=r"^KeyError: $"):
        handler(task("leaves"), CONTEXT)


# --- What is logged -------------------------------------------------------------------------------


def test_one_line_at_the_start_and_one_at_the_end(handler, lines, monkeypatch):
    moments = iter([5.0, 6.25])
    monkeypatch.setattr(events, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    handler(task("record", MESSAGE_ID), CONTEXT)
    name, [begins, ends] = f"{__name__}.record", lines()
    assert begins.pop("time") <= ends.pop("time")
    logger = {"logger": "serverless.events", "level": "INFO", "task": name}
    assert begins | {"request_id": ""} == {**logger, "message": f"{name} begins", "request_id": ""}
    assert ends | {"request_id": ""} == {
        **logger,
        "message": f"{name}: done after 1250 ms",
        "duration_ms": 1250,
        "outcome": "done",
        "request_id": "",
    }


def test_a_failure_ends_with_its_traceback_redacted_by_the_handler(handler, lines, caplog):
    with pytest.raises(events.TaskError):
        handler(task("quotes"), CONTEXT)
    [_begins, ends] = lines()
    assert (ends["level"], ends["outcome"]) == ("ERROR", "failed")
    assert caplog.records[-1].exc_info[0] is ValueError


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (load("task"), "sms.delivery.deliver"),
        (load("command"), "sms.schedule.sweep"),
        (load("scheduled"), "sms.schedule.sweep"),
        (load("keep_warm"), "handler.keep_warm_callback"),
        (load("records"), "Records"),
        ({"Records": [{"eventSource": "aws:sqs"}]}, "queue"),
        (load("mail_bounce"), "mail report"),
        ({"manage": "createsuperuser --email alice@example.com"}, "manage createsuperuser"),
        ({"manage": " "}, "unknown"),
        ({"raw_command": "print('secret')"}, "raw_command"),
        ({**load("scheduled"), "command": "another.function"}, "sms.schedule.sweep"),
        ({**load("scheduled"), "resources": ["arn:rule/by.hand", "arn:rule/x-y.z"]}, "by.hand"),
        ({"detail-type": "Scheduled Event", "resources": []}, "unknown"),
        ({"detail-type": "Scheduled Event", "resources": ["arn:rule/nudge-dev-expire"]}, "unknown"),
        ({}, "unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_name_and_never_the_payload_is_logged(handler, lines, monkeypatch, event, name):
    monkeypatch.setattr(events, "_run", lambda event, context: None)
    handler(event, CONTEXT)
    assert [line["task"] for line in lines()] == [name, name]
    assert "alice" not in str(lines())


# --- Warm -----------------------------------------------------------------------------------------


def test_keep_warm_asks_the_database_and_loads_the_pages(
    handler, settings, monkeypatch, django_assert_num_queries
):
    made: list[str] = []
    task_backends.use(settings, task_backends.LAMBDA)
    monkeypatch.setattr(lambda_tasks, "client", made.append)
    monkeypatch.setattr(connection, "close", lambda: made.append("closed"))
    with django_assert_num_queries(1):
        assert handler(load("keep_warm"), CONTEXT) is None
    assert made == ["closed", "lambda"]


def test_keep_warm_compiles_every_page(handler, settings, monkeypatch):
    compiled: list[str] = []
    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(warmup, "get_template", compiled.append)
    handler(load("keep_warm"), CONTEXT)
    assert {"todos/shell.html", "todos/plain.html", "account/login.html", "base.html"} <= set(
        compiled
    )


def test_keep_warm_imports_every_route(handler, monkeypatch):
    monkeypatch.setattr(connection, "close", lambda: None)
    clear_url_caches()
    assert not get_resolver()._populated  # type: ignore[attr-defined] # of Django
    handler(load("keep_warm"), CONTEXT)
    assert get_resolver()._populated  # type: ignore[attr-defined] # of Django


def test_a_database_that_is_away_does_not_fail_keep_warm(handler, monkeypatch, caplog):
    def away() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(connection, "cursor", away)
    assert handler(load("keep_warm"), CONTEXT) is None
    assert "The database could not be reached to keep it warm: connection refused" in (
        caplog.messages
    )


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_after_keep_warm_there_is_a_new_connection_that_works(handler):
    """Also where the database had closed the old one while the container was frozen."""

    def backend() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    before = backend()
    connection.connection.close()
    handler(load("keep_warm"), CONTEXT)
    assert connection.connection is not None
    with CaptureQueriesContext(connection) as queries:
        assert backend() != before
    assert len(queries) == 1


def test_a_connection_outlives_the_pause_between_two_keep_warm_events(settings_of):
    """Zappa's rate is four minutes."""
    database = settings_of(DATABASE_URL="postgresql://nudge:x@db.example.com/nudge")["DATABASES"]
    assert database["default"]["CONN_MAX_AGE"] > 240


def test_the_urlconf_is_loaded_before_the_first_request():
    import_module("config.wsgi")
    assert "url_patterns" in vars(get_resolver())
