"""A language is on offer only if every message of the product has a translation."""

import ast
import gettext
import re

from django.conf import settings

from tests.config.conftest import ROOT

APPS = ("accounts", "config", "core", "serverless", "sms", "todos")
MARKS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
TEMPLATE_MARK = re.compile(r"{% translate \"([^\"]+)\"")
OTHERS = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def messages() -> set[str]:
    """Every message in Python, and those of the templates that stand in one tag."""
    found = set()
    for path in (path for app in APPS for path in (ROOT / app).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name(id=mark), args=[ast.Constant(value=str(text)), *_]):
                    found |= {text} if mark in MARKS else set()
    for path in (ROOT / "templates").rglob("*.html"):
        found |= set(TEMPLATE_MARK.findall(path.read_text()))
    return found


class Missing(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return ""


def untranslated(catalogue: gettext.NullTranslations) -> set[str]:
    catalogue.add_fallback(Missing())
    return {message for message in messages() if not catalogue.gettext(message)}


def test_the_messages_of_python_and_of_templates_are_found():
    assert {"What needs to be done?", "Log in", "priority"} <= messages()


def test_every_language_on_offer_has_every_message():
    assert untranslated(Missing()) == messages()
    catalogues = {code: gettext.translation("django", ROOT / "locale", [code]) for code in OTHERS}
    missing = {code: untranslated(catalogue) for code, catalogue in catalogues.items()}
    assert missing == {code: set() for code in OTHERS}


def test_the_document_names_every_language_of_the_profile():
    api = (ROOT / "docs" / "api.md").read_text()
    [row] = re.findall(r"^\| `language` \|(.*)$", api, re.MULTILINE)
    assert {f"`{code}`" for code, _name in settings.LANGUAGES} <= set(re.findall("`[^`]+`", row))
