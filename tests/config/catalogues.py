"""Messages of the product, as gettext would find them, and the catalogues that translate them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.template.base import Lexer, TokenType
from django.utils.translation.template import templatize

from tests.config.conftest import ROOT

APPS = ("accounts", "config", "core", "serverless", "sms", "todos")
PLAIN = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
WITH_CONTEXT = {"pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"}
TEXT = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(rf"\bn?p?gettext\({TEXT}(?:, *{TEXT})*", re.DOTALL)
Message = tuple[str | None, str]


def in_python() -> set[Message]:
    found = set()
    for path in (path for app in APPS for path in (ROOT / app).rglob("*.py")):
        found |= set(_of(path.read_text()))
    return found


def _of(source: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=mark), args=[ast.Constant(value=str(first)), *rest]):
                if mark in PLAIN:
                    yield None, first
                elif mark in WITH_CONTEXT:
                    yield first, ast.literal_eval(rest[0])


def templates() -> list[Path]:
    files = (ROOT / "templates").rglob("*")
    return sorted(path for path in files if path.suffix in (".html", ".txt"))


def in_templates() -> set[Message]:
    calls = (call for path in templates() for call in CALL.findall(templatize(path.read_text())))
    return {message for call in calls for message in _of(f"{call})")}


def read_po(path: Path) -> dict[Message, list[str]]:
    """Each message and its translations: one, or one for each form of the plural."""
    found: dict[Message, list[str]] = {}
    for block in path.read_text().split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in (line for line in block.splitlines() if not line.startswith("#")):
            if not line.startswith('"'):
                name, line = line.split(" ", 1)  # noqa: PLW2901
            fields[name] = fields.get(name, "") + ast.literal_eval(line)
        if fields.get("msgid"):
            forms = [text for name, text in fields.items() if name.startswith("msgstr")]
            found[fields.get("msgctxt"), fields["msgid"]] = forms
    return found


# --- Text in templates that nobody marked ---------------------------------------------------------

QUIET = re.compile(r"<(script|style)\b.*?</\1>|<!--.*?-->", re.DOTALL)
SPOKEN = re.compile(r'\b(?:aria-label|placeholder|title|alt|data-question|data-none)="([^"]*)"')
WORD = re.compile(r"[^\W\d_]{2,}")
IN_A_TAG = re.compile(r"^block \w+_(class|attributes)$")
NAMES = {"Nudge", "API", "UTC"}


def unmarked(source: str) -> set[str]:
    """Words that people see and no catalogue can change."""
    text, skipped = "", False
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK:
            tag = token.contents.split()[0]
            starts = tag in ("blocktranslate", "comment") or IN_A_TAG.search(token.contents)
            skipped = bool(starts) or (skipped and not tag.startswith("end"))
        elif token.token_type == TokenType.TEXT and not skipped:
            text += token.contents
        text += "" if token.token_type == TokenType.TEXT else "0"
    text = QUIET.sub(" ", text)
    seen = " ".join([re.sub(r"<[^>]*>|&\w+;", " ", text), *SPOKEN.findall(text)])
    return {*WORD.findall(seen)} - NAMES
