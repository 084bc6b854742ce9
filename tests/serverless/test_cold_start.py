"""What a cold start on Lambda loads before it answers, and what it leaves to whoever needs it."""

import gc
import importlib
import json
import os
import subprocess
import sys

import pytest

from localcloud.lambda_events import CONTEXT, load, request
from serverless import handler
from serverless.parameters import BusyError
from tests.config.conftest import PRODUCTION, ROOT

# A vendor's module each, or what takes longest of one.
LEFT_OUT = [
    "allauth.headless.urls",
    "boto3",
    "botocore",
    "cryptography",
    "django.contrib.postgres",
    "django.test",
    "drf_spectacular.openapi",
    "fido2",
    "grapheme",
    "phonenumbers",
    "qrcode",
    "requests",
    "urllib3",
    "werkzeug",
    "yaml",
    "zappa",
]
FIRST_REQUEST = """
import gc, json, sys
from localcloud.lambda_events import CONTEXT, request
from serverless.handler import handler
frozen = gc.get_freeze_count() > 0 and gc.isenabled()
def ask(path):
    return handler(request("rest_custom_domain", path), CONTEXT)["statusCode"]
status = ask("/api/v1/todos/")
loaded = [name for name in json.loads(sys.argv[1]) if name in sys.modules]
import boto3, botocore.session, requests, yaml
from django.contrib.postgres.fields import ArrayField
from rest_framework.test import APIRequestFactory
vendors = [
    boto3.Session.__name__,
    type(botocore.session.get_session().create_client("lambda", "eu-central-1")).__name__,
    requests.Request("GET", "https://example.com").prepare().url,
    yaml.safe_load("a: 1"),
    ArrayField.__name__,
]
others = {path: ask(path) for path in ("/auth/login/", "/api/schema/", "/api/auth/app/v1/config")}
print()
print(json.dumps(
    {"status": status, "loaded": loaded, "frozen": frozen, "vendors": vendors, "others": others}
))
"""


@pytest.fixture(scope="module")
def told() -> dict:
    """What a fresh process says of itself after the request of a stranger, without a database."""
    variables = {
        "AWS_LAMBDA_FUNCTION_NAME": "nudge-dev",
        "AWS_REGION": "eu-central-1",
        "DATABASE_URL": "postgresql://nudge@127.0.0.1:9/nudge",
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", FIRST_REQUEST, json.dumps(LEFT_OUT)],
        cwd=ROOT,
        env=PRODUCTION | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_a_package_that_is_hidden_from_the_framework_is_found_later(monkeypatch):
    monkeypatch.delitem(sys.modules, "yaml", raising=False)
    handler.skip_unused_imports()
    assert "yaml" not in sys.modules
    assert importlib.import_module("yaml").__version__


def test_the_first_request_loads_no_vendor(told):
    assert (told["status"], told["loaded"]) == (401, [])


def test_whoever_needs_a_vendor_gets_the_real_one(told):
    assert told["vendors"] == [
        "Session",
        "Lambda",
        "https://example.com/",
        {"a": 1},
        "ArrayField",
    ]


def test_routes_that_are_imported_later_answer(told):
    assert told["others"] == {
        "/auth/login/": 200,
        "/api/schema/": 200,
        "/api/auth/app/v1/config": 200,
    }


@pytest.mark.wide
def test_what_was_loaded_is_not_searched_for_garbage_and_the_rest_is(told):
    assert told["frozen"] is True
    assert gc.isenabled()


# --- Too many at once ----------------------------------------------------------------------------

STARTS = """
import json, logging, sys
from localcloud.lambda_events import CONTEXT, load, request
from serverless import aws
aws.BUDGET_SECONDS = 0.3
from serverless.handler import handler
def answer(event):
    try:
        return handler(event, CONTEXT)
    except Exception as error:
        return type(error).__name__
events = [request("rest_custom_domain", "/hello/"), load("scheduled")]
print(json.dumps([answer(event) for event in events]), flush=True)
input()  # until the parameters can be read
print(json.dumps(answer(events[0])["statusCode"]))
"""


@pytest.mark.wide
@pytest.mark.enable_socket
def test_a_start_without_its_parameters_is_503_and_tries_again(cloud_of):
    busy = [True]
    variables = json.dumps(PRODUCTION)

    def answer(*_call):
        if busy:
            return 400, {"__type": "ThrottlingException"}
        return 200, {"Parameter": {"Value": variables}}

    cloud = cloud_of(answer)
    with subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", STARTS],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_FUNCTION_NAME": "nudge-dev",
            "PARAMETERS_PATH": "/nudge/dev",
            **cloud.variables,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        refused, event = json.loads(process.stdout.readline())
        busy.clear()
        told, _ = process.communicate("\n")
    assert (refused, event) == (handler.STARTING, "BusyError")
    assert told.splitlines()[-1] == "200"


def test_a_client_is_told_to_come_back_in_five_seconds():
    assert {**handler.STARTING, "body": json.loads(str(handler.STARTING["body"]))} == {
        "statusCode": 503,
        "headers": {"Content-Type": "application/json", "Retry-After": "5"},
        "body": {
            "type": "server_error",
            "errors": [
                {
                    "code": "starting",
                    "detail": "The service is starting; please try again in a moment.",
                    "attr": None,
                }
            ],
        },
        "isBase64Encoded": False,
    }


def test_the_application_is_made_once():
    assert handler._application() is handler._application()


def test_a_request_without_parameters_is_503_and_an_event_goes_back(monkeypatch, caplog):
    def busy() -> None:
        raise BusyError("The parameters under /nudge/dev cannot be read: ThrottlingException.")

    monkeypatch.setattr(handler, "_application", busy)
    assert handler.handler(request("rest_custom_domain", "/hello/"), CONTEXT) == handler.STARTING
    assert [record.getMessage() for record in caplog.records] == [
        "The parameters under /nudge/dev cannot be read: ThrottlingException."
    ]
    with pytest.raises(BusyError):
        handler.handler(load("scheduled"), CONTEXT)
