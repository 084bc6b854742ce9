"""What Lambda calls for everything but requests: once, with its id, a line before and after."""

import json
import logging
import os
import runpy
import sys
from importlib import import_module
from types import ModuleType

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse

from config import on_lambda as module
from config import warm
from config.logging import JSONFormatter
from core import tasks as core_tasks
from core.http import NO_REQUEST, current_request_id
from localcloud.lambda_events import CONTEXT, REQUEST_ID, load, request
from localcloud.zappa_settings import settings_module
from serverless import tasks as lambda_tasks
from sms import delivery, schedule
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
    caplog.set_level(logging.INFO, logger="config.on_lambda")
    formatter = JSONFormatter()

    def read() -> list[dict]:
        found = [json.loads(formatter.format(record)) for record in caplog.records]
        return [line for line in found if line["logger"] == "config.on_lambda"]

    return read


def task(function: str, *args: object) -> dict:
    return {**load("task"), "task_path": f"{__name__}.{function}", "args": list(args)}


# --- What is called -------------------------------------------------------------------------------


def test_a_task_is_called_once_with_its_ids_and_the_request_id_of_lambda(on_lambda):
    assert on_lambda(task("record", MESSAGE_ID), CONTEXT) is None
    assert calls == [((MESSAGE_ID,), {}, REQUEST_ID)]
    assert current_request_id.get() == NO_REQUEST


@pytest.mark.django_db(transaction=True)
def test_the_task_that_is_sent_is_the_task_that_is_run(on_lambda, settings, monkeypatch):
    task_backends.use(settings, task_backends.LAMBDA)
    monkeypatch.setattr(lambda_tasks, "invoke", lambda event: on_lambda(event, CONTEXT))
    core_tasks.task(record).enqueue(MESSAGE_ID)
    assert calls == [((MESSAGE_ID,), {}, REQUEST_ID)]


