"""Static files and uploads: config/settings/files.py and serverless/static.py."""

import gc
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.storage.handler import StorageHandler
from django.core.management import call_command

from serverless import static
from tests.config.conftest import PRODUCTION, ROOT

CDN = {"STATIC_URL": "https://static.example.com/"}
LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "nudge-dev"}
LOCAL = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
PLAIN = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
HASHED = {"BACKEND": "core.static.HashedStorage"}
BUCKET = {
    "BACKEND": "serverless.static.StaticBucketStorage",
    "OPTIONS": {"bucket_name": "nudge-static"},
}
AWS = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
}
FOR_EVER = "public, max-age=31536000, immutable"


# --- Which one -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "static"),
    [
        ({}, PLAIN),
        (CDN, HASHED),  # for collectstatic: with DEBUG pages name the files as they are
        (PRODUCTION, PLAIN),  # a web server of one's own serves /static/
        (PRODUCTION | CDN, HASHED),
        (PRODUCTION | CDN | LAMBDA, HASHED),
        ({"STATIC_BUCKET": "nudge-static"}, BUCKET),
        (PRODUCTION | CDN | {"STATIC_BUCKET": "nudge-static"}, BUCKET),
    ],
)
def test_the_storage_follows_the_environment(settings_of, variables, static):
    settings = settings_of(**variables)
    assert settings["STORAGES"] == {"default": LOCAL, "staticfiles": static}
    assert settings["MEDIA_ROOT"] == ROOT / "media"


@pytest.mark.parametrize(
    ("where", "is_there", "static"),
    [(LAMBDA, True, HASHED), (LAMBDA, False, PLAIN), ({}, True, PLAIN)],
    ids=["packed", "not packed", "a server of one's own"],
)
def test_a_function_without_a_bucket_serves_what_is_in_its_package(
    settings_of, monkeypatch, where, is_there, static
):
    exists = Path.exists
    monkeypatch.setattr(
        Path, "exists", lambda path: is_there if path.name == "staticfiles.json" else exists(path)
    )
    settings = settings_of(**PRODUCTION | where)
    assert settings["STORAGES"] == {"default": LOCAL, "staticfiles": static}


# --- Uploads -------------------------------------------------------------------------------------


