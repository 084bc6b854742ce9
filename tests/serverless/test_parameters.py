"""Parameters of AWS Systems Manager are variables."""

import heapq
import json
import os
import random
import socket
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

import deploy.aws
from config import env
from serverless import aws, parameters
from serverless.aws import Aws
from tests.config.conftest import PRODUCTION, ROOT

pytestmark = pytest.mark.enable_socket

BUNDLED, PAGED = "AmazonSSM.GetParameter", "AmazonSSM.GetParametersByPath"
BUNDLE = {"Name": "/nudge/dev/bundle/all", "WithDecryption": True}
FIRST = {"Path": "/nudge/dev", "Recursive": False, "WithDecryption": True, "MaxResults": 10}
DENIED = (400, {"__type": "com.amazonaws#AccessDeniedException", "message": "marker-message"})
BUSY = (400, {"__type": "ThrottlingException"})
THROTTLED = [
    (400, {"__type": code}) for code in ("TooManyRequestsException", "RequestLimitExceeded")
]
NO_BUNDLE = (400, {"__type": "ParameterNotFound"})


def bundling(**values: str):
    return lambda *_call: (200, {"Parameter": {"Value": json.dumps(values)}})


def holding(**values: str):
    """No bundle; two parameters in an answer, as AWS says with NextToken."""
    found = [{"Name": f"/nudge/dev/{name}", "Value": value} for name, value in values.items()]

    def answer(operation, arguments):
        if operation == BUNDLED:
            return NO_BUNDLE
        start = int(arguments.get("NextToken", 0))
        page = {"Parameters": found[start : start + 2]}
        return 200, page | ({"NextToken": str(start + 2)} if start + 2 < len(found) else {})

    return answer


def in_turn(*answers):
    left = list(answers)
    return lambda *_call: left.pop(0)


def load(path: str) -> None:
    """As the settings do it."""
    parameters.load(path, Aws(env.text), env.use)


def refusal() -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        load("/nudge/dev/")
    assert caught.value.__suppress_context__
    return str(caught.value)


def sentence(code: str) -> str:
    return f"The parameters under /nudge/dev/ (PARAMETERS_PATH) cannot be read: {code}."


def test_all_parameters_come_in_one_call(cloud_of):
    cloud = cloud_of(bundling(A="1", B="2"))
    load("/nudge/dev/")
    assert [env.text(name) for name in "AB"] == ["1", "2"]
    assert cloud.calls == [(BUNDLED, BUNDLE)]


@pytest.mark.parametrize("no_bundle", [NO_BUNDLE, DENIED])
def test_without_a_bundle_every_page_is_read_over_one_connection(cloud_of, no_bundle):
    """By hand, or with the role of an older stack, which may not read it."""
    pages = holding(A="1", B="2", C="3", D="4", E="5")
    cloud = cloud_of(lambda *call: no_bundle if call[0] == BUNDLED else pages(*call))
    load("/nudge/dev/")
    assert [env.text(name) for name in "ABCDE"] == ["1", "2", "3", "4", "5"]
    assert cloud.calls == [
        (BUNDLED, BUNDLE),
        (PAGED, FIRST),
        (PAGED, FIRST | {"NextToken": "2"}),
        (PAGED, FIRST | {"NextToken": "4"}),
    ]
    assert len(cloud.connections) == 1


@pytest.mark.parametrize("value", ["marker-no-json", "[1]", "7", "null"])
def test_a_bundle_that_holds_no_variables_is_told_without_its_text(cloud_of, value):
    cloud_of(lambda *_call: (200, {"Parameter": {"Value": value}}))
    assert refusal() == sentence("bundle/all holds no variables")


def test_the_deployment_and_the_function_mean_the_same_bundle():
    assert deploy.aws.bundle_name("dev") == f"/nudge/dev/{parameters.BUNDLE}"


def test_a_parameter_is_a_variable_and_a_real_one_wins(cloud_of, settings_of):
    variables = PRODUCTION | {"EMAIL_HOST": "mail.of-the-parameters.example.com"}
    cloud = cloud_of(holding(**variables))
    own = {"ALLOWED_HOSTS": "own.example.com", "EMAIL_HOST": " "}
    settings = settings_of(PARAMETERS_PATH="/nudge/dev", **cloud.variables, **own)
    assert settings["SECRET_KEY"] == PRODUCTION["SECRET_KEY"]
    assert settings["DATABASES"]["default"]["PASSWORD"] == "hunter/2"
    assert settings["PRODUCTION"] is True
    assert settings["ALLOWED_HOSTS"] == ["own.example.com"]
    assert settings["EMAIL_HOST"] == "mail.of-the-parameters.example.com"
    assert "SECRET_KEY" not in os.environ  # children would inherit it


