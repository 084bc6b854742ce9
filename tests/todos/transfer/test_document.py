"""docs/transfer.md says of each member of a to-do what each format does."""

import re
from pathlib import Path

import pytest

from core.values import FoldedField
from tests.todos.transfer.test_round_trip import HOLDS
from todos.transfer.formats.table import COLUMNS, WITHOUT_COLUMN
from todos.transfer.members import LEFT_OUT, MODELS, members

TEXT = (Path(__file__).resolve().parents[3] / "docs/transfer.md").read_text()
ROWS = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)


def test_the_table_has_every_member_of_a_todo():
    assert {name for name, *_cells in ROWS} == set(members(MODELS["todo"]))


@pytest.mark.parametrize(("place", "name"), [(1, "csv"), (2, "ics"), (3, "todotxt")])
def test_the_table_says_what_comes_back(place, name):
    assert {row[0] for row in ROWS if not row[place + 1].startswith("no")} == HOLDS[name]


@pytest.mark.parametrize("kind", MODELS)
def test_every_column_is_carried_or_left_out_with_a_reason(kind):
    model = MODELS[kind]
    carried = {it.column.name for it in members(model).values()}
    every = [*model._meta.concrete_fields, *model._meta.many_to_many]
    rest = {it.name for it in every if not isinstance(it, FoldedField)} - carried
    assert rest - set(LEFT_OUT) == ({"id"} if kind == "tag" else set())  # a tag has a uuid


def test_what_is_left_out_exists():
    every = {it.name for model in MODELS.values() for it in model._meta.concrete_fields}
    assert set(LEFT_OUT) <= every
    assert set(WITHOUT_COLUMN) | {*COLUMNS} == set(members(MODELS["todo"]))
