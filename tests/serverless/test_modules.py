"""Modules of the package come from its list, and are like those that Python finds by itself."""

import json
import subprocess
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from typing import Any

import pytest

from deploy import archive
from serverless import modules

FILES = {
    "demo/__init__.py": "from demo.part import value\n",
    "demo/part.py": "value = 1\ndef fail():\n    raise ValueError\n",
    "demo/sub/__init__.py": "value = 0\n",
    "demo/sub/0001_first.py": "here = __name__\n",
    "demo/words.txt": "words",
    "spaces/inside.py": "value = 2\n",  # a namespace package has no __init__.py
    "alone.py": "value = 3\n",
}
NAMES = ["demo", "demo.part", "demo.sub", "demo.sub.0001_first", "spaces.inside", "alone"]
PROGRAM = """
import importlib, importlib.resources, inspect, json, pkgutil, sys, traceback
sys.path.insert(0, sys.argv[1])
if sys.argv[2] == "listed":
    import serverless
def facts(name):
    module = importlib.import_module(name)
    spec = module.__spec__
    return {
        "file": module.__file__, "cached": module.__cached__, "package": module.__package__,
        "path": list(getattr(module, "__path__", [])), "origin": spec.origin, "parent": spec.parent,
        "location": spec.has_location, "source": inspect.getsource(module),
        "is_package": spec.loader.is_package(name), "reloaded": importlib.reload(module) is module,
    }
def missing(name):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        return str(error)
def loader(name):
    return sys.modules[name].__loader__
found = {name: facts(name) for name in json.loads(sys.argv[3])}
import demo.part
try:
    demo.part.fail()
except ValueError as error:
    frame = traceback.extract_tb(error.__traceback__)[-1]
print(json.dumps({
    "modules": found,
    "listed": sorted(name for name in found if type(loader(name)).__name__ == "_Loader"),
    "missing": [missing("demo.none"), missing("none"), missing("alone.none")],
    "children": [each.name for each in pkgutil.iter_modules(sys.modules["demo"].__path__)],
    "words": importlib.resources.files("demo").joinpath("words.txt").read_text(),
    "line": [frame.name, frame.line],
}))
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An unpacked package with bytecode and the list of its modules."""
    files = {name: text.encode() for name, text in FILES.items()}
    for name in ("serverless/__init__.py", "serverless/modules.py"):
        files[name] = Path(name).read_bytes()
    monkeypatch.setattr(archive, "TASK_ROOT", str(tmp_path))
    files |= archive.bytecode(files)
    files["MODULES.json"] = json.dumps(archive.modules(set(files))).encode()
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def run(package: Path, how: str):
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-I", "-B", "-c", PROGRAM, str(package), how, json.dumps(NAMES)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_listed_modules_are_like_those_that_are_searched_for(package):
    listed, searched = run(package, "listed"), run(package, "searched")
    assert listed.pop("listed") == sorted(NAMES)
    assert searched.pop("listed") == []
    assert listed == searched
    assert listed["words"] == "words"
    assert listed["line"] == ["fail", "raise ValueError"]
    assert listed["missing"] == [
        "No module named 'demo.none'",
        "No module named 'none'",
        "No module named 'alone.none'; 'alone' is not a package",
    ]


def test_a_listed_module_has_the_attributes_that_a_search_finds(package):
    finder = finder_of(package)
    roots = {name: [str(package / name.rpartition(".")[0].replace(".", "/"))] for name in NAMES}
    for name in NAMES:
        path = roots[name] if "." in name else None
        found = finder.find_spec(name, path)
        wanted = PathFinder.find_spec(name, roots[name])
        assert found
        assert wanted
        assert isinstance(found.loader, modules._Loader)
        assert isinstance(wanted.loader, SourceFileLoader)
        assert facts(found) == facts(wanted)
        assert found.loader.get_code(name) == wanted.loader.get_code(name)
        assert found.loader.is_package(name) == wanted.loader.is_package(name)
    assert finder.find_spec("json") is None
    assert finder.find_spec("demo.part", [str(package / "elsewhere")]) is None


def facts(spec: ModuleSpec) -> list[Any]:
    places = spec.submodule_search_locations
    return [spec.name, spec.origin, spec.cached, spec.has_location, spec.parent, places]


def test_bytecode_is_taken_without_a_look_at_the_source(package):
    (package / "alone.py").write_text("value = 4\n")
    assert first_constant(finder_of(package)) == 3


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"\0" * 20)])
def test_without_bytecode_of_this_python_the_source_is_compiled(package, spoil):
    (package / "alone.py").write_text("value = 4\n")
    spoil(package / "__pycache__" / f"alone.{sys.implementation.cache_tag}.pyc")
    assert first_constant(finder_of(package)) == 4


def finder_of(package: Path) -> modules._Finder:
    return modules._Finder(str(package), json.loads((package / modules.LIST).read_text()))


def first_constant(finder: modules._Finder) -> object:
    spec = finder.find_spec("alone")
    assert spec
    assert isinstance(spec.loader, modules._Loader)
    code = spec.loader.get_code("alone")
    assert code
    return code.co_consts[0]


def test_a_list_is_used_and_without_one_python_searches(package, monkeypatch):
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(modules, "ROOT", str(package))
    before = list(sys.meta_path)
    modules.install()
    assert sys.meta_path[1:] == before
    assert isinstance(sys.meta_path[0], modules._Finder)
    (package / modules.LIST).unlink()
    sys.meta_path[:] = before
    modules.install()
    assert sys.meta_path == before


def test_a_package_without_a_list_runs(package):
    (package / modules.LIST).unlink()
    found = run(package, "listed")
    assert found["listed"] == []
    assert found["modules"] == run(package, "searched")["modules"]
