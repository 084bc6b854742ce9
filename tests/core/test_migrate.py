"""The SQL that `migrate` adds on PostgreSQL; tests/config/test_pooler.py runs it on a real one."""

import pytest
from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import connection

pytestmark = pytest.mark.sqlite


@pytest.fixture
def statements(transactional_db, monkeypatch):
    """What a migration and the command around it demand of PostgreSQL, in order."""
    found = []

    def note(execute, sql, *rest):
        if not sql.startswith(("ALTER", "SET")):
            return execute(sql, *rest)
        return found.append(sql)

    def one_atomic_and_one_other(*_arguments, **_options):
        for atomic in (True, False):
            with connection.schema_editor(atomic=atomic) as editor:
                editor.execute(f"ALTER TABLE atomic {atomic}")

    monkeypatch.setattr(migrate.Command, "handle", one_atomic_and_one_other)
    with connection.execute_wrapper(note):
        yield found


def test_a_migration_may_take_its_time_and_a_request_may_not(statements, monkeypatch):
    monkeypatch.setattr(connection, "vendor", "postgresql")
    call_command("migrate")
    role = f'ALTER ROLE CURRENT_USER IN DATABASE "{connection.settings_dict["NAME"]}" SET'
    assert statements == [
        "SET LOCAL statement_timeout = 0",
        "SET LOCAL idle_in_transaction_session_timeout = 0",
        "ALTER TABLE atomic True",
        "ALTER TABLE atomic False",
        f"{role} statement_timeout = '10s'",
        f"{role} lock_timeout = '3s'",
        f"{role} idle_in_transaction_session_timeout = '15s'",
        f"{role} idle_session_timeout = '300s'",
    ]


def test_sqlite_has_no_roles(statements):
    call_command("migrate")
    assert statements == ["ALTER TABLE atomic True", "ALTER TABLE atomic False"]


def test_the_schema_editor_is_the_usual_one_again(statements, monkeypatch):
    usual = connection.SchemaEditorClass
    monkeypatch.setattr(connection, "vendor", "postgresql")
    call_command("migrate")
    assert connection.SchemaEditorClass is usual
