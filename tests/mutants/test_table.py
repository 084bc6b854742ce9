"""The table of mutants fits the code: a change of the code moves its mutants along."""

import ast
import gc
from collections import Counter
from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.mutants import node
from tests.mutants.__main__ import Verdict, summary
from tests.mutants.code import changed_functions, exchange
from tests.mutants.table import LANES, ROOT, Mutant, chosen, load, package_tests

MUTANTS = load()


def text_of(mutant: Mutant) -> str:
    path = ROOT / mutant.file
    return path.read_text() if path.exists() else ""


def test_every_id_is_there_once():
    counted = Counter(mutant.id for mutant in MUTANTS)

    assert [name for name, count in counted.items() if count > 1] == []


def test_a_mutant_changes_one_place_of_its_file():
    lost = [mutant.id for mutant in MUTANTS if text_of(mutant).count(mutant.old) != 1]
    idle = [mutant.id for mutant in MUTANTS if mutant.old == mutant.new]

    assert (lost, idle) == ([], [])


@pytest.mark.wide
def test_a_mutant_of_python_compiles_and_does_something_else():
    idle = [
        mutant.id
        for mutant in MUTANTS
        if mutant.file.endswith(".py")
        and changed_functions(mutant.file, text := text_of(mutant), mutant.applied_to(text)) == []
    ]

    assert idle == []


def is_there(test: str) -> bool:
    """Whether the file, and the function in it if one is named, exists."""
    path, _, name = test.partition("::")
    if not name:
        return (ROOT / path).exists()
    function = name.partition("[")[0]
    return (ROOT / path).is_file() and f"def {function}(" in (ROOT / path).read_text()


def test_a_mutant_is_described_and_has_its_killers():
    missing = {test for mutant in MUTANTS for test in mutant.killers if not is_there(test)}
    vague = [
        mutant.id
        for mutant in MUTANTS
        if not mutant.what
        or mutant.lane not in LANES
        or not (mutant.killers or mutant.survives or mutant.lane == "check")
    ]

    assert (missing, vague) == (set(), [])


def test_node_runs_the_killers_of_the_page_and_pytest_the_others():
    wrong = [
        mutant.id
        for mutant in MUTANTS
        for test in mutant.killers
        if (mutant.lane == "page") != fnmatchcase(test, "tests/page/*.test.js")
    ]

    assert wrong == []


REPORT = """TAP version 13
ok 1 - a fine one
# Subtest: waits grow
not ok 2 - waits grow
  ---
  location: 'tests/page/sync.test.js:3:1'
not ok 3 - another
"""


def test_the_first_failure_of_node_is_named_or_the_file_that_cannot_be_loaded():
    file = "tests/page/sync.test.js"

    assert node.failure(file, REPORT) == f"{file}::waits grow"
    assert node.failure(file, f"not ok 1 - {file}\n") == file
    assert node.failure(file, "killed") == file


AT_ONCE = {"Thread", "ThreadPoolExecutor", "overtake"}  # what runs things at once


def names_in(node: ast.AST) -> set[str]:
    return {
        name
        for each in ast.walk(node)
        if isinstance(name := getattr(each, "id", getattr(each, "attr", None)), str)
    }


def is_marked(node: ast.AST, mark: str) -> bool:
    return any(
        isinstance(each, ast.Attribute) and each.attr == mark and names_in(each) >= {"mark"}
        for each in ast.walk(node)
    )


def marks_of_module(tree: ast.Module) -> list[ast.Assign]:
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    return [node for node in assigned if "pytestmark" in names_in(node.targets[0])]


