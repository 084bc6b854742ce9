"""Django's `migrate`; on PostgreSQL it also sets the time-outs of the service.

The time-outs of queries are defaults of the role, because a connection through PgBouncer or RDS
Proxy cannot set its own. A migration may take longer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from django.conf import settings
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        with _patient_migrations(connection):
            super().handle(*args, **options)
        _set_role_defaults(connection)


@contextmanager
def _patient_migrations(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let each migration run long, but not wait long for a lock, because requests would queue up
    behind it. SET LOCAL ends with the migration's transaction, so no pooler keeps it.
    """
    usual: Any = connection.SchemaEditorClass

    class PatientSchemaEditor(usual):  # type: ignore[misc]
        def __enter__(self) -> Self:
            super().__enter__()
            if self.atomic_migration:
                self.execute("SET LOCAL statement_timeout = 0")
                self.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            return self

    connection.SchemaEditorClass = PatientSchemaEditor
    try:
        yield
    finally:
        connection.SchemaEditorClass = usual


def _set_role_defaults(connection: BaseDatabaseWrapper) -> None:
    """Affects this database and new connections only. Every role may change its own defaults."""
    database = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        for name, value in settings.DATABASE_ROLE_DEFAULTS.items():
            cursor.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {database} SET {name} = '{value}'")
    connection.close()
