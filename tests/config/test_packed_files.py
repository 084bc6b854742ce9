"""Static files of a function without a bucket: those of the manifest, to everybody, for ever."""

import json

import pytest
from django.core.files.storage.handler import StorageHandler
from django.core.management import call_command
from django.test import Client

from config import static
from deploy import static as deployed
from tests.config.conftest import ROOT

pytestmark = pytest.mark.django_db  # the end of a request looks at the connections
STYLES = "css/app.css"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("staticfiles")


@pytest.fixture
def packed(folder, settings, monkeypatch):
    """As the function finds them: hashed files beside the manifest."""
    settings.STATIC_ROOT, settings.STATIC_URL = str(folder), "/static/"
    backend = {"BACKEND": "core.static.HashedStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": backend}
    if not (folder / "staticfiles.json").exists():
        call_command("collectstatic", interactive=False, verbosity=0)
    storage = StorageHandler(settings.STORAGES)["staticfiles"]
    monkeypatch.setattr(static, "staticfiles_storage", storage)
    return storage


def test_a_hashed_file_is_served_to_everybody_and_kept_for_ever(packed):
    answer = Client().get(f"/static/{packed.hashed_files[STYLES]}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/css")
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.getvalue() == (ROOT / "static" / STYLES).read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        STYLES,
        "staticfiles.json",
        "no.such.css",
        "../manage.py",
        "..%2fmanage.py",
        "/etc/passwd",
        "",
    ],
)
def test_nothing_else_is_served(packed, name):
    assert Client().get(f"/static/{name}").status_code == 404


def test_files_are_read_only(packed):
    path = f"/static/{packed.hashed_files[STYLES]}"
    statuses = {}
    for verb in ("HEAD", "POST", "DELETE"):
        answer = Client().generic(verb, path)
        statuses[verb] = answer.status_code
        answer.close()
    assert statuses == {"HEAD": 200, "POST": 405, "DELETE": 405}


def test_without_a_manifest_there_are_none():
    """In development the server of Django serves them, elsewhere a web server or a bucket."""
    assert Client().get(f"/static/{STYLES}").status_code == 404


def test_what_is_packed_is_what_is_served(packed, folder, monkeypatch):
    monkeypatch.setattr(deployed, "MANIFEST", folder / "staticfiles.json")
    names = [name.removeprefix(f"{folder}/") for name in deployed.packed({})]
    served = json.loads((folder / "staticfiles.json").read_text())["paths"].values()
    assert set(names) < set(served)
    assert all((folder / name).exists() for name in names)
    assert sum((folder / name).stat().st_size for name in names) < 8_000_000
