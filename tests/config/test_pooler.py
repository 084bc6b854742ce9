"""A real PgBouncer in transaction mode between the service and PostgreSQL."""

import shutil
import tempfile
import threading
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.migrations import executor as migrations
from django.test import Client

from accounts.models import User
from config import database
from localcloud.pooler import pgbouncer
from tests.conftest import PASSWORD

SERVERS = 3  # connections of the pooler to PostgreSQL


@pytest.fixture
def pooled(transactional_db, monkeypatch):
    """The service is behind the pooler, with the settings that it makes for such an address."""
    if not shutil.which("pgbouncer"):
        pytest.skip("pgbouncer is not installed (Debian's package of that name)")
    with (
        tempfile.TemporaryDirectory(prefix="nudge-pooler-") as folder,
        pgbouncer(Path(folder), connection.settings_dict, SERVERS) as port,
    ):
        connections.close_all()
        given = {"ENGINE": database.POSTGRESQL, "HOST": "127.0.0.1", "PORT": str(port)}
        for name, value in database.tuned(given).items():
            monkeypatch.setitem(connection.settings_dict, name, value)
        yield
        connections.close_all()


pytestmark = [
    pytest.mark.postgres,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]


def in_threads(number: int, work) -> list[object]:
    results: list[object] = []

    def run() -> None:
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001 - the test compares it
            results.append(repr(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def time_outs() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name LIKE '%%_timeout'")
        return {name: value for name, value in cursor.fetchall() if name in WANTED}


WANTED = {
    "statement_timeout": "10000",
    "lock_timeout": "3000",
    "idle_in_transaction_session_timeout": "15000",
    "idle_session_timeout": "300000",
}


def test_a_pooler_refuses_what_libpq_brings(pooled):
    """Otherwise nothing here would prove anything about poolers."""
    connection.settings_dict["OPTIONS"] |= {"options": "-c statement_timeout=10000"}
    with pytest.raises(psycopg.OperationalError, match="unsupported startup parameter: options"):
        connection.get_new_connection(connection.get_connection_params())


def test_a_person_logs_in_and_writes_behind_a_pooler(pooled, alice):
    client = Client()
    assert client.get("/readyz/").status_code == 200
    client.post("/auth/login/", {"login": alice.email, "password": PASSWORD})
    added = client.post("/api/v1/todos/", {"title": "Milk"}, content_type="application/json")
    assert (added.status_code, added.json()["title"]) == (201, "Milk")
    assert [each["title"] for each in client.get("/api/v1/todos/").json()["results"]] == ["Milk"]


def test_every_client_of_the_pool_has_the_time_outs(pooled):
    def look() -> dict[str, str]:
        with transaction.atomic():
            return time_outs()

    assert in_threads(12, look) == [WANTED] * 12


def test_more_threads_than_connections_read_their_own_rows(pooled, alice, bob):
    """Server-side cursors gave one of twelve threads the wrong number of rows."""

    def read() -> list[str]:
        return [each.email for each in User.objects.order_by("email").iterator(chunk_size=1)]

    assert in_threads(12, read) == [[alice.email, bob.email]] * 12


def test_migrations_run_behind_a_pooler_and_leave_no_setting_there(pooled, monkeypatch):
    seen: list[tuple[bool, dict[str, str]]] = []
    apply = migrations.MigrationExecutor.apply_migration

    def look_at_it(self, state, migration, **options):
        with self.connection.schema_editor(atomic=migration.atomic):
            seen.append((migration.atomic, time_outs()))
        return apply(self, state, migration, **options)

    monkeypatch.setattr(migrations.MigrationExecutor, "apply_migration", look_at_it)
    call_command("migrate", "core", "zero", fake=True, verbosity=0)
    call_command("migrate", fake=True, verbosity=0)  # all that depend on it, too
    patient = WANTED | {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}
    # Only a transaction can be patient; one without works in small batches.
    assert [found for atomic, found in seen if found != (patient if atomic else WANTED)] == []
    assert {atomic for atomic, _found in seen} == {True, False}
    assert in_threads(SERVERS, time_outs) == [WANTED] * SERVERS
