"""Django's `migrate`, which on PostgreSQL knows the time-outs of the service.

What a query may take is a default of the role, because a connection through PgBouncer or RDS Proxy
cannot bring its own. A migration may take longer.
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
    """Each migration may take its time, but may not wait long for a lock: requests would queue up
    behind it. SET LOCAL ends with the migration's transaction, so a pooler keeps nothing of it.
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
    """In this database only. Every role may do this for itself; new connections obey."""
    database = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        for name, value in settings.DATABASE_ROLE_DEFAULTS.items():
            cursor.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {database} SET {name} = '{value}'")
    connection.close()
