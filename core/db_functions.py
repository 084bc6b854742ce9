"""Functions of the database that Django offers for one vendor only."""

from typing import Any

from django.db import models


class Joined(models.Aggregate):
    """The texts of a group, each on a line of its own."""

    template = "%(function)s(%(expressions)s, '\n')"
    function = "STRING_AGG"
    output_field = models.TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)


class RandomUUID(models.Func):
    """A UUID that the database makes: for rows of a release that does not know of the column.

    Django's own is for PostgreSQL; on SQLite it keeps UUIDs as 32 hexadecimal digits.
    """

    template = "GEN_RANDOM_UUID()"
    output_field = models.UUIDField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="LOWER(HEX(RANDOMBLOB(16)))", **context)
