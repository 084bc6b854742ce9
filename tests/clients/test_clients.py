"""The document makes clients that compile, and that work against a server in production settings.

`make test-clients` makes build/clients first.
"""

import json
import re
import shutil
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests

from core.api.document import operations
from tests.clients import tools
from tests.clients.devices import account, pulled
from tests.clients.production import Server
from tests.documented import contract, document

pytestmark = [pytest.mark.clients, pytest.mark.enable_socket]
PASSWORD = "a long passphrase"
FACTORS = "/api/auth/app/v1/account/authenticators"
MILK = {"title": "Buy milk", "tags": ["shop"]}
DUE = {"on": "2026-12-01", "at": "09:00", "time_zone": "Europe/Berlin"}


@pytest.mark.parametrize("language", tools.LANGUAGES)
def test_every_operation_is_in_the_client(clients, language):
    files = [path for path in clients[language].rglob("*") if path.is_file()]
    text = "\n".join(path.read_text(errors="replace") for path in files).replace("_", "").lower()
    names = [operation["operationId"] for _, _, operation in operations(document())]
    assert [name for name in names if name.lower() not in text] == []


def test_linters_find_no_error(written):
    """Redocly's and Spectral's recommended rules."""
    here = tools.HERE / "npm"
    redocly = tools.npm_package("@redocly/cli/bin/cli.js")
    tools.node(redocly, "lint", written, "--config", here / "redocly.yaml")
    spectral = tools.npm_package("@stoplight/spectral-cli/dist/index.js")
    tools.node(spectral, "lint", written, "--ruleset", here / "spectral.yaml")


