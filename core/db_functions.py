"""Database functions that Django offers for one vendor only."""

from collections.abc import Iterable
from typing import Any

from django.db import models


class Joined(models.Aggregate):
    """The texts of a group, one per line."""

    template = "%(function)s(%(expressions)s, '\n')"
    function = "STRING_AGG"
    output_field = models.TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)


class RandomUUID(models.Func):
    """A UUID that the database generates, for rows of a release that does not know the column.

    Django's own function is for PostgreSQL only. On SQLite, Django stores UUIDs as 32 hex digits.
    """

    template = "GEN_RANDOM_UUID()"
    output_field = models.UUIDField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="LOWER(HEX(RANDOMBLOB(16)))", **context)


class MarkedIn(models.Func):
    """The JSON object in `column` with the value set under each of the names."""

    output_field = models.JSONField()

    def __init__(self, column: str, value: Any, names: Iterable[str], **extra: Any) -> None:
        self.names = sorted(set(names))
        super().__init__(column, value, **extra)

    def _members(self, compiler: Any, name_as: str) -> tuple[str, list[Any]]:
        """Name and value in turn, as arguments of a database function."""
        value, parameters = compiler.compile(self.source_expressions[1])
        arguments = ", ".join(f"{name_as}, {value}" for _name in self.names)
        return arguments, [each for name in self.names for each in (name, *parameters)]

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, parameters = compiler.compile(self.source_expressions[0])
        members, given = self._members(compiler, "'$.' || %s")
        return f"JSON_SET({column}, {members})", [*parameters, *given]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, parameters = compiler.compile(self.source_expressions[0])
        members, given = self._members(compiler, "%s::text")
        return f"{column} || JSONB_BUILD_OBJECT({members})", [*parameters, *given]
