"""Public, cheap and silent: what monitors and load balancers ask."""

import io
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.backends.utils import CursorWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from config import __version__, health
from config.wsgi import application
from tests.documented import document


def test_hello_answers_as_the_services_before_it(client):
    assert client.get("/hello/").json() == {"hello": "world"}


def test_healthz_asks_nothing_of_the_database(client):
    """No database mark: a query would fail."""
    response = client.get("/healthz/")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_readyz_names_the_version(client, monkeypatch):
    monkeypatch.setattr(health._migrations, "applied", False)
    for _ in range(2):
        response = client.get("/readyz/")
        assert response.status_code == 200
        assert response.json() == {"status": "ok", "version": __version__}


@pytest.mark.django_db
def test_readyz_looks_at_the_migrations_once(client, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(health._migrations, "applied", False)
    client.get("/readyz/")
    with django_assert_num_queries(1):
        client.get("/readyz/")


@pytest.mark.django_db
def test_a_missing_migration_is_not_ready(client, monkeypatch):
    monkeypatch.setattr(health._migrations, "applied", False)
    MigrationRecorder.Migration.objects.filter(app="core").delete()
    response = client.get("/readyz/")
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response.json() == {
        "status": "unavailable",
        "reason": "migrations are missing",
        "version": __version__,
    }


@pytest.mark.django_db
def test_a_process_is_ready_as_soon_as_the_migrations_are_applied(client, monkeypatch):
    monkeypatch.setattr(health._migrations, "applied", False)
    missing = list(MigrationRecorder.Migration.objects.filter(app="core"))
    MigrationRecorder.Migration.objects.filter(app="core").delete()
    before = client.get("/readyz/").status_code
    MigrationRecorder.Migration.objects.bulk_create(missing)
    assert (before, client.get("/readyz/").status_code) == (503, 200)


@pytest.mark.django_db
@pytest.mark.parametrize("fault", [OperationalError, InterfaceError, DatabaseError])
@pytest.mark.parametrize("applied", [True, False])
def test_a_database_that_does_not_answer_is_not_ready(client, monkeypatch, fault, applied):
    """psycopg calls a connection that the server has closed an InterfaceError."""
    monkeypatch.setattr(health._migrations, "applied", applied)

    def fail(*args: object) -> None:
        raise fault("the connection is closed")

    monkeypatch.setattr(CursorWrapper, "execute", fail)
    response = client.get("/readyz/")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.json() == {
        "status": "unavailable",
        "reason": "database unreachable",
        "version": __version__,
    }


READ_ONLY = {
    "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
    "postgresql": ("SET transaction_read_only = on", "SET transaction_read_only = off"),
}


@pytest.mark.django_db
def test_a_database_that_takes_no_writes_is_not_ready(client):
    begin, end = READ_ONLY[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(begin)
        response = client.get("/readyz/")
        if connection.vendor == "sqlite":  # PostgreSQL forgets it with the transaction of the test
            cursor.execute(end)
            assert client.get("/readyz/").status_code == 200
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.json()["reason"] == "database is read-only"


@pytest.mark.django_db
def test_after_a_failed_probe_the_next_one_has_a_new_connection(client, monkeypatch):
    """After a failover the old one leads to a server that only reads."""
    dropped: list[bool] = []
    monkeypatch.setattr(health, "drop_connection", lambda: dropped.append(True))
    assert (client.get("/readyz/").status_code, dropped) == (200, [])
    monkeypatch.setattr(health, "_failure_reason", lambda: "database is read-only")
    assert (client.get("/readyz/").status_code, dropped) == (503, [True])


@pytest.mark.django_db
def test_a_probe_writes_nothing(client):
    client.get("/readyz/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/readyz/")
    assert [query["sql"] for query in queries] == ["DELETE FROM django_migrations WHERE 1 = 0"]
    assert MigrationRecorder.Migration.objects.exists()


@pytest.mark.django_db
def test_only_monitors_are_answered_without_tls(settings):
    settings.SECURE_SSL_REDIRECT = True
    paths = ("/healthz/", "/readyz/", "/hello/", "/auth/login/", "/x/healthz/")
    assert [Client().get(path).status_code for path in paths] == [200, 200, 301, 301, 301]


@pytest.mark.parametrize("path", ["/hello/", "/healthz/", "/readyz/"])
def test_monitors_only_read(client, path):
    assert client.post(path).status_code == 405


@pytest.mark.django_db
def test_the_wsgi_application_serves():
    started: list[str] = []

    def start(status: str, *rest: object) -> Any:
        started.append(status)

    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/hello/",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }
    body = b"".join(application(environ, start))
    assert (started, body) == (["200 OK"], b'{"hello": "world"}')


def test_a_charset_that_a_client_names_decodes_nothing():
    """`hex` is a codec of Python for bytes, not a charset: it raised before any handler."""
    environ = {
        **RequestFactory().get("/healthz/").environ,
        "CONTENT_TYPE": "text/plain; charset=hex",
    }
    request = application.request_class(environ)
    assert (request.encoding, request.content_params) == (None, {"charset": "hex"})


def test_the_document_has_the_routes_of_monitors():
    paths = document()["paths"]
    found = {path: paths[path]["get"] for path in ("/hello/", "/healthz/", "/readyz/")}
    assert {
        path: (each["operationId"], each["tags"], each["security"], sorted(each["responses"]))
        for path, each in found.items()
    } == {
        "/hello/": ("hello", ["operations"], [{}], ["200"]),
        "/healthz/": ("getHealth", ["operations"], [{}], ["200"]),
        "/readyz/": ("getReadiness", ["operations"], [{}], ["200", "503"]),
    }
