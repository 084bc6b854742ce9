"""What the documents say about the configuration is what the code does."""

import ast
import re

import pytest
from django.core.checks import run_checks
from django.test import override_settings

from sms.providers import PROVIDERS
from tests.config.conftest import PRODUCTION, ROOT

READERS = {"text", "choice", "flag", "integer", "names", "database", "hosts", "prices"}
CHECK_ID = re.compile(r"\b(?:config|core|accounts|sms|todos)\.[EW]\d{3}\b")
TABLE_ROW = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
ALL_WRONG = {
    "SMS_DAILY_LIMIT": -1,
    "SMS_PROVIDER": "twilio",
    "SMS_FROM_NUMBER": "wrong",
    "SMS_TO_NUMBER": "wrong",
    "TWILIO_ACCOUNT_SID": "wrong",
    "TWILIO_AUTH_TOKEN": "",
    "TWILIO_API_BASE_URL": "http://example.com",
}
DOCUMENT = (ROOT / "docs" / "configuration.md").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()


def variables_read() -> set[str]:
    """The names in every call of env.text("A", "B"), env.flag("C") and so on in the settings."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / "config" / "settings").glob("*.py")]
    names = set()
    for call in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("env."):
            assert ast.unparse(call.func).removeprefix("env.") in READERS
            names |= {str(ast.literal_eval(argument)) for argument in call.args}
    return names


def check_ids() -> set[str]:
    """The ids written in the source, and those that only appear where all is wrong."""
    apps = ("config", "core", "accounts", "serverless", "sms", "todos")
    sources = [path for app in apps for path in (ROOT / app).rglob("*.py")]
    written = {found for path in sources for found in CHECK_ID.findall(path.read_text())}
    with override_settings(**ALL_WRONG):
        found = run_checks(include_deployment_checks=True)
    assert all(message.hint for message in found if CHECK_ID.fullmatch(str(message.id)))
    return written | {str(m.id) for m in found if CHECK_ID.fullmatch(str(m.id))}


def documented() -> list[str]:
    return TABLE_ROW.findall(DOCUMENT)


def test_the_example_lists_exactly_the_variables_that_are_read():
    names = re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE)
    assert len(names) == len(set(names))
    assert set(names) == variables_read()


def test_every_variable_of_the_example_has_a_comment_above_it():
    paragraphs = EXAMPLE.strip().split("\n\n")[1:]
    assert all(paragraph.startswith("# ") for paragraph in paragraphs)
    assert all(len(re.findall(r"^#? ?[A-Z0-9_]+=", p, re.MULTILINE)) == 1 for p in paragraphs)


def test_the_table_of_variables_is_the_code():
    names = [name for name in documented() if name.isupper()]
    assert len(names) == len(set(names))
    assert set(names) == variables_read()


def test_the_defaults_of_the_table_are_those_of_production(settings_of):
    settings = settings_of(**PRODUCTION)
    cells = re.findall(r"^\| `([A-Z_]+)` \| (\d+|True|False)\b", DOCUMENT, re.MULTILINE)
    said = {name: ast.literal_eval(cell) for name, cell in cells if name in settings}
    assert {name: settings[name] for name in said} == {**said, "DEBUG": False}
    assert {name for name in variables_read() if type(settings.get(name)) is int} <= set(said)


def test_the_row_of_the_provider_names_every_provider():
    [row] = re.findall(r"^\| `SMS_PROVIDER` \|.*$", DOCUMENT, re.MULTILINE)
    assert {name for name in PROVIDERS if f"`{name}`" not in row} == set()


def test_the_table_of_checks_is_the_code():
    ids = [name for name in documented() if CHECK_ID.fullmatch(name)]
    assert len(ids) == len(set(ids))
    assert set(ids) == check_ids()


@pytest.mark.parametrize("name", sorted(check_ids()))
def test_every_check_has_a_test(name):
    tests = [p.read_text() for p in (ROOT / "tests").rglob("*.py") if p.name != __name__]
    assert any(f'"{name}"' in text for text in tests)


def test_the_environment_is_read_in_one_place():
    apps = ("config", "core", "accounts", "serverless", "sms", "todos")
    readers = {
        str(path.relative_to(ROOT))
        for app in apps
        for path in (ROOT / app).rglob("*.py")
        if re.search(r"os\.(environ\b(?!\.setdefault)|getenv)", path.read_text())
    }
    assert readers == {"config/env.py"}


def test_the_example_starts_the_service_as_it_is(settings_of):
    active = dict(re.findall(r"^([A-Z0-9_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    settings = settings_of(**active)
    assert settings["PRODUCTION"] is False
    assert settings["SMS_PROVIDER"] == "console"
