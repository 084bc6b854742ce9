"""The repository keeps its own rules: nothing secret, nothing unpinned, nothing overgrown."""

import ast
import functools
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
import pytest_socket
import requests

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "config", "core", "serverless", "sms", "todos")
REQUIREMENTS = ("requirements", "requirements-dev")

# What credentials look like; nothing but zeros is none.
EXAMPLES = {"AC" + "0" * 32, "SK" + "0" * 32}
SECRETS = {
    "Twilio account": re.compile(r"\bAC[0-9a-f]{32}\b"),
    "Twilio key": re.compile(r"\bSK[0-9a-f]{32}\b"),
    "AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "AWS account": re.compile(r"\barn:aws:[a-z0-9-]+:[a-z0-9-]*:\d{12}:"),
    "private key": re.compile("-----BEGIN (?:[A-Z]+ )?PRIVATE" + " KEY-----"),
    "GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}\b"),
}


def tracked() -> list[Path]:
    """What git holds, and what the next `git add` would give it."""
    git = shutil.which("git")
    if not (git and (ROOT / ".git").exists()):
        pytest.skip("this tree is no git repository")
    command = [git, "-c", f"safe.directory={ROOT}", "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(  # noqa: S603 - git itself
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    assert ROOT / "manage.py" in paths
    return [path for path in paths if path.is_file()]


def sources() -> list[Path]:
    """Python of the product, without migrations, which Django writes."""
    found = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts]


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def nodes() -> Iterator[tuple[str, ast.AST]]:
    for path in sources():
        for node in ast.walk(parsed(path)):
            yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", node


# --- Nothing secret ------------------------------------------------------------------------------


def test_no_database_and_no_environment_is_tracked():
    """SEED-20."""
    wrong = re.compile(r"\.(sqlite3?|db|pem|key|p12|pfx)(-\w+)?$|(^|/)\.env$|(^|/)\.netrc$")
    names = [str(path.relative_to(ROOT)) for path in tracked()]
    assert [name for name in names if wrong.search(name)] == []


def test_no_secret_is_tracked():
    """SEED-21, SEED-36."""
    found = [
        (str(path.relative_to(ROOT)), kind)
        for path in tracked()
        for kind, pattern in SECRETS.items()
        if set(pattern.findall(path.read_text(errors="replace"))) - EXAMPLES
    ]
    assert found == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("Twilio account", "sid = AC" + "0123456789abcdef" * 2),
        ("Twilio key", "SK" + "0123456789abcdef" * 2),
        ("AWS access key", "AKIA" + "ABCDEFGHIJKLMNOP"),
        ("AWS account", "arn:aws:iam::" + "123456789012:role/x"),
        ("private key", "-----BEGIN RSA PRIVATE" + " KEY-----"),
        ("GitHub token", "ghp_" + "a" * 36),
    ],
)
def test_the_scan_knows_a_secret_when_it_sees_one(kind, text):
    assert SECRETS[kind].search(text)


# --- Dependencies --------------------------------------------------------------------------------


def direct(name: str) -> list[str]:
    """The lines of requirements written by hand, without the comments that fill a line."""
    lines = (ROOT / f"{name}.in").read_text().splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-r "))]


