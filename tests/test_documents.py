"""The documents are true: links, commands and the examples of the README."""

import json
import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import User
from sms.models import Message
from todos.models import Todo
from todos.recurrence.reading import READERS
from todos.recurrence.rules import FREQUENCIES

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "config", "core", "serverless", "sms", "todos")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
README = (ROOT / "README.md").read_text()
EVERYTHING = "\n".join(document.read_text() for document in DOCUMENTS)
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


# --- Links ---------------------------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}


def links() -> list[tuple[Path, str]]:
    return [
        (document, target)
        for document in DOCUMENTS
        for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text())
        if not target.startswith(("http://", "https://"))
    ]


@pytest.mark.parametrize(
    ("document", "target"), links(), ids=lambda part: getattr(part, "name", part)
)
def test_every_link_leads_somewhere(document, target):
    path, _, anchor = target.partition("#")
    destination = (document.parent / path).resolve() if path else document
    assert destination.exists()
    assert destination.is_relative_to(ROOT)
    assert not anchor or anchor in anchors(destination)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_exists(document):
    """`tests/core/` or `config/env.py` in back-ticks, from the root of the project."""
    others = ["benchmarks", "docs", "examples", "tests", "templates", "static", r"\.ci"]
    folders = "|".join([*APPS, *others])
    named = re.findall(rf"`((?:{folders})/[\w./-]*)`", document.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_decision_is_in_the_list():
    folder = ROOT / "docs" / "decisions"
    records = {path.name for path in folder.glob("0*.md")}
    assert {
        name for name in records if f"({name})" not in (folder / "README.md").read_text()
    } == set()


@pytest.mark.parametrize(
    "record", sorted((ROOT / "docs" / "decisions").glob("0*.md")), ids=lambda path: path.stem[:4]
)
def test_a_decision_has_its_three_parts(record):
    text = record.read_text()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequence"]
    assert text.startswith(f"# {record.name[:4]}: ")


# --- Form ----------------------------------------------------------------------------------------


def prose(path: Path) -> list[str]:
    """The lines outside code blocks, tables and headings."""
    text = re.sub(r"^ *```.*?^ *```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [line for line in text.splitlines() if not re.match(r"    |\s*\||#", line)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_prose_is_wrapped_at_100_columns(document):
    """A line may be longer only for one command, which cannot be broken."""
    long = [line for line in prose(document) if len(line) > 100]
    assert [line for line in long if not re.search(r"`[^`]{90,}`", line)] == []


def test_the_changelog_says_everything_once():
    """A merge can bring the former words of an entry back, beside the new ones."""
    release = (ROOT / "CHANGELOG.md").read_text().split("\n## [")[1]
    entries = [entry.partition("\n\n")[0].strip() for entry in release.split("\n- ")[1:]]
    assert [entry for entry in entries if not re.search(r"[.:][\")]*$", entry)] == []
    words = [set(re.findall(r"\w+", entry.lower())) for entry in entries]
    assert [
        (one, other)
        for (one, some), (other, more) in combinations(zip(entries, words, strict=True), 2)
        if len(some & more) > 0.8 * min(len(some), len(more)) and len(some & more) > 6
    ] == []


def test_every_path_of_the_recipes_exists():
    """Except those that the recipe makes: `sms/providers/<name>/provider.py`."""
    text = (ROOT / "docs" / "extending.md").read_text()
    words = [word for code in re.findall(r"`([^`]+)`", text) for word in code.split()]
    paths = {word for word in words if re.fullmatch(r"[\w./-]+(/|\.(py|md|toml|json))", word)}
    assert {"todos/models/todos.py", "zappa_settings.json", "docs/api.md"} <= paths
    made = {"checks.py", "django.mo"}
    assert {path for path in paths - made if not (ROOT / path).exists()} == set()


def test_the_architecture_names_every_module_and_no_other():
    """The table of packages: what stands at the top of each, folders with a slash."""
    rows = re.findall(r"^\| (`\w+`)? ?\| (`.+?) \|", ARCHITECTURE, re.MULTILINE)
    named: dict[str, list[str]] = {}
    for first, modules in rows:
        package = first.strip("`") or list(named)[-1]
        found = re.findall(r"`([^`]+)`", modules)
        named.setdefault(package, []).extend(name for name in found if name.count("/") < 2)
    assert {name: sorted(tops(modules)) for name, modules in named.items()} == {
        name: sorted(existing(ROOT / name)) for name in (*APPS, "localcloud")
    }


def tops(modules: list[str]) -> set[str]:
    """`models/` and `allauth/mfa` -> models/, allauth/."""
    return {name.split("/")[0] + ("/" if "/" in name else "") for name in modules}


def existing(package: Path) -> set[str]:
    files = {path.stem for path in package.glob("*.py")} - {"__init__"}
    folders = {f"{path.name}/" for path in package.iterdir() if path.is_dir()}
    return files | folders - {"__pycache__/", "migrations/"}


def test_the_glossary_is_short():
    rows = re.findall(
        r"^\| (.+?) \| (.+) \|$", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE
    )
    words = [word for word, _meaning in rows if word != "word"]
    assert 10 <= len(set(words)) == len(words) <= 20


# --- Names of settings ---------------------------------------------------------------------------

ICALENDAR = (
    *("CATEGORIES", "COMPLETED", "CREATED", "DATE", "DTSTART", "DUE", "PRIORITY"),
    *("RRULE", "STATUS", "SUMMARY", "UID", "VALARM", "VEVENT", "VTODO"),
)
NAME = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b|(?<=`)[A-Z]{3,}(?=`|=)")
OTHERS = {
    "AWS_MAX_ATTEMPTS": "AWS's own tools",
    "AWS_ROLE": "a variable of an environment at GitHub",
    "AWS_SESSION_TOKEN": "AWS's own tools",
    "CAPABILITY_IAM": "CloudFormation",
    "CONN_HEALTH_CHECKS": "a member of DATABASES",
    "CONN_MAX_AGE": "a member of DATABASES",
    "END": "a line that Lambda logs",
    "GROUP": "a variable of the shell in an example",
    "OLD": "a variable of the shell in an example",
    "RECORD": "a file of every wheel",
    "REPORT": "a line that Lambda logs",
    "SCRIPT_NAME": "WSGI",
    "START": "a line that Lambda logs",
    "UV_DEFAULT_INDEX": "uv, which installs the dependencies",
}
OTHERS |= dict.fromkeys(ICALENDAR, "iCalendar (RFC 5545)")
OTHERS |= dict.fromkeys([*READERS, *FREQUENCIES], "a part of a rule of RFC 5545")
REMOVED = {"BACKGROUND", "BACKGROUND_THREADS", "SMS_ACCOUNT_DAILY_LIMIT"}  # the changelog says so


def names_of_the_code() -> set[str]:
    """Settings, variables of the environment, and what the Makefile and the deploy read."""
    folders = [ROOT / "config" / "settings", ROOT / "deploy", ROOT / "localcloud"]
    files = [path for folder in folders for path in folder.glob("*.py")]
    text = "\n".join([MAKEFILE, *(path.read_text() for path in files)])
    return {name for name in dir(settings) if name.isupper()} | set(re.findall(r"\w+", text))


def tables_of_the_recipes() -> set[str]:
    """`KEPT` or `TONGUES`: the constants of the files that the recipes name."""
    named = re.findall(r"`([\w./-]+\.(?:py|js))`", (ROOT / "docs" / "extending.md").read_text())
    text = "\n".join((ROOT / name).read_text() for name in named if (ROOT / name).is_file())
    return set(re.findall(r"^(?:const )?([A-Z_]+)(?:: .+)? = ", text, re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(document):
    """`EMAIL_HOST` or `make deploy STAGE=dev`: every word in capitals and underscores."""
    known = names_of_the_code() | set(OTHERS)
    if document.name == "CHANGELOG.md" or "decisions" in document.parts:
        known |= REMOVED
    if document.name == "extending.md":
        known |= tables_of_the_recipes()
    assert sorted(set(NAME.findall(document.read_text())) - known) == []


def test_no_exception_for_a_name_is_left_over():
    named = set(NAME.findall(EVERYTHING))
    assert (set(OTHERS) | REMOVED) - named == set()
    assert (set(OTHERS) | REMOVED) & names_of_the_code() == set()


# --- Commands ------------------------------------------------------------------------------------


def targets() -> dict[str, bool]:
    """Every target of the Makefile, and whether `make help` shows it."""
    found = re.findall(r"^([a-z][a-z-]*):(.*)$", MAKEFILE, re.MULTILINE)
    return {name: "##" in rest for name, rest in found}


def test_every_make_target_that_is_named_exists():
    named = set(re.findall(r"(?:^    |`)make\s([a-z][a-z-]*)", EVERYTHING, re.MULTILINE))
    assert {"run", "test", "check"} <= named <= set(targets())


def test_every_public_target_is_named():
    public = {name for name, shown in targets().items() if shown}
    assert {name for name in public if not re.search(rf"\bmake {name}\b(?!-)", EVERYTHING)} == set()


def recipes() -> dict[str, str]:
    """target -> the lines that it runs."""
    found = re.findall(r"^([a-z][a-z-]*):.*\n((?:\t.*\n)*)", MAKEFILE, re.MULTILINE)
    return dict(found)


def lanes() -> set[str]:
    """The targets that run tests, by what their recipes call."""
    runner = re.compile(r"\$\(PYTEST\)|tests\.on_postgres|\.ci/versions|\btest COVERAGE=1")
    return {name for name, recipe in recipes().items() if runner.search(recipe)}


def test_every_lane_is_in_the_table_and_the_table_names_no_other():
    testing = (ROOT / "docs" / "testing.md").read_text()
    rows = re.findall(r"^\| `make ([a-z-]+)` \|.*\| (CI|nightly)\b[^|]*\|$", testing, re.MULTILINE)
    assert {name for name, _when in rows} == lanes()
    run = (ROOT / ".ci" / "run").read_text()
    in_ci = set(re.findall(r"^step .* make ([a-z][a-z-]*)", run, re.MULTILINE)) - {"check"}
    assert {name for name, when in rows if when == "CI"} == in_ci | {"coverage"}
    at_night = set(re.findall(r"[a-z-]+", recipes()["nightly"].split("--keep-going")[1]))
    assert {name for name, when in rows if when == "nightly"} == at_night - {"mutants", "audit"}


def test_the_workflows_run_what_a_person_runs():
    commands = {
        path.stem: re.findall(r"^ +- run: (.*)$", path.read_text(), re.MULTILINE)
        for path in (ROOT / ".github" / "workflows").glob("*.yml")
    }
    assert commands == {
        "ci": [".ci/run"],
        "deploy": ["make build/runtime/.ready", '.ci/deploy "$STAGE" "$AT_ONCE"'],
        "nightly": ["make nightly"],
    }


# --- The examples --------------------------------------------------------------------------------


def test_the_readme_names_the_seed_command_to_the_letter():
    seed = (
        """curl -H "Content-Type: application/json" -X POST -d '{"msg": "hey mate!!!"}' """
        "http://localhost:8000/service/sms/send"
    )
    assert f"\n{seed}\n" in README


EXAMPLE = re.compile(r"<!-- run by tests/test_documents\.py -->\n```sh\n(.*?)```", re.DOTALL)


@pytest.fixture
def _committed(transactional_db) -> None:
    """The server has a connection of its own, and sees what is committed only."""


def run_in_shell(script: str) -> subprocess.CompletedProcess[str]:
    assert shutil.which("curl"), "The examples need curl."
    command = ["/bin/sh", "-eu", "-c", script]
    return subprocess.run(  # noqa: S603 - our own document
        command, capture_output=True, check=False, text=True, timeout=60
    )


def test_the_clients_of_the_sync_document_are_as_short_as_it_says():
    """`make test-clients` runs them."""
    text = re.sub(r"\s+", " ", (ROOT / "docs" / "sync.md").read_text())
    named = re.findall(r"\]\(\.\./examples/([\w.-]+)\)", text)
    assert set(named) == {path.name for path in (ROOT / "examples").iterdir() if path.is_file()}
    said = {"rxdb-adapter.mjs": "at most 80 lines"}
    for name in named:
        most = said.get(name, "at most 100 lines")
        assert most in text
        lines = [line for line in (ROOT / "examples" / name).read_text().splitlines() if line]
        assert len(lines) <= int(re.sub(r"\D", "", most)), name


@pytest.mark.enable_socket
@pytest.mark.usefixtures("_committed")
def test_the_examples_of_the_readme_run(live_server, settings):
    """Every example, in one shell and in order, against a server; the answers are as promised."""
    settings.DEBUG = True  # as `make run` has it
    blocks = EXAMPLE.findall(README)
    assert len(blocks) == README.count("```sh\n")
    script = "\n".join(blocks).replace("http://localhost:8000", live_server.url)
    script = re.sub(
        r"^curl ", r"curl --write-out '\\n%{http_code}\\n' ", script, flags=re.MULTILINE
    )
    done = run_in_shell(script)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    statuses = re.findall(r"^\d{3}$", done.stdout, re.MULTILINE)
    assert statuses == ["200", "201", "200", "200", "200", "201"], done.stdout

    signed_up, created, listed, changed, finished, texted = answers
    assert signed_up["data"]["user"]["email"] == "you@example.com"
    assert (created["title"], created["tags"], created["version"]) == ("Buy milk", ["shop"], 1)
    assert listed == {"next": None, "previous": None, "results": [created]}
    assert (changed["title"], changed["version"]) == ("Buy oat milk", 2)
    assert (finished["status"], finished["version"]) == ("finished", 3)
    assert texted == {
        "status": "success",
        "data": Message.objects.get().provider_sid,
        "message": "SMS successfully sent",
    }
    todo = Todo.objects.get()
    assert todo.owner == User.objects.get(email="you@example.com")
    assert str(todo.pk) == created["id"]