def test_zappas_own_handler_runs_the_same_event(handler, monkeypatch):
    """A stage whose lambda_handler is Zappa's own has the same tasks."""
    monkeypatch.setattr(delivery, "deliver", record)
    for name, value in {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    handler(load("task"), CONTEXT)
    assert [args for args, *_rest in calls] == [(MESSAGE_ID,)]


def test_a_schedule_is_called_with_event_and_context(handler, monkeypatch):
    monkeypatch.setattr(schedule, "sweep", scheduled)
    handler(event := load("scheduled"), CONTEXT)
    assert calls == [(event, CONTEXT)]


def test_a_command_answers_what_its_function_answers(on_lambda):
    event = {"command": f"{__name__}.record"}
    assert on_lambda(event, CONTEXT) == "result"
    assert calls == [((event, CONTEXT), {}, REQUEST_ID)]


def test_a_management_command_runs(on_lambda, capsys):
    assert on_lambda(load("manage"), CONTEXT) == {}
    assert "System check identified no issues" in capsys.readouterr().out


def test_records_go_to_zappa_which_knows_no_function_for_them(on_lambda, caplog):
    assert on_lambda(load("records"), CONTEXT) is None
    assert "Cannot find a function to process the triggered event." in caplog.messages


def test_raw_command_is_refused(on_lambda, caplog, monkeypatch):
    """T28: Zappa executes it, whatever it is."""
    monkeypatch.setenv("RAW_COMMAND_RAN", "no")
    assert on_lambda(load("raw_command"), CONTEXT) is None
    assert os.environ["RAW_COMMAND_RAN"] == "no"
    assert "raw_command is refused: it would execute whatever it is sent" in caplog.messages


def test_a_request_goes_straight_through(on_lambda, lines):
    answer = on_lambda(request("rest_edge", "/healthz/"), CONTEXT)
    assert (answer["statusCode"], lines()) == (400, [])  # the host is not ours


def test_every_event_passes_the_boundary_once_and_no_request_does(on_lambda, monkeypatch):
    passed: list[bool] = []
    monkeypatch.setattr(core_tasks, "_close_stale", lambda: passed.append(True))
    on_lambda(request("function_url", "/healthz/"), CONTEXT)
    assert passed == []
    on_lambda(task("record"), CONTEXT)
    assert passed == [True, True]


def test_a_task_knows_nothing_of_the_last_request(on_lambda, monkeypatch, settings):
    settings.ALLOWED_HOSTS = ["*"]
    monkeypatch.setattr(sys.modules[__name__], "record", lambda: calls.append((reverse("home"),)))
    on_lambda(request("rest_edge", "/healthz/"), CONTEXT)
    assert reverse("home") == "/dev/"
    on_lambda(task("record"), CONTEXT)
    assert calls == [("/",)]


# --- What goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [task("wrong_type", "x"), {"command": f"{__name__}.wrong_type"}])
def test_a_bug_in_the_body_runs_once_and_is_raised(on_lambda, event):
    """T5."""
    with pytest.raises(module.TaskError, match=r"^TypeError: a bug in the body$"):
        on_lambda(event, CONTEXT)
    assert len(calls) == 1


def test_a_schedule_with_a_bug_runs_once(on_lambda, monkeypatch):
    monkeypatch.setattr(schedule, "sweep", wrong_type)
    with pytest.raises(module.TaskError):
        on_lambda(load("scheduled"), CONTEXT)
    assert len(calls) == 1


def test_what_lambda_keeps_of_an_error_is_redacted_and_its_first_line(on_lambda):
    with pytest.raises(module.TaskError) as caught:
        on_lambda(task("quotes"), CONTEXT)
    assert str(caught.value) == "ValueError: no row for +…06 password=[redacted]"
    assert caught.value.__suppress_context__ is True


@pytest.mark.parametrize(
    ("code", "raised"), [(3, True), ("usage", True), (0, False), (None, False)]
)
def test_leaving_by_systemexit_is_an_ordinary_end(on_lambda, lines, code, raised):
    """The runtime of Lambda catches Exception only and would die, with its container."""
    if raised:
        with pytest.raises(module.TaskError, match=f"SystemExit: {code}"):
            on_lambda(task("leaves", code), CONTEXT)
    else:
        assert on_lambda(task("leaves", code), CONTEXT) is None
    assert [line.get("outcome") for line in lines()] == [None, "failed" if raised else "done"]


def test_an_error_without_words_has_its_kind(on_lambda, monkeypatch):
    def wordless() -> None:
        raise KeyError

    monkeypatch.setattr(sys.modules[__name__], "leaves", wordless)
    with pytest.raises(module.TaskError, match=r"^KeyError: $"):
        on_lambda(task("leaves"), CONTEXT)


# --- What is logged -------------------------------------------------------------------------------


def test_one_line_at_the_start_and_one_at_the_end(on_lambda, lines):
    on_lambda(task("record", MESSAGE_ID), CONTEXT)
    name, [begins, ends] = f"{__name__}.record", lines()
    assert begins.pop("time") <= ends.pop("time")
    milliseconds = ends.pop("duration_ms")
    assert milliseconds >= 0
    logger = {"logger": "config.on_lambda", "level": "INFO", "task": name}
    assert begins | {"request_id": ""} == {**logger, "message": f"{name} begins", "request_id": ""}
    message = f"{name}: done after {milliseconds} ms"
    assert ends | {"request_id": ""} == {
        **logger,
        "message": message,
        "outcome": "done",
        "request_id": "",
    }


def test_a_failure_ends_with_its_traceback_redacted_by_the_handler(on_lambda, lines, caplog):
    with pytest.raises(module.TaskError):
        on_lambda(task("quotes"), CONTEXT)
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
        ({"manage": "createsuperuser --email alice@example.com"}, "manage createsuperuser"),
        ({"manage": " "}, "unknown"),
        ({"raw_command": "print('secret')"}, "raw_command"),
        ({"detail-type": "Scheduled Event", "resources": []}, "unknown"),
        ({"detail-type": "Scheduled Event", "resources": ["arn:rule/nudge-dev-expire"]}, "unknown"),
        ({}, "unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_name_and_never_the_payload_is_logged(on_lambda, lines, monkeypatch, event, name):
    monkeypatch.setattr(module, "_run", lambda event, context: None)
    on_lambda(event, CONTEXT)
    assert [line["task"] for line in lines()] == [name, name]
    assert "alice" not in str(lines())


# --- Warm -----------------------------------------------------------------------------------------


def test_keep_warm_asks_the_database_and_loads_the_pages(
    on_lambda, settings, monkeypatch, django_assert_num_queries
):
    made: list[str] = []
    task_backends.use(settings, task_backends.LAMBDA)
    monkeypatch.setattr(lambda_tasks, "client", lambda: made.append("client"))
    monkeypatch.setattr(connection, "close", lambda: made.append("closed"))
    with django_assert_num_queries(1):
        assert on_lambda(load("keep_warm"), CONTEXT) is None
    assert made == ["closed", "client"]


def test_keep_warm_compiles_every_page(on_lambda, settings, monkeypatch):
    compiled: list[str] = []
    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(warm, "get_template", compiled.append)
    on_lambda(load("keep_warm"), CONTEXT)
    assert {"todos/index.html", "account/login.html", "base.html"} <= set(compiled)


def test_a_database_that_is_away_does_not_fail_keep_warm(on_lambda, monkeypatch, caplog):
    def away() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(connection, "cursor", away)
    assert on_lambda(load("keep_warm"), CONTEXT) is None
    assert "The database could not be reached to keep it warm: connection refused" in (
        caplog.messages
    )


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_after_keep_warm_there_is_a_new_connection_that_works(on_lambda):
    """Also where the database had closed the old one while the container was frozen."""

    def backend() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    before = backend()
    connection.connection.close()
    on_lambda(load("keep_warm"), CONTEXT)
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


# --- The start of the process ---------------------------------------------------------------------


class FakeZappa(ModuleType):
    """zappa.handler, as it is after its own import."""

    global_handler: object = None

    @staticmethod
    def LambdaHandler() -> str:  # noqa: N802 - a class of Zappa's
        calls.append(("made",))
        return "made"


@pytest.fixture
def zappa_module(monkeypatch) -> FakeZappa:
    fake = FakeZappa("zappa.handler")
    monkeypatch.setitem(sys.modules, "zappa.handler", fake)
    monkeypatch.setattr(import_module("zappa"), "handler", fake, raising=False)
    return fake


@pytest.mark.parametrize(("value", "made"), [("True", [("made",)]), ("", [])])
def test_zappa_is_made_at_the_start_where_the_stage_says_so(zappa_module, monkeypatch, value, made):
    monkeypatch.setenv("INSTANTIATE_LAMBDA_HANDLER_ON_IMPORT", value)
    runpy.run_path(module.__file__)
    assert calls == made


def test_the_handler_that_zappa_has_made_is_used(zappa_module, monkeypatch):
    zappa_module.global_handler = "global"
    assert module._zappa() == "global"
    assert calls == []


def test_the_settings_of_this_test_are_those_that_zappa_reads():
    assert settings_module().DEBUG is False