def test_the_typescript_client_compiles_and_works(clients, server):
    folder = clients["typescript"]
    shutil.copytree(tools.HERE / "typescript", folder, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(tools.TOOLS / "node_modules")
    tools.node(tools.npm_package("typescript/bin/tsc"), "--project", folder)
    output = tools.node(folder / "compiled" / "round_trip.js", server.url, server.mails)
    assert output == "Round trip done.\n"
    _, token = account(server)
    output = tools.node(folder / "compiled" / "session.js", server.url, token, session(folder))
    assert json.loads(output) == versions(server, token)


def test_the_python_client_has_types_and_works(clients, server):
    folder = clients["python"]
    programs = ("round_trip.py", "session.py")
    for name in programs:
        shutil.copy(tools.HERE / "python" / name, folder)
    cache = folder / "cache"
    tools.run(tools.PYTHON, "-m", "mypy", "--cache-dir", cache, *programs, folder=folder)
    output = tools.run(tools.PYTHON, "round_trip.py", server.url, server.mails, folder=folder)
    assert output == "Round trip done.\n"
    _, token = account(server)
    sent = (server.url, token, session(folder))
    output = tools.run(tools.PYTHON, "session.py", *sent, folder=folder)
    assert json.loads(output) == versions(server, token)


def session(folder: Path) -> Path:
    """An offline session as it was recorded, with ids of its own."""
    text = (tools.HERE / "session.json").read_text()
    for name in sorted(set(re.findall(r"\{[a-z]+(?: \d+)?\}", text)) - {"{account}"}):
        text = text.replace(name, str(uuid.uuid4()))
    path = folder / "session.json"
    path.write_text(text)
    return path


def versions(server: Server, token: str) -> dict[str, int]:
    return {key: it["version"] for key, it in pulled(server, token).items()}


def test_the_models_of_kotlin_compile_and_read_every_answer(clients, server, tmp_path):
    """No HTTP client can be had here, so only the models, with what they need of gson."""
    sources = clients["kotlin"] / "src/main/kotlin/org/openapitools/client"
    adapters = [
        path
        for path in (sources / "infrastructure").glob("*.kt")
        if path.name.endswith("Adapter.kt") or path.name == "Serializer.kt"
    ]
    compiler = tools.kotlin_jars("kotlin-jupyter-kernel", "kotlin-", "annotations")
    library = tools.kotlin_jars("kotlin-stdlib")
    tools.java(
        *("-cp", compiler, "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"),
        *("-no-stdlib", "-no-reflect", "-nowarn", "-cp", library, "-d", tmp_path / "classes"),
        *(tools.HERE / "kotlin" / "ReadAnswers.kt", sources / "models", *adapters),
    )
    answers = recorded(server, tmp_path)
    output = tools.java("-cp", f"{tmp_path / 'classes'}:{library}", "ReadAnswersKt", *answers)
    assert output == f"{len(answers)} answers read.\n"
    models = {path.name.split(".")[0] for path in answers}
    assert {"ApiError", "AuthError", "Authenticated", "StaleTodo", "TodoListPage"} <= models
    assert {"SyncAnswer", "SyncPage", "SecurityEventPage"} <= models
    assert {"AppSetup", "Factors", "PasskeyCreation", "IssuedApiToken", "ApiTokenPage"} <= models


class Recorder:
    """Asks the server, and keeps each answer under the name of the schema that describes it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.url, self.folder = server.url, folder
        self.token = ""
        self.files: list[Path] = []
        self.seen: Counter[str] = Counter()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        response = requests.request(method, self.url + path, json=body, headers=headers, timeout=30)
        environ = {"PATH_INFO": path.partition("?")[0], "REQUEST_METHOD": method.upper()}
        schema = contract().schema(environ, response.status_code)
        name = schema["$ref"].split("/")[-1]
        self.seen[name] += 1
        file = self.folder / f"{name}.{self.seen[name]}.json"
        file.write_bytes(response.content)
        self.files.append(file)
        return response.json()


def recorded(server: Server, folder: Path) -> list[Path]:
    """A file for every kind of answer that is easily had."""
    phone = Recorder(server, folder)
    phone.ask("get", "/healthz/")
    phone.ask("get", "/readyz/")
    phone.ask("get", "/api/auth/app/v1/config")
    phone.ask("get", "/api/v1/todos/")
    person = {"email": f"{uuid.uuid4().hex}@example.com", "password": PASSWORD}
    phone.ask("post", "/api/auth/app/v1/auth/signup", person)
    server.manage("shell", code=VERIFY.format(**person))
    answer = phone.ask("post", "/api/auth/app/v1/auth/login", person)
    phone.token = answer["meta"]["session_token"]
    phone.ask("get", "/api/auth/app/v1/auth/sessions")
    phone.ask("get", "/api/auth/app/v1/account/email")
    phone.ask("get", f"{FACTORS}/totp")
    phone.ask("get", FACTORS)
    phone.ask("get", f"{FACTORS}/webauthn?passwordless")
    program = phone.ask("post", "/api/v1/account/tokens/", {"name": "Backup", "scopes": ["read"]})
    phone.ask("get", "/api/v1/account/tokens/")
    assert program["hint"] == program["token"][:10]
    phone.ask("get", "/api/v1/account/activity/")
    phone.ask("get", "/api/v1/account/")
    todo = phone.ask("post", "/api/v1/todos/", {**MILK, "due": DUE})
    one = f"/api/v1/todos/{todo['id']}/"
    phone.ask("patch", one, {"title": "Buy oat milk"}, **{"If-Match": '"1"'})
    phone.ask("patch", one, {"title": "Buy soy milk"}, **{"If-Match": '"1"'})
    phone.ask("patch", one, {"clear": ["due"]})
    phone.ask("post", f"{one}finish/")
    phone.ask("get", "/api/v1/todos/?limit=1")
    phone.ask("post", "/api/v1/todos/", {"title": ""})
    phone.ask("get", "/api/v1/lists/")
    phone.ask("get", "/api/v1/sms/messages/")
    phone.ask("post", "/api/v1/sms/messages/segments/", {"body": "hey", "to": "+15005550006"})
    phone.ask("post", "/service/sms/send", {"msg": "hey mate!!!"})
    owner = phone.ask("get", "/api/v1/sync/")["account"]
    for request in json.loads(session(folder).read_text().replace("{account}", owner)):
        sent = {"account": owner, "sent_at": "2026-11-26T12:00:00Z"}
        sent["operations"] = [*request["operations"], {"op": "?"}]
        phone.ask("post", "/api/v1/sync/", sent)
    phone.ask("get", "/api/v1/sync/?cursor=nowhere")
    return phone.files


VERIFY = """
from allauth.account.models import EmailAddress
EmailAddress.objects.filter(email="{email}").update(verified=True)
"""
