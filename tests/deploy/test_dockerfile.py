"""The image holds what Lambda needs, nothing secret, and starts what zappa_settings.json names."""

import json
import re

import pytest

from deploy import contents
from tests.config.conftest import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
IGNORED = [
    line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in ("", "#")
]
STAGES = json.loads((ROOT / "zappa_settings.json").read_text())
MADE_BY_COLLECTSTATIC = "staticfiles/staticfiles.json"
PRODUCT = {"accounts", "config", "core", "serverless", "sms", "todos"}


def copied() -> list[str]:
    """What comes from the context, not from another stage of the build."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def test_everything_that_is_copied_exists():
    assert set(copied()) >= PRODUCT
    missing = [name for name in copied() if not (ROOT / name).exists()]
    assert [name for name in missing if name != MADE_BY_COLLECTSTATIC] == []


def test_the_image_has_every_folder_that_the_zip_has():
    present = {name for name in contents.PROJECT if (ROOT / name).exists()}
    assert present - set(copied()) == set()


def test_the_context_is_exactly_what_is_copied():
    """So a .env, a database or the history of the project can never be sent along."""
    assert IGNORED[0] == "*"
    allowed = [line[1:] for line in IGNORED if line.startswith("!")]
    assert sorted(allowed) == sorted(copied())


@pytest.mark.parametrize("pattern", ["**/__pycache__", "**/.env*", "**/*.sqlite3*"])
def test_an_allowed_folder_may_not_smuggle(pattern):
    """The last pattern that fits decides, so these stand behind what is allowed."""
    last_allowed = max(number for number, line in enumerate(IGNORED) if line.startswith("!"))
    assert IGNORED.index(pattern) > last_allowed


def test_it_starts_the_handler_of_zappa_settings():
    [command] = re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)
    named = {stage["lambda_handler"] for stage in STAGES.values() if "extends" not in stage}
    assert {*json.loads(command)} == named


def test_it_runs_the_python_of_zappa_settings():
    [version] = re.findall(r"^ARG PYTHON=(.+)$", DOCKERFILE, re.MULTILINE)
    assert version == "3.11"  # the oldest that the project runs on, as in CI
    assert {s.get("runtime") for s in STAGES.values()} == {None}  # Zappa takes that of the package
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert set(bases) == {"public.ecr.aws/lambda/python:${PYTHON}"}


def test_packages_are_installed_by_hash():
    [install] = re.findall(r"^RUN (pip install .+)$", DOCKERFILE, re.MULTILINE)
    assert "--require-hashes" in install
    assert install.endswith("-r /build/requirements.txt")


def test_no_variable_and_no_secret_is_baked_in():
    """ENV stays readable in an image; so does every ARG that is given."""
    assert re.findall(r"^ENV\b", DOCKERFILE, re.MULTILINE) == []
    assert re.findall(r"^ARG (\w+)", DOCKERFILE, re.MULTILINE) == ["PYTHON"]