def those_at_once(tree: ast.Module, known: Collection[str]) -> set[str]:
    """What of this module runs things at once, by itself or by what it calls, and `known`."""
    named = {
        node.name: names_in(node)
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    found = {*known}
    while new := {name for name, uses in named.items() if uses & found} - found:
        found |= new
    return found


def imported_from(tree: ast.Module, helpers: dict[str, set[str]]) -> set[str]:
    return {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in helpers.get(node.module or "", ())
    }


def races() -> list[str]:
    """Every test with the marker `postgres` that runs things at once, unless it runs at night."""
    trees = {
        str(path.relative_to(ROOT)): ast.parse(path.read_text())
        for path in sorted((ROOT / "tests").rglob("*.py"))
    }
    helpers = {
        file.removesuffix(".py").replace("/", "."): those_at_once(tree, AT_ONCE)
        for file, tree in trees.items()
    }
    return [
        f"{file}::{node.name}"
        for file, tree in trees.items()
        for node in those_on_postgres(tree)
        if node.name in those_at_once(tree, AT_ONCE | imported_from(tree, helpers))
    ]


def those_on_postgres(tree: ast.Module) -> list[ast.FunctionDef]:
    tests = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    if any(is_marked(each, "postgres") for each in marks_of_module(tree)):
        found = tests
    else:
        found = [
            test
            for test in tests
            if any(is_marked(each, "postgres") for each in test.decorator_list)
        ]
    return [test for test in found if not is_nightly(test)]


def is_nightly(test: ast.FunctionDef) -> bool:
    """A case that runs at night, beside others that do not, is a call with an argument."""
    plain = [each for each in test.decorator_list if isinstance(each, ast.Attribute)]
    return any(is_marked(each, "nightly") for each in plain)


@pytest.mark.wide
def test_every_race_is_the_killer_of_a_mutant():
    """Else nobody knows whether it would notice a lost update."""
    proved = {
        killer.partition("[")[0]
        for mutant in MUTANTS
        if mutant.lane == "postgres" and not mutant.survives
        for killer in mutant.killers
    }
    found = races()

    assert len(found) > 60
    assert sorted({*found} - proved) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("def test(): at_once(1)", {"test"}),
        ("def test(): pool(2)\ndef pool(n): helper(n)\ndef helper(n): Thread()", {"test"}),
        ("class World:\n    def run(self): threading.Thread()\ndef test(): World()", {"test"}),
        ("def test(): pass\ndef helper(): Thread()", set()),
    ],
)
def test_the_rule_knows_a_race_when_it_sees_one(line, expected):
    found = those_at_once(ast.parse(line), {*AT_ONCE, "at_once"})

    assert found & {"test"} == expected


def verdict(*, killer: str = "", failed: str = "") -> Verdict:
    mutant = Mutant(id="A1", what="", file="core/http.py", old="", new="", killers=())
    return Verdict(mutant=mutant, killer=killer, failed=failed, seconds=0)


def test_a_void_verdict_is_no_kill_and_ends_with_2(capsys):
    killed = [verdict(killer="t")] * 97
    assert summary([*killed, *[verdict()] * 3], explained=0) == 0
    assert summary([*killed, *[verdict()] * 4], explained=0) == 1
    assert summary([*killed, verdict(killer="t", failed="t")], explained=0) == 2
    assert "97 of 98 killed" in capsys.readouterr().out


def test_mutants_are_chosen_by_id_by_file_and_by_lane():
    one, two, three = [
        Mutant(id=name, what="", file=file, old="", new="", killers=(), lane=lane)
        for name, file, lane in [
            ("A1", "core/http.py", "fast"),
            ("A11", "core/api/fields.py", "fast"),
            ("B1", "config/urls.py", "postgres"),
        ]
    ]

    assert chosen([one, two, three], ["A1"], "all") == [one]
    assert chosen([one, two, three], ["core/*", "B1"], "all") == [one, two, three]
    assert chosen([one, two, three], [], "postgres") == [three]


@pytest.mark.parametrize(
    ("file", "folder"),
    [
        ("core/api/fields.py", "tests/core"),
        ("templates/todos/_todo.html", "tests/todos"),
        ("templates/base.html", "tests/config"),
        ("zappa_settings.json", "tests/config"),
    ],
)
def test_a_file_has_the_tests_of_its_package(file, folder):
    assert package_tests(file) == folder


BEFORE = """
LIMIT = 1

def outer():
    def inner():
        return 1
    return inner

class Thing:
    size = 2

    def grow(self):
        return self.size
"""


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("return 1", "return True", ["outer", "outer.<locals>.inner"]),
        ("return self.size", "return 2", ["Thing.grow"]),
        ("LIMIT = 1\n", "\n# moved\nLIMIT = 1\n", []),
        ("LIMIT = 1", "LIMIT = 1.0", None),
        ("size = 2", "size = 3", None),
        ("def grow(self)", "def grow(self, by=1)", None),
        ("    def grow", "    @property\n    def grow", None),
    ],
)
def test_only_changes_within_functions_need_no_import(old, new, changed):
    found = changed_functions("thing.py", BEFORE, BEFORE.replace(old, new))

    assert (found and [code.co_qualname for code, _ in found]) == changed


@pytest.mark.wide
def test_what_is_hidden_from_the_collector_is_exchanged_too():
    """serverless/handler.py hides what was imported before it, so a mutant would change nothing."""
    old, new = "def answer():\n    return 1\n", "def answer():\n    return 2\n"
    module: dict[str, Any] = {}
    exec(compile(old, "of_this_test.py", "exec"), module)  # noqa: S102 - the text above
    gc.freeze()

    exchange(changed_functions("of_this_test.py", old, new) or [])

    assert module["answer"]() == 2
