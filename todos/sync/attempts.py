"""Applies an operation so that it leaves nothing behind if it fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import IntegrityError, connection, transaction
from rest_framework.exceptions import ValidationError

from core.api.errors import Conflict
from core.errors import Refused
from todos.sync.changes import RefusedError

FAILURES: Final = (RefusedError, ValidationError, Conflict, Refused, IntegrityError)


class PartlyDoneError(Exception):
    """An operation has failed after it had written something, and must be undone."""


@contextmanager
def without_savepoint() -> Iterator[None]:
    """Let an operation fail if it has written nothing; raises PartlyDoneError otherwise.

    Saves the two statements of a savepoint for each operation that succeeds.
    """
    statements = _Statements()
    try:
        with connection.execute_wrapper(statements):
            yield
    except FAILURES as failure:
        if statements.have_written or transaction.get_rollback():
            raise PartlyDoneError from failure
        raise


class _Statements:
    """Notices statements that write."""

    have_written = False

    def __call__(self, execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if not sql.lstrip("( \n").startswith("SELECT"):
            self.have_written = True
        return execute(sql, params, many, context)