def test_a_link_to_an_upload_is_signed_and_ends(settings_of, monkeypatch):
    storages = settings_of(MEDIA_BUCKET="nudge-media", **AWS)["STORAGES"]
    media = StorageHandler(storages)["default"]
    link = urlsplit(media.url("a b/photo.png"))
    assert link.hostname == "nudge-media.s3.eu-central-1.amazonaws.com"
    assert (link.scheme, link.path) == ("https", "/a%20b/photo.png")
    query = parse_qs(link.query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["900"]
    assert query["X-Amz-Credential"][0].endswith("/eu-central-1/s3/aws4_request")


def test_an_upload_has_no_acl_and_replaces_nothing(settings_of, monkeypatch):
    storages = settings_of(MEDIA_BUCKET="nudge-media", **AWS)["STORAGES"]
    media = StorageHandler(storages)["default"]
    assert media._get_write_parameters("photo.png") == {  # type: ignore[attr-defined]
        "ContentType": "image/png"
    }
    monkeypatch.setattr(media, "exists", lambda name: name == "photo.png")
    assert re.fullmatch(r"photo_\w{7}\.png", media.get_available_name("photo.png"))
    assert media.get_available_name("other.png") == "other.png"


def test_a_file_is_sent_by_a_link_for_exactly_its_bytes_and_read_under_a_name(settings_of):
    storages = settings_of(MEDIA_BUCKET="nudge-media", **AWS)["STORAGES"]
    media: Any = StorageHandler(storages)["default"]
    given = media.upload_link("transfers/x", 7, "application/octet-stream")
    headers = {"Content-Type": "application/octet-stream"}
    assert {**given, "url": ""} == {"method": "PUT", "url": "", "headers": headers}
    link = urlsplit(given["url"])
    assert link.hostname == "nudge-media.s3.eu-central-1.amazonaws.com"
    query = parse_qs(link.query)
    assert query["X-Amz-SignedHeaders"] == ["content-length;content-type;host"]
    assert query["X-Amz-Expires"] == ["900"]
    read = parse_qs(urlsplit(media.download_link("transfers/x", "nudge.csv")).query)
    assert read["response-content-disposition"] == ['attachment; filename="nudge.csv"']
    assert media.max_memory_size == 2 * 1024 * 1024


# --- Collecting into a bucket --------------------------------------------------------------------


class Bucket:
    """S3's client, as far as the storage asks it."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.put: list[str] = []
        self.broken = ""

    def get_paginator(self, operation: str) -> "Bucket":
        assert operation == "list_objects_v2"
        return self

    def paginate(self, **arguments: str) -> list[dict[str, Any]]:
        """Two pages, the first of them without anything, as S3 may answer."""
        assert arguments == {"Bucket": "nudge-static"}
        digest = {name: hashlib.md5(o["Body"]).hexdigest() for name, o in self.objects.items()}  # noqa: S324
        return [{}, {"Contents": [{"Key": n, "ETag": f'"{d}"'} for n, d in digest.items()]}]

    def put_object(self, *, Bucket: str, Key: str, **rest: Any) -> None:  # noqa: N803 - S3's words
        assert Bucket == "nudge-static"
        if Key == self.broken:
            raise PermissionError("AccessDenied")
        self.put.append(Key)
        self.objects[Key] = rest


@pytest.fixture
def source(tmp_path) -> Path:
    """A few files that name each other, a source map, and what nobody is shown."""
    folder = tmp_path / "source"
    files = {
        "a.css": "@import 'deep/b.css'; a { background: url(deep/dot.svg) }",
        "deep/b.css": "b { color: red }\n/*# sourceMappingURL=b.css.map */",
        "deep/b.css.map": "{}",
        "deep/dot.svg": "<svg/>",
        "drf_spectacular_sidecar/redoc/bundles/redoc.js": "1",
        "page.js": "//# sourceMappingURL=gone.js.map",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def bucket(settings, monkeypatch, tmp_path, source) -> Bucket:
    made = Bucket()
    monkeypatch.setattr(static, "_client", lambda: made)
    settings.STORAGES = {"default": LOCAL, "staticfiles": BUCKET}
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STATIC_URL = "https://static.example.com/"
    return made


def collect(**options: Any) -> str:
    out = io.StringIO()
    call_command("collectstatic", interactive=False, stdout=out, **options)
    return out.getvalue()


def manifest_of(settings) -> dict[str, str]:
    path = Path(settings.STATIC_ROOT) / "staticfiles.json"
    return json.loads(path.read_text())["paths"]


def test_every_served_file_arrives_under_both_names(bucket, settings):
    collect()
    names = {"a.css", "deep/b.css", "deep/dot.svg", "page.js"}
    manifest = manifest_of(settings)
    assert set(manifest) == names
    assert set(bucket.objects) == names | set(manifest.values())
    assert all(re.search(r"\.[0-9a-f]{12}\.(css|svg|js)$", name) for name in manifest.values())
    assert os.listdir(settings.STATIC_ROOT) == ["staticfiles.json"]  # noqa: PTH208
    dot, style = manifest["deep/dot.svg"], manifest["deep/b.css"]
    text = f'@import url("{style}"); a {{ background: url("{dot}") }}'
    assert bucket.objects[manifest["a.css"]] == {
        "Body": text.encode(),
        "CacheControl": FOR_EVER,
        "ContentType": "text/css",
    }
    assert bucket.objects["deep/dot.svg"] == {
        "Body": b"<svg/>",
        "CacheControl": "public, max-age=300",
        "ContentType": "image/svg+xml",
    }


def test_the_hashed_files_are_there_before_what_names_them(bucket, settings):
    collect()
    hashed = set(manifest_of(settings).values())
    assert set(bucket.put[: len(hashed)]) == hashed


def test_a_file_of_an_unknown_kind_is_only_bytes(bucket, source):
    (source / "data.unknown").write_text("1")
    collect()
    assert bucket.objects["data.unknown"] == {
        "Body": b"1",
        "CacheControl": "public, max-age=300",
        "ContentType": "application/octet-stream",
    }


@pytest.mark.parametrize(
    ("name", "unserved"),
    [
        ("css/app.css.map", True),
        ("admin/js/vendor/jquery/jquery.js", True),
        ("admin/js/vendor/select2/select2.full.js", True),
        ("admin/js/vendor/xregexp/xregexp.js", True),
        ("drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js", True),
        ("admin/js/vendor/jquery/jquery.min.js", False),
        ("admin/js/vendor/select2/select2.full.min.js", False),
        ("drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css", False),
        ("css/map.css", False),
    ],
)
def test_what_no_page_uses_is_not_sent(bucket, source, name, unserved):
    (source / name).parent.mkdir(parents=True, exist_ok=True)
    (source / name).write_text("")
    collect()
    assert (name in bucket.objects) is not unserved


def test_the_folder_of_what_was_collected_goes_with_the_storage():
    storage = static.StaticBucketStorage(bucket_name="nudge-static")
    folder = Path(storage.location)
    assert folder.is_dir()
    del storage
    gc.collect()
    assert not folder.exists()


def test_pages_name_what_was_collected(bucket, settings):
    """The manifest is all that serving needs."""
    collect()
    url = ManifestStaticFilesStorage().url("deep/dot.svg")
    name = url.removeprefix("https://static.example.com/")
    assert name == manifest_of(settings)["deep/dot.svg"]
    assert name in bucket.objects


def test_only_what_changed_is_sent_and_nothing_is_removed(bucket, settings, source):
    collect()
    before, bucket.put = set(bucket.objects), []
    collect(clear=True)
    assert bucket.put == []
    (source / "deep" / "b.css").write_text("b { color: blue }")
    collect()
    manifest = manifest_of(settings)
    changed = {"deep/b.css", manifest["deep/b.css"], manifest["a.css"]}
    assert (set(bucket.put), len(bucket.put)) == (changed, 3)
    assert before < set(bucket.objects)


def test_a_file_that_names_a_missing_one_leaves_the_bucket_as_it_was(bucket, settings, source):
    (source / "deep" / "b.css").write_text("b { background: url(gone.png) }")
    with pytest.raises(ValueError, match=re.escape("gone.png")):
        collect(stderr=io.StringIO())
    assert bucket.put == []
    assert not Path(settings.STATIC_ROOT).exists()


def test_a_refused_file_leaves_no_manifest(bucket, settings):
    bucket.broken = "page.js"
    with pytest.raises(PermissionError):
        collect()
    assert not Path(settings.STATIC_ROOT).exists()


def test_a_dry_run_sends_nothing(bucket, settings):
    assert "copied" in collect(dry_run=True)
    assert bucket.put == []
    assert not Path(settings.STATIC_ROOT).exists()


def test_the_client_is_one_of_s3(monkeypatch):
    for name, value in AWS.items():
        monkeypatch.setenv(name, value)
    static._client.cache_clear()
    client = static._client()
    static._client.cache_clear()
    assert client.meta.service_model.service_name == "s3"
    assert client.meta.config.max_pool_connections == 10 == static.THREADS


# --- Serving -------------------------------------------------------------------------------------

PAGES = """
import json, sys
from django.conf import settings
settings.STATIC_ROOT = sys.argv[1]
import django
django.setup()
from django.template.loader import render_to_string
from django.test import Client
client = Client(SERVER_NAME="nudge.example.com")
pages = [client.get(path, secure=True) for path in ("/auth/login/", "/api/docs/")]
texts = [page.text for page in pages if page.status_code == 200]
texts.append(render_to_string("admin/login.html"))
loaded = [name for name in ("boto3", "botocore", "s3transfer", "storages") if name in sys.modules]
print(json.dumps({"texts": texts, "loaded": loaded}))
"""


@pytest.mark.wide
def test_pages_are_rendered_from_the_manifest_without_boto3(settings, tmp_path):
    """No call of S3 and no import of boto3 (a quarter of a second) at a cold start."""
    settings.STORAGES = {"default": LOCAL, "staticfiles": HASHED}
    settings.STATIC_ROOT = tmp_path
    settings.STATIC_URL = CDN["STATIC_URL"]
    collect(verbosity=0)
    for path in tmp_path.iterdir():  # only the manifest is packaged
        if path.name != "staticfiles.json":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", PAGES, str(tmp_path)],
        cwd=ROOT,
        env=PRODUCTION
        | CDN
        | LAMBDA
        | {
            "DEBUG": "",
            "MEDIA_BUCKET": "nudge-media",
            "DATABASE_URL": "postgresql://nudge@127.0.0.1:9/nudge",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PATH": os.environ["PATH"],
        },
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer["loaded"] == []
    links = [re.findall(r'(?:src|href)="([^"]+\.(?:css|js))"', text) for text in answer["texts"]]
    hashed = re.compile(r"https://static\.example\.com/[\w/.-]+\.[0-9a-f]{12}\.(css|js)")
    assert len(links) == 3
    assert all(links)
    assert [link for page in links for link in page if not hashed.fullmatch(link)] == []
