"""The archive of all personal data: every row of the account, and the to-dos in every format.

The models determine the tables and columns, so the archive includes new ones without a change here.
It withholds secrets, which are listed by name.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import QuerySet

from accounts.models import User
from core.values import FoldedField
from todos.transfer.formats import EXPORTED, FORMATS
from todos.transfer.rows import walk

FORMAT: Final = "account"
ACCOUNT: Final = "account.json"
# Columns with secrets, which are of no use to the person.
WITHHELD: Final = {
    "accounts.User.password": "a hash of the password",
    "todos.PushSubscription.auth": "a key of a browser",
    "todos.PushSubscription.p256dh": "a key of a browser",
    "todos.PushSubscription.endpoint": "whoever knows it may write to the browser",
    "todos.PushSubscription.digest": "made of the same",
    "todos.CalendarFeed.digest": "a hash of the secret",
    "accounts.ApiToken.digest": "a hash of the token",
    "account.EmailConfirmation.key": "opens a link that was mailed",
    "usersessions.UserSession.session_key": "the session itself",
    "mfa.Authenticator.data": "the secret of a second factor",
}
# Tables that only repeat data of others.
REPEATED: Final = frozenset({"core.FeedCounter", "core.FeedEntry"})


def owned() -> dict[type[models.Model], str]:
    """Each table with rows of a person, and the lookup from a row to the person."""
    found: dict[type[models.Model], str] = {User: "pk"}
    every = [it for it in apps.get_models() if not it._meta.auto_created]
    while new := {it: way for it in every if it not in found and (way := _way(it, found))}:
        found |= new
    return {it: way for it, way in found.items() if it._meta.label not in REPEATED}


def _way(model: type[models.Model], known: dict[type[models.Model], str]) -> str:
    """The shortest lookup. A row that the person only created or viewed belongs to others."""
    columns = [it for it in model._meta.concrete_fields if it.is_relation]
    ways = [
        it.name if known[it.related_model] == "pk" else f"{it.name}__{known[it.related_model]}"
        for it in columns
        if it.related_model in known
    ]
    return min(ways, key=lambda way: way.count("__"), default="")


def columns(model: type[models.Model]) -> list[Any]:
    label = model._meta.label
    return [
        it
        for it in model._meta.concrete_fields
        if f"{label}.{it.name}" not in WITHHELD and not isinstance(it, FoldedField)
    ]


def write(person: User, file: BinaryIO) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, ACCOUNT, _account(person))
        for name in EXPORTED:
            chosen = FORMATS[name]
            _add(archive, f"todos.{chosen.suffix}", chosen.write(person))


def _add(archive: zipfile.ZipFile, name: str, parts: Iterator[str]) -> None:
    with archive.open(name, "w", force_zip64=True) as inside:
        text = io.TextIOWrapper(inside, "utf-8", newline="")
        for part in parts:
            text.write(part)
        text.flush()
        text.detach()


def _account(person: User) -> Iterator[str]:
    """`{"accounts.User": [...], ...}`, one row per line."""
    yield "{"
    for number, (model, way) in enumerate(owned().items()):
        yield f'{"," if number else ""}\n"{model._meta.label}": ['
        rows: QuerySet[Any] = QuerySet(model).filter(**{way: person.pk})
        for place, row in enumerate(walk(rows)):
            text = json.dumps(_row(row), cls=DjangoJSONEncoder, ensure_ascii=False)
            yield f"{',' if place else ''}\n{text}"
        yield "\n]"
    yield "\n}\n"


def _row(row: models.Model) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column in columns(type(row)):
        value = column.value_from_object(row)
        is_plain = value is None or isinstance(value, (bool, int, float, str, list, dict))
        found[column.attname] = value if is_plain else column.value_to_string(row)
    return found
