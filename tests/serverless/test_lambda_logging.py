"""On Lambda others have set up logging before Django: each line is still written once, by us."""

import json
import os
import subprocess
import sys

from tests.config.conftest import PRODUCTION, ROOT

# What AWS's runtime does before it imports anything of ours (awslambdaric/bootstrap.py), with its
# format of lines.
RUNTIME = """
import logging, sys
class LambdaLoggerHandler(logging.StreamHandler):
    pass
theirs = LambdaLoggerHandler(sys.stdout)
theirs.setFormatter(logging.Formatter("[%(levelname)s]\\t%(asctime)s\\t%(message)s"))
logging.getLogger().addHandler(theirs)
logging.getLogger().setLevel(logging.INFO)
"""
HANDLER = """
import serverless.handler
"""
LINES = """
from django.test import Client
Client(SERVER_NAME="nudge.example.com").get("/nothing/?token=marker-query", secure=True)
for name in ("nudge", "serverless.events", "django.server", "botocore.credentials"):
    logging.getLogger(name).warning("%s password=marker-password", name)
logging.getLogger("nudge").debug("marker-debug")
print([type(handler).__name__ for handler in logging.getLogger().handlers])
"""


def test_a_line_is_written_once_and_redacted():
    code = RUNTIME + HANDLER + LINES
    function = {"AWS_LAMBDA_FUNCTION_NAME": "nudge-dev", "DEBUG": ""}
    path = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=PRODUCTION | function | path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "['StreamHandler']\n"
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    written = [line["message"] for line in lines if "password" in line["message"]]
    names = ("nudge", "serverless.events", "django.server", "botocore.credentials")
    assert written == [f"{name} password=[redacted]" for name in names]
    assert [line["message"] for line in lines].count("Not Found: /nothing/") == 1
    assert "marker" not in done.stderr
