"""What is a keyword: the table of docs/sms.md, case by case."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.keywords import WORDS, command
from sms.results import Command, Inbound
from tests.config.conftest import ROOT

_CODE_POINT = re.compile(r"\{U\+([0-9A-F]{4,6})\}")


def table() -> list[tuple[str, Command | None]]:
    section = (ROOT / "docs/sms.md").read_text().partition("\n### Keywords\n")[2]
    section = section.partition("\n### ")[0]
    rows = re.findall(r"^\| (`.*`)[^|`]*\| ([^|]*) \|$", section, re.MULTILINE)
    meanings = {command.value: command for command in Command}
    return [
        (written(cell), meanings.get(meaning.partition(",")[0]))
        for cells, meaning in rows
        for cell in re.findall(r"`([^`]*)`", cells)
    ]


def written(cell: str) -> str:
    return _CODE_POINT.sub(lambda found: chr(int(found[1], 16)), cell).replace("⏎", "\n")


def read(body: str) -> Command | None:
    return command(Inbound(sid="SM1", number="+15005550098", body=body))


TABLE = table()


@pytest.mark.parametrize(("body", "meaning"), TABLE, ids=repr)
def test_a_text_is_read_as_the_document_says(body, meaning):
    assert read(body) is meaning
    assert read(body.upper()) is meaning
    assert read(f"\r\n{body}\r\n") is meaning


def test_the_document_has_every_keyword_and_every_meaning():
    assert set(WORDS) <= {body.upper() for body, _meaning in TABLE}
    assert {meaning for _body, meaning in TABLE} == {*Command, None}
    assert len(TABLE) == len({body for body, _meaning in TABLE}) > 70


@given(
    st.sampled_from(sorted(WORDS)),
    st.sampled_from(["3", "Ⅷ", "½", "\u0663", "\uff11", "1\ufe0f\u20e3", "now", "ок"]),
    st.sampled_from(["", " ", ". ", "\n", "\u00a0"]),
    st.booleans(),
)
def test_a_keyword_beside_anything_else_is_none(word, more, between, more_is_first):
    parts = (more, between, word) if more_is_first else (word, between, more)
    assert read("".join(parts)) is None


@given(st.text(max_size=60))
def test_start_is_never_read_into_a_text(body):
    letters = "".join(filter(str.isalnum, body)).upper()
    assert read(body) is not Command.START or letters in {"START", "YES", "UNSTOP"}
