"""Twilio's description and Twilio's Python package, which is made from it, name the same things.

So the excerpt in messages_openapi.json is not out of date where it matters.
"""

import ast
import inspect
import textwrap
from typing import Any

import pytest

from tests.sms.twilio.contract import DESCRIPTION, SCHEMAS, operation, parameters

PATH = "/2010-04-01/Accounts/AC/Messages.json"
HEADERS = {"Content-Type", "Accept"}
NEWER = {"MessageIntent", "FallbackFrom"}  # the package is younger than the excerpt


def tree(function: Any) -> list[ast.AST]:
    return list(ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))))


def dictionary_keys(function: Any) -> set[str]:
    """The literal keys of every dictionary that this function of the package writes."""
    keys = [key for node in tree(function) if isinstance(node, ast.Dict) for key in node.keys]
    return {str(key.value) for key in keys if isinstance(key, ast.Constant)} - HEADERS


def members_read(function: Any) -> set[str]:
    """The members that it takes from an answer."""
    calls = [node for node in tree(function) if isinstance(node, ast.Call)]
    return {ast.literal_eval(c.args[0]) for c in calls if ast.unparse(c.func) == "payload.get"}


def test_the_package_sends_the_fields_that_are_described():
    from twilio.rest.api.v2010.account.message import MessageList

    create, _in_path = operation("POST", PATH)
    [content] = create["requestBody"]["content"].values()
    assert dictionary_keys(MessageList._create) == set(content["schema"]["properties"]) | NEWER


def test_the_package_asks_with_the_filters_that_are_described():
    from twilio.rest.api.v2010.account.message import MessageList

    query = parameters(operation("GET", PATH)[0], "query")
    assert dictionary_keys(MessageList.page) == set(query["properties"])


def test_the_package_reads_the_members_that_are_described():
    from twilio.rest.api.v2010.account.message import MessageInstance

    described = DESCRIPTION["components"]["schemas"]["api.v2010.account.message"]["properties"]
    assert members_read(MessageInstance.__init__) == set(described)


@pytest.mark.parametrize("name", ["Status", "Direction"])
def test_the_package_knows_the_words_that_are_described(name):
    from twilio.rest.api.v2010.account.message import MessageInstance

    words = vars(getattr(MessageInstance, name)).items()
    known = {value for key, value in words if key.isupper()}
    assert known == set(SCHEMAS[f"message_enum_{name.lower()}"]["enum"])