def project(requirement: str) -> str:
    """PEP 503: one spelling of a name."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement)[0]).lower()


def pins(name: str) -> dict[str, str]:
    """name -> the whole entry of the compiled file, hashes included."""
    text = re.sub(r"^ *#.*\n", "", (ROOT / f"{name}.txt").read_text(), flags=re.MULTILINE)
    entries = re.split(r"\n(?=\S)", text.strip())
    return {project(entry): entry for entry in entries}


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_dependency_has_a_reason(name):
    assert direct(name)
    assert [line for line in direct(name) if not re.search(r" # \w.{4,}", line)] == []


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_pin_is_exact_and_hashed(name):
    entries = pins(name)
    assert len(entries) > len(direct(name))
    exact = re.compile(
        r"[\w.-]+(\[[\w,-]+\])?==[\w.+!]+( ; [^\\]+)? \\\n +--hash=sha256:[0-9a-f]{64}"
    )
    assert [entry for entry in entries.values() if not exact.match(entry)] == []


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_direct_dependency_is_pinned(name):
    assert {project(line) for line in direct(name)} - set(pins(name)) == set()


def pinned_versions(name: str) -> dict[str, str]:
    return {key: re.findall(r"==([\w.+!]+)", entry)[0] for key, entry in pins(name).items()}


def test_development_runs_what_production_runs():
    production, development = pinned_versions("requirements"), pinned_versions("requirements-dev")
    assert production == {name: development.get(name) for name in production}


def test_django_is_past_its_advisories():
    [allowed] = [line for line in direct("requirements") if project(line) == "django"]
    pinned = tuple(map(int, pinned_versions("requirements")["django"].split(".")))
    assert allowed.startswith("django~=5.2.19 ")
    assert pinned >= (5, 2, 19)
    assert django.VERSION[:3] >= (5, 2, 19)


def test_production_carries_no_test_tools():
    assert {"pytest", "twilio", "mypy", "ruff"} & set(pins("requirements")) == set()


# --- Source --------------------------------------------------------------------------------------


def calls_of_requests() -> Iterator[tuple[str, str, ast.Call]]:
    """(place, verb, call) of every `requests.verb(...)`."""
    for place, node in nodes():
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="requests"), attr=verb)) as call:
                yield place, verb, call


def test_every_call_to_the_outside_has_a_time_out():
    """SEED-35; a session of requests would hide whether there is one, so there is none."""
    calls = list(calls_of_requests())
    assert {verb for _, verb, _ in calls} == {"request"}
    assert [
        place for place, _, call in calls if "timeout" not in {word.arg for word in call.keywords}
    ] == []


def imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=aliases):
            return [alias.name for alias in aliases]
        case ast.ImportFrom(module=str(module)):
            return [module]
    return []


def test_nothing_imports_another_way_to_the_outside():
    others = re.compile(r"^(urllib\.request|http\.client|httpx|aiohttp|ftplib|smtplib|telnetlib)")
    assert [place for place, node in nodes() for name in imported(node) if others.match(name)] == []


def test_no_assert_in_source():
    """SEED-33: python -O removes them, and what they say is no answer for a client."""
    assert [place for place, node in nodes() if isinstance(node, ast.Assert)] == []


def test_no_print_in_source():
    found = [
        place
        for place, node in nodes()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("print", "pprint", "breakpoint")
        and not place.startswith("sms/providers/console.py")
    ]
    assert found == []


def test_no_module_is_a_drawer():
    drawers = {"utils", "helpers", "common", "misc", "base"}
    folders = [*APPS, "benchmarks", "tests"]
    modules = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    found = [path for path in modules if {path.stem, path.parent.name} & drawers]
    # Django looks for the wrapper of an ENGINE in its module "base".
    assert found == [ROOT / "serverless" / "rds" / "base.py"]


# --- The suite itself ----------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:A test tried to use socket:UserWarning")
def test_no_test_reaches_the_network():
    with pytest.raises(pytest_socket.SocketBlockedError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(pytest_socket.SocketBlockedError):
        socket.socket()
    with pytest.raises(pytest_socket.SocketBlockedError):
        requests.get("http://192.0.2.1/", timeout=1)


def test_every_test_is_found():
    """In a file named otherwise it would never run."""
    others = [path for path in (ROOT / "tests").rglob("*.py") if not path.name.startswith("test_")]
    assert others
    assert [
        path for path in others if re.search(r"^\s*def test_", path.read_text(), re.MULTILINE)
    ] == []


REPLACES_THE_ENVIRONMENT = re.compile(
    r"""setattr\(\s*(?:os,\s*|["']os\.)["']?environ\b|patch\(\s*["']os\.environ\b|\bos\.environ\s*=(?!=)"""
)


def test_no_test_replaces_the_environment():
    """A client of boto3 keeps the mapping that it met, and so the next test's would be ignored."""
    assert [
        path
        for path in (ROOT / "tests").rglob("*.py")
        if REPLACES_THE_ENVIRONMENT.search(path.read_text())
    ] == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("monkeypatch.setattr" + '(os, "environ", {})', True),
        ("monkeypatch.setattr" + '("os.environ", {})', True),
        ("mock.patch" + '("os.environ", {})', True),
        ("os.environ" + " = {}", True),
        ('patch.dict(os.environ, {"A": "b"})', False),
        ('os.environ["A"] = "b"', False),
        ("assert os.environ == {}", False),
    ],
)
def test_the_rule_knows_a_replaced_environment(line, expected):
    assert bool(REPLACES_THE_ENVIRONMENT.search(line)) is expected


# --- The clock -----------------------------------------------------------------------------------

