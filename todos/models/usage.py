from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Func, IntegerField


class Usage(models.Model):
    """How many objects an account has, for its quotas. Only todos.quotas writes it.

    Deletions do not lower it, so it may be too high until the next count.
    """

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    lists = models.PositiveBigIntegerField(default=0)
    todos = models.PositiveBigIntegerField(default=0)
    tags = models.PositiveBigIntegerField(default=0)
    filters = models.PositiveBigIntegerField(default=0, db_default=0)
    bytes = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.lists} lists, {self.todos} to-dos, {self.tags} tags, {self.bytes} bytes"


class OctetLength(Func):
    """Bytes of a text in UTF-8, which PostgreSQL gets without reading long text."""

    function = "OCTET_LENGTH"
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "LENGTH(CAST(%(expressions)s AS BLOB))"  # no OCTET_LENGTH before 3.43
        return self.as_sql(compiler, connection, template=template, **extra)
