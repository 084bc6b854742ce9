"""The packages that cold_start.py compares, unpacked below build/benchmarks/ as on Lambda."""

import compileall
import json
import os
import py_compile
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

FOLDER = Path("build/benchmarks").absolute()
RUNTIME = Path("build/runtime").absolute()  # made by `make build/runtime/.ready`
BARE = 'def handler(event, context):\n    return {"statusCode": 200, "body": "[]"}\n'
FASTAPI = ("fastapi==0.165.0", "mangum==0.22.0")
HELLO = """
from fastapi import FastAPI
from mangum import Mangum

app = FastAPI()


@app.get("/api/v1/todos/")
def hello() -> dict[str, str]:
    return {"message": "hello"}


handler = Mangum(app)
"""
PLAIN = ("django", "djangorestframework", "psycopg", "psycopg-binary", "zappa", "boto3")
PLAIN_SETTINGS = """
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS += ["rest_framework", "plain"]
REST_FRAMEWORK = {
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 50,
}
DATABASES = {
    "default": {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "postgres"}
}  # and PGHOST
"""
PLAIN_MODELS = """
from django.db import models


class Todo(models.Model):
    id = models.UUIDField(primary_key=True)
    title = models.CharField(max_length=128)
    status = models.CharField(max_length=16)
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "todos_todo"
"""
PLAIN_URLS = """
from django.contrib import admin
from django.urls import include, path
from rest_framework import permissions, routers, serializers, viewsets

from plain.models import Todo


class TodoSerializer(serializers.ModelSerializer):
    class Meta:
        model = Todo
        fields = "__all__"


class TodoViewSet(viewsets.ModelViewSet):
    queryset = Todo.objects.order_by("created_at")
    serializer_class = TodoSerializer
    permission_classes = [permissions.AllowAny]


router = routers.DefaultRouter()
router.register("todos", TodoViewSet)
urlpatterns = [path("admin/", admin.site.urls), path("api/v1/", include(router.urls))]
"""
# The settings of `zappa init` for Django; Lambda's runtime includes boto3.
PLAIN_ZAPPA = {
    "dev": {
        "django_settings": "plain.settings",
        "aws_region": "us-east-1",
        "project_name": "plain",
        "runtime": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "s3_bucket": "zappa-plain",
        "exclude": ["boto3", "dateutil", "botocore", "s3transfer", "concurrent"],
    }
}


def shipped() -> Path:
    """The package of `zappa package dev` with the callbacks, always rebuilt."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    return _unpacked(_packaged(RUNTIME, Path.cwd(), FOLDER / "shipped.zip"), FOLDER / "shipped")


def bare() -> Path:
    return _with_bytecode(_written(FOLDER / "bare", "main.py", BARE))


def fastapi() -> Path:
    """A minimal FastAPI with Mangum and valid bytecode."""
    root = FOLDER / "fastapi"
    if not root.exists():
        _pip(sys.executable, "--target", str(root), *FASTAPI)
    return _with_bytecode(_written(root, "main.py", HELLO))


def plain() -> Path:
    """A new Django project with DRF, packaged by Zappa with the settings of `zappa init`."""
    root, environment = FOLDER / "plain", FOLDER / "plain-environment"
    if root.exists():
        return root
    shutil.rmtree(environment, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    _pip(str(environment / "bin/python"), *_locked(PLAIN))
    project = FOLDER / "plain-project"
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir()
    start = [str(environment / "bin/django-admin"), "startproject", "plain", str(project)]
    subprocess.run(start, check=True)
    with (project / "plain/settings.py").open("a") as settings:
        settings.write(PLAIN_SETTINGS)
    _written(project, "plain/models.py", PLAIN_MODELS)
    _written(project, "plain/urls.py", PLAIN_URLS)
    _written(project, "zappa_settings.json", json.dumps(PLAIN_ZAPPA))
    return _unpacked(_packaged(environment, project, FOLDER / "plain.zip"), root)


def runtime_of_lambda() -> Path:
    """boto3 as in Lambda's image, for packages that do not include it."""
    root = FOLDER / "lambda-runtime"
    if not root.exists():
        _pip(sys.executable, "--target", str(root), *_locked(("boto3",)))
    return _with_bytecode(root)


def size(root: Path) -> int:
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


def _packaged(environment: Path, project: Path, archive: Path) -> Path:
    """Package with Zappa from this environment, without an account."""
    archive.unlink(missing_ok=True)
    variables = {
        **os.environ,
        "VIRTUAL_ENV": str(environment),
        "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    command = [str(environment / "bin/zappa"), "package", "dev", "--output", str(archive)]
    subprocess.run(command, cwd=project, env=variables, check=True, stdout=subprocess.DEVNULL)
    return archive


def _unpacked(archive: Path, root: Path) -> Path:
    """Unpack with the dates of the archive, as on Lambda; extractall would set today's."""
    _remove(root)
    with zipfile.ZipFile(archive) as package:
        package.extractall(root)
        for entry in package.infolist():
            moment = time.mktime((*entry.date_time, 0, 0, -1))
            os.utime(root / entry.filename, (moment, moment))
    return _read_only(root)


def _with_bytecode(root: Path) -> Path:
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(root, quiet=2, invalidation_mode=mode)
    return root


def _read_only(root: Path) -> Path:
    for path in (*root.rglob("*"), root):
        path.chmod(path.stat().st_mode & ~0o222)
    return root


def _remove(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(root, ignore_errors=True)


def _written(root: Path, name: str, text: str) -> Path:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)
    return root


def _locked(names: tuple[str, ...]) -> list[str]:
    """The versions in the lock file."""
    lines = Path("requirements.txt").read_text().splitlines()
    return [line.split()[0] for line in lines if line.partition("==")[0] in names]


def _pip(python: str, *arguments: str) -> None:
    options = ["--quiet", "--disable-pip-version-check", "--no-compile"]
    subprocess.run([python, "-m", "pip", "install", *options, *arguments], check=True)
