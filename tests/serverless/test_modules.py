"""Modules of the package come from its list, and are like those that Python finds by itself."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

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


def test_bytecode_is_taken_without_a_look_at_the_source(package):
    (package / "alone.py").write_text("value = 4\n")
    found = run(package, "listed")
    assert found["modules"]["alone"]["source"] == "value = 4\n"
    loader = modules._Loader(
        "alone", str(package / "alone.py"), cached(package, "alone"), is_package=False
    )
    assert first_constant(loader) == 3


def test_bytecode_of_another_python_is_not_taken(package):
    path = Path(cached(package, "alone"))
    path.write_bytes(b"\0\0\0\0" + path.read_bytes()[4:])
    (package / "alone.py").write_text("value = 4\n")
    loader = modules._Loader("alone", str(package / "alone.py"), str(path), is_package=False)
    assert first_constant(loader) == 4


def first_constant(loader: modules._Loader) -> object:
    code = loader.get_code("alone")
    assert code
    return code.co_consts[0]


def cached(package: Path, name: str) -> str:
    return str(package / "__pycache__" / f"{name}.{sys.implementation.cache_tag}.pyc")


def test_without_a_list_python_searches(package):
    shutil.move(package / "MODULES.json", package / "other.json")
    found = run(package, "listed")
    assert found["listed"] == []
    assert found["modules"] == run(package, "searched")["modules"]