def test_without_a_path_nobody_is_asked_and_nothing_remains(cloud_of, settings_of):
    cloud = cloud_of(bundling(BUILD_ID="of the parameters"))
    variables = cloud.variables
    named = settings_of(PARAMETERS_PATH="/nudge/dev/", **variables)
    assert (named["VERSION"], len(cloud.calls)) == ("of the parameters", 1)
    monkey = dict.fromkeys(("PARAMETERS_PATH",), "")
    assert settings_of(**variables, **monkey)["VERSION"] != "of the parameters"
    assert len(cloud.calls) == 1


def test_what_is_refused_is_asked_once_and_told_without_values(cloud_of):
    cloud = cloud_of(in_turn(NO_BUNDLE, DENIED))
    assert refusal() == sentence("AccessDeniedException")
    assert len(cloud.calls) == 2


def test_a_wrong_signature_is_refused(cloud_of, monkeypatch):
    """Otherwise the tests of this file would prove no signature."""
    cloud_of(holding(A="1"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    assert refusal() == sentence("InvalidSignatureException")
    assert env.text("A") == ""


@pytest.mark.wide
@pytest.mark.parametrize("passing", [BUSY, *THROTTLED, (500, b"<html>"), (429, {}), (503, {})])
def test_what_may_pass_is_tried_again(cloud_of, passing):
    cloud = cloud_of(in_turn(*[passing] * 6, bundling(A="1")()))
    load("/nudge/dev/")
    assert env.text("A") == "1"
    assert len(cloud.calls) == 7


@pytest.mark.wide
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (BUSY, "ThrottlingException"),
        ((500, b"<html>"), "HTTP 500"),
        ((503, {"__type": "InternalServerError"}), "InternalServerError"),
    ],
)
def test_what_does_not_pass_is_told(cloud_of, answer, code):
    cloud = cloud_of(lambda *_call: answer)
    assert refusal() == sentence(code)
    assert len(cloud.calls) >= 7  # in 6.9 seconds, with pauses of a second at most
    assert cloud.now[0] <= 6.9  # no try begins later
    with pytest.raises(parameters.BusyError):  # so that the next request tries again
        load("/nudge/dev/")


@pytest.mark.parametrize(
    "answer", [(200, b"hello"), (200, []), (200, b"\xff"), (302, {}), (400, [])]
)
def test_what_is_no_answer_of_aws_is_told_by_its_status(cloud_of, answer):
    cloud = cloud_of(lambda *_call: answer)
    assert refusal() == sentence(f"HTTP {answer[0]}")
    assert len(cloud.calls) == 1


def test_another_address_is_not_followed(cloud_of):
    """It would get the signed request."""
    cloud = cloud_of(lambda *_call: (307, {}))
    cloud.location = f"{cloud.variables['AWS_ENDPOINT_URL']}/elsewhere"
    assert refusal() == sentence("HTTP 307")
    assert len(cloud.calls) == 1


def test_a_code_is_shown_only_if_it_is_one(cloud_of):
    cloud_of(lambda *_call: (400, {"__type": "a text with marker-value"}))
    assert refusal() == sentence("HTTP 400")


def test_an_answer_that_does_not_come_is_given_up(cloud_of, monkeypatch):
    monkeypatch.setattr(aws, "READ_SECONDS", 0.1)
    monkeypatch.setattr(aws, "BUDGET_SECONDS", 0.3)
    cloud = cloud_of(lambda *_call: None)
    assert refusal() == sentence("ReadTimeoutError")
    assert len(cloud.calls) > 1


def test_an_address_without_a_server_is_told(cloud_of, monkeypatch):
    cloud_of(holding())
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    assert refusal() == sentence("NewConnectionError")


def test_all_tries_end_before_lambda_gives_up():
    """Ten seconds for the whole start (AWS, "Lambda execution environment lifecycle")."""
    assert (aws.CONNECT_SECONDS, aws.READ_SECONDS) == (1, 2)
    assert aws.BUDGET_SECONDS + aws.CONNECT_SECONDS + aws.READ_SECONDS < 10