CLOCK = {"now", "utcnow", "today", "time", "localtime", "localdate"}
STOPWATCH = {"monotonic", "perf_counter", "process_time"}


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What runs while a module is imported: no bodies of functions, but decorators and defaults."""
    match node:
        case (
            ast.FunctionDef(args=arguments, decorator_list=parts)
            | ast.AsyncFunctionDef(args=arguments, decorator_list=parts)
        ):
            children: Iterator[ast.AST] = iter([*parts, arguments])
        case ast.Lambda(args=arguments):
            children = iter([arguments])
        case _:
            children = ast.iter_child_nodes(node)
    yield node
    for child in children:
        yield from at_import(child)


def called(node: ast.AST) -> str:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return str(name)
    return ""


def reads_the_clock(node: ast.AST) -> bool:
    """`time(9, 30)` is a time of day and reads nothing; `datetime.now(UTC)` does."""
    name = called(node)
    return name in CLOCK and not (name == "time" and isinstance(node, ast.Call) and node.args)


@pytest.mark.parametrize("folder", [*APPS, "benchmarks", "deploy", "localcloud", "tests"])
def test_no_module_reads_the_clock_when_it_is_imported(folder):
    """The moment of the import is minutes away from the moment of the test or the request."""
    found = [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        for path in (ROOT / folder).rglob("*.py")
        for node in at_import(parsed(path))
        if reads_the_clock(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("NOW = timezone.now()", True),
        ("DAY = datetime.now(UTC).date()", True),
        ("def test(at=timezone.now()): ...", True),
        ("@parametrize('at', [date.today()])\ndef test(at): ...", True),
        ("class Test:\n    began = time.time()", True),
        ("later = lambda at=time.time(): at", True),
        ("def test(): timezone.now()", False),
        ("field = DateTimeField(default=timezone.now)", False),
        ("NINE = time(9, 30)", False),
        ("later = lambda: time.time()", False),
    ],
)
def test_the_rule_knows_a_clock_when_it_sees_one(line, expected):
    assert any(map(reads_the_clock, at_import(ast.parse(line)))) is expected


def test_no_test_measures_time():
    """A slow machine is no fault of the product. The local cloud waits, mutants report seconds."""
    allowed = [ROOT / "tests" / "cloud", ROOT / "tests" / "mutants" / "__main__.py"]
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / "tests").rglob("*.py")
        if not any(path.is_relative_to(each) for each in allowed)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and called(node) in STOPWATCH
    ]
    assert found == []


# --- Sleep ---------------------------------------------------------------------------------------

POLLS = {  # what no signal tells, so it is asked for again and again; or the speed of a hand
    "tests/interleaving.py": "whether a connection waits for a lock",
    "tests/serverless/test_rds.py": "whether PostgreSQL has read its rules",
    "tests/clients/production.py": "whether a server answers",
    "tests/browser/app.py": "what the server has",
    "tests/browser/conftest.py": "whether the server is answering a request",
    "tests/browser/hands.py": "how long a finger rests, and how fast it moves",
    "tests/browser/test_journeys.py": "how fast a hand drags",
    "tests/browser/test_waiting.py": "how slow the network is, how long a finger rests",
    "tests/cloud/local.py": "what AWS does on its own time",
    "tests/cloud/test_shift.py": "a visitor who asks ten times a second",
}


def sleeps(node: ast.AST) -> bool:
    """`event.wait(30)` waits for a state, with a time-out; `Event().wait(3)` for nothing."""
    match node:
        case ast.Call(func=ast.Name(id="sleep") | ast.Attribute(attr="sleep" | "wait_for_timeout")):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Call(), attr="wait"), args=[_]):
            return True
        case ast.Call(
            func=ast.Attribute(attr="wait"), args=[ast.Constant(value=int() | float() as seconds)]
        ):
            return seconds < 1
    return False


def test_no_test_sleeps():
    """A wait is too short for a slow machine, and too long for all others: wait for the state."""
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(parsed(path))
        if sleeps(node)
    }
    assert found == POLLS.keys()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("time.sleep(1)", True),
        ("sleep(seconds)", True),
        ("await asyncio.sleep(0)", True),
        ("page.wait_for_timeout(200)", True),
        ("threading.Event().wait(3)", True),
        ("turn.wait(0.01)", True),
        ("done.wait(30)", False),
        ("barrier.wait()", False),
        ("process.wait(timeout=30)", False),
        ("page.wait_for_selector('p')", False),
    ],
)
def test_the_rule_knows_a_sleep_when_it_sees_one(line, expected):
    assert any(map(sleeps, ast.walk(ast.parse(line)))) is expected
