"""Parameters of AWS Systems Manager are variables."""

import os
import socket
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env
from serverless import aws, parameters
from serverless.aws import Aws
from tests.config.conftest import PRODUCTION, ROOT

pytestmark = pytest.mark.enable_socket

OPERATION = "AmazonSSM.GetParametersByPath"
FIRST = {"Path": "/nudge/dev", "Recursive": False, "WithDecryption": True, "MaxResults": 10}
DENIED = (400, {"__type": "com.amazonaws#AccessDeniedException", "message": "marker-message"})
BUSY = (400, {"__type": "ThrottlingException"})


def holding(**values: str):
    """Two parameters in an answer, as AWS says with NextToken."""
    found = [{"Name": f"/nudge/dev/{name}", "Value": value} for name, value in values.items()]

    def answer(_operation, arguments):
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


def test_every_page_is_read_over_one_connection(cloud_of):
    cloud = cloud_of(holding(A="1", B="2", C="3", D="4", E="5"))
    load("/nudge/dev/")
    assert [env.text(name) for name in "ABCDE"] == ["1", "2", "3", "4", "5"]
    assert cloud.calls == [
        (OPERATION, FIRST),
        (OPERATION, FIRST | {"NextToken": "2"}),
        (OPERATION, FIRST | {"NextToken": "4"}),
    ]
    assert len(cloud.connections) == 1


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
    cloud = cloud_of(holding(BUILD_ID="of the parameters"))
    variables = cloud.variables
    named = settings_of(PARAMETERS_PATH="/nudge/dev/", **variables)
    assert (named["VERSION"], len(cloud.calls)) == ("of the parameters", 1)
    monkey = dict.fromkeys(("PARAMETERS_PATH",), "")
    assert settings_of(**variables, **monkey)["VERSION"] != "of the parameters"
    assert len(cloud.calls) == 1


def test_what_is_refused_is_asked_once_and_told_without_values(cloud_of):
    cloud = cloud_of(in_turn(DENIED))
    assert refusal() == sentence("AccessDeniedException")
    assert len(cloud.calls) == 1


def test_a_wrong_signature_is_refused(cloud_of, monkeypatch):
    """Otherwise the tests of this file would prove no signature."""
    cloud_of(holding(A="1"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    assert refusal() == sentence("InvalidSignatureException")
    assert env.text("A") == ""


@pytest.mark.parametrize("passing", [BUSY, (500, b"<html>"), (429, {}), (503, {})])
def test_what_may_pass_is_tried_three_times(cloud_of, passing):
    cloud = cloud_of(in_turn(passing, passing, holding(A="1")("", {})))
    load("/nudge/dev/")
    assert env.text("A") == "1"
    assert len(cloud.calls) == 3


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
    assert len(cloud.calls) == 3


@pytest.mark.parametrize(
    "answer", [(200, b"hello"), (200, []), (200, b"\xff"), (302, {}), (400, [])]
)
def test_what_is_no_answer_of_aws_is_told_by_its_status(cloud_of, answer):
    cloud = cloud_of(lambda *_call: answer)
    assert refusal() == sentence(f"HTTP {answer[0]}")
    assert len(cloud.calls) == 1


def test_a_code_is_shown_only_if_it_is_one(cloud_of):
    cloud_of(lambda *_call: (400, {"__type": "a text with marker-value"}))
    assert refusal() == sentence("HTTP 400")


def test_an_answer_that_does_not_come_is_given_up(cloud_of, monkeypatch):
    monkeypatch.setattr(aws, "READ_SECONDS", 0.1)
    cloud = cloud_of(lambda *_call: 1.0)
    assert refusal() == sentence("ReadTimeoutError")
    assert len(cloud.calls) == 3


def test_an_address_without_a_server_is_told(cloud_of, monkeypatch):
    cloud_of(holding())
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    assert refusal() == sentence("NewConnectionError")


def test_all_tries_end_before_lambda_gives_up():
    """Ten seconds for the whole start (AWS, "Lambda execution environment lifecycle")."""
    tries = len(aws.PAUSES) + 1
    assert tries * (aws.CONNECT_SECONDS + aws.READ_SECONDS) + sum(aws.PAUSES) < 10


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
    cloud = cloud_of(holding(**PRODUCTION))
    function = {"AWS_LAMBDA_FUNCTION_NAME": "nudge-dev", "PARAMETERS_PATH": "/nudge/dev/"}
    done = start(**cloud.variables, **function)
    assert (done.stdout, done.stderr) == ("['nudge.example.com'] []\n", "")
    assert len(cloud.calls) == 3  # six parameters, two in an answer: read once in a process


def test_a_function_without_its_parameters_does_not_start(cloud_of):
    cloud = cloud_of(lambda *_call: DENIED)
    done = start(**cloud.variables, PARAMETERS_PATH="/nudge/dev/")
    assert done.returncode != 0
    assert done.stderr.strip().endswith(sentence("AccessDeniedException"))
    assert "marker" not in done.stdout + done.stderr
