"""The page's shell, its service worker, its manifest, and who is logged in."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.test import Client

from todos import shell

STATIC = Path(settings.BASE_DIR) / "static"
INLINE = re.compile(r"<script(?: type=\"importmap\")?>(.*?)</script>", re.DOTALL)


def test_stranger_is_sent_to_log_in(client, db):
    assert client.get("/todos/").url == "/auth/login/?next=/todos/"


def test_the_shell_is_the_same_for_everybody_and_holds_nothing_of_anybody(alice, bob, web):
    alices, bobs = web(alice).get("/todos/"), web(bob).get("/todos/")
    assert alices.content == bobs.content == web(alice).get("/todos/").content
    assert alices["Content-Security-Policy"] == bobs["Content-Security-Policy"]
    assert "csrfmiddlewaretoken" not in alices.text
    assert "csrftoken" not in alices.cookies
    assert 'href="/todos/plain/"' in alices.text


def test_only_the_import_map_may_stand_in_the_page(browser):
    response = browser.get("/todos/")
    [imports] = INLINE.findall(response.text)
    digest = base64.b64encode(hashlib.sha256(imports.encode()).digest()).decode()
    policy = dict(part.split(" ", 1) for part in response["Content-Security-Policy"].split("; "))
    assert policy["script-src"] == f"'self' 'sha256-{digest}'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert policy["trusted-types"] == "nudge"
    assert "unsafe" not in str(policy)


def test_every_module_has_a_name_in_the_map_and_every_name_a_file(browser):
    names = json.loads(shell.import_map())["imports"]
    wanted = {f"#app/{path.relative_to(STATIC / 'app')}" for path in STATIC.glob("app/**/*.js")}
    assert {name for name in names if name.startswith("#app/")} == wanted - {
        "#app/worker.js",
        "#app/push.js",
        "#app/theme.js",
    }
    assert {name for name in names if not name.startswith("#")} == set(
        json.loads((STATIC / "vendor/versions.json").read_text())
    )
    for address in names.values():
        assert (STATIC / unquote(address.removeprefix("/static/").split("?")[0])).is_file()


@pytest.fixture
def hashed(monkeypatch):
    """What a release has: names from the manifest."""
    files = {
        "app/main.js": "app/main.1.js",
        "vendor/@preact/signals.js": "vendor/@preact/signals.2.js",
        "app/worker.js": "app/worker.3.js",
        "css/page.css": "css/page.4.css",
    }
    monkeypatch.setattr(storages["staticfiles"], "hashed_files", files, raising=False)
    monkeypatch.setattr(shell, "static", lambda name: f"https://cdn.test/{files.get(name, name)}")
    shell._kept_map.cache_clear()
    yield
    shell._kept_map.cache_clear()


def test_a_release_uses_the_names_of_the_manifest(hashed, browser, settings):
    settings.DEBUG = False
    assert shell.modules() == {
        "#app/main.js": "https://cdn.test/app/main.1.js",
        "@preact/signals": "https://cdn.test/vendor/@preact/signals.2.js",
    }
    page = browser.get("/todos/").text
    assert '<script src="https://cdn.test/app/main.1.js" type="module" crossorigin>' in page


def worker_of(client: Client) -> dict[str, Any]:
    code = client.get("/todos/worker.js").text
    found = re.fullmatch(r"self\.nudge = (.*);\nimportScripts\((.*)\);\n", code)
    assert found
    return json.loads(found[1]) | {"scripts": json.loads(f"[{found[2]}]")}


def test_the_worker_keeps_the_shell_and_its_files_and_changes_with_them(client, monkeypatch):
    before = worker_of(client)
    assert before["shell"] == "/todos/"
    assert set(json.loads(shell.import_map())["imports"].values()) < set(before["files"])
    assert [name for name in before["files"] if "/api/" in name] == []
    monkeypatch.setattr(shell, "_map", lambda: '{"imports": {"#app/main.js": "/other.js"}}')
    assert worker_of(client)["build"] != before["build"]


def test_the_worker_and_the_manifest_need_no_log_in_and_no_database(client):
    assert client.get("/todos/worker.js")["Content-Type"] == "text/javascript; charset=utf-8"
    manifest = client.get("/todos/manifest.webmanifest").json()
    assert (manifest["id"], manifest["start_url"], manifest["scope"]) == ("/todos/", "/todos/", "/")
    for icon in manifest["icons"]:
        assert (STATIC / icon["src"].removeprefix("/static/")).is_file()


@pytest.mark.parametrize("path", ["", "worker.js", "manifest.webmanifest"])
def test_they_are_only_read(browser, path):
    assert browser.post(f"/todos/{path}").status_code == 405


def test_the_session_names_the_account_and_gives_a_token_that_changes_need(alice, bob):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    session = strict.get("/api/v1/session/")
    told = session.json()
    assert (session["Cache-Control"], told["account"]) == ("no-store", str(alice.pk))
    body = {"title": "buy milk"}

    def add(**headers: str) -> int:
        path, kind = "/api/v1/todos/", "application/json"
        return strict.post(path, body, content_type=kind, headers=headers).status_code

    assert [add(), add(**{"X-CSRFToken": told["csrf_token"]})] == [403, 201]


def test_the_words_of_quick_add_are_kept_for_ever_under_an_address_that_changes(browser, client):
    [address] = re.findall(r'data-words="([^"]+)"', browser.get("/todos/").text)
    kept, other = client.get(address), client.get(address.split("?")[0])
    assert kept.content == other.content == shell.WORDS.read_bytes()
    assert kept["Cache-Control"] == "public, max-age=31536000, immutable"
    assert other["Cache-Control"] == "no-store"
    assert address in client.get("/todos/worker.js").text