def lost(*, starts: int, within: float, calls_each: int) -> int:
    """How many of the processes get no answer in their time, if AWS gives 40 calls a second."""
    rate, tokens, at = 40.0, 40.0, 0.0
    waits = [aws.pauses() for _ in range(starts)]
    began = [within * number / starts for number in range(starts)]
    calls = [(when, number) for number, when in enumerate(began)]
    left = [calls_each] * starts
    while calls:
        now, number = heapq.heappop(calls)
        tokens, at = min(rate, tokens + (now - at) * rate), now
        if tokens >= 1:
            tokens -= 1
            left[number] -= 1
            waits[number] = aws.pauses()
            if left[number]:
                heapq.heappush(calls, (now, number))
        elif (later := now + next(waits[number])) <= began[number] + aws.BUDGET_SECONDS:
            heapq.heappush(calls, (later, number))
    return sum(map(bool, left))


def test_three_hundred_processes_of_one_second_get_their_parameters():
    random.seed(40)
    assert lost(starts=300, within=1.0, calls_each=1) == 0
    assert lost(starts=300, within=1.0, calls_each=2) > 100  # without the bundle


@pytest.mark.parametrize("path", ["nudge/dev", "/", "//", "/nudge//dev", "/nudge/dév/", "/a b/"])
def test_a_bad_path_is_refused(cloud_of, path):
    cloud = cloud_of(holding())
    with pytest.raises(ImproperlyConfigured) as caught:
        load(path)
    assert str(caught.value) == f"PARAMETERS_PATH must look like /nudge/dev/, not {path!r}."
    assert cloud.calls == []


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({"AWS_REGION": "eu-west-1"}, "https://ssm.eu-west-1.amazonaws.com/"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "https://ssm.eu-west-1.amazonaws.com/"),
        (
            {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"},
            "https://ssm.eu-west-1.amazonaws.com/",
        ),
        ({"AWS_REGION": "cnx-1"}, "https://ssm.cnx-1.amazonaws.com/"),
        ({"AWS_REGION": "cn-north-1"}, "https://ssm.cn-north-1.amazonaws.com.cn/"),
        (
            {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://localhost:4566/"},
            "http://localhost:4566/",
        ),
    ],
)
def test_the_address_is_that_of_the_region(monkeypatch, variables, address):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Aws(env.text).endpoint("ssm") == address


def test_a_region_is_needed(cloud_of, monkeypatch):
    cloud_of(holding())
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    assert refusal() == sentence("AWS_REGION is not set")


@pytest.fixture
def without_keys(cloud_of, monkeypatch, tmp_path):
    """No key in the environment, and nothing of this machine that botocore could find."""
    cloud = cloud_of(holding(A="1"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return cloud


def test_a_profile_signs_where_the_environment_holds_no_key(without_keys, tmp_path):
    names = {"aws_access_key_id": "AWS_ACCESS_KEY_ID", "aws_session_token": "AWS_SESSION_TOKEN"}
    names["aws_secret_access_key"] = "AWS_SECRET_ACCESS_KEY"
    lines = [f"{name} = {without_keys.variables[value]}" for name, value in names.items()]
    (tmp_path / "credentials").write_text("\n".join(["[default]", *lines]))
    load("/nudge/dev/")
    assert env.text("A") == "1"


def test_no_credentials_at_all_are_told(without_keys):
    assert refusal() == sentence("NoCredentials")
    assert without_keys.calls == []


def test_a_profile_that_does_not_exist_is_told(without_keys, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "marker-profile")
    assert refusal() == sentence("ProfileNotFound")


START = """
import sys
import django
django.setup()
from django.conf import settings
print(settings.ALLOWED_HOSTS, [name for name in ("boto3", "s3transfer") if name in sys.modules])
"""


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    common = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings"}
    return subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", START],
        cwd=ROOT,
        env=common | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_function_starts_from_parameters_without_boto3(cloud_of):
    cloud = cloud_of(bundling(**PRODUCTION))
    function = {"AWS_LAMBDA_FUNCTION_NAME": "nudge-dev", "PARAMETERS_PATH": "/nudge/dev/"}
    done = start(**cloud.variables, **function)
    assert (done.stdout, done.stderr) == ("['nudge.example.com'] []\n", "")
    assert len(cloud.calls) == 1


def test_a_function_without_its_parameters_does_not_start(cloud_of):
    cloud = cloud_of(lambda *_call: DENIED)
    done = start(**cloud.variables, PARAMETERS_PATH="/nudge/dev/")
    assert done.returncode != 0
    assert done.stderr.strip().endswith(sentence("AccessDeniedException"))
    assert "marker" not in done.stdout + done.stderr
