"""Opt-outs that exist keep their numbers when the key becomes another; the way back is open too."""

from collections.abc import Iterator

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from sms.models import OptOut

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE, NUMBER, STRANGER = "0003_allowances_for_permissions", "+15005550098", "+15005550097"
OLD_MEXICAN, MEXICAN = "+5215512345678", "+525512345678"
OTHER_OLD_MEXICAN, OTHER_MEXICAN = "+5215512345679", "+525512345679"


def migrate(name: str) -> None:
    executor = MigrationExecutor(connection)
    leaves = [key for key in executor.loader.graph.leaf_nodes() if key[0] == "sms"]
    executor.migrate([("sms", name)] if name else leaves)


@pytest.fixture
def release_before() -> Iterator[None]:
    migrate(BEFORE)
    yield
    migrate("")


def insert(number: str, source: str) -> None:
    """As the release before does, which knows three columns."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sms_optout (number, source, created_at) VALUES (%s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [number, source, connection.ops.adapt_datetimefield_value(timezone.now())],
        )


def rows() -> list[tuple[str, str]]:
    return sorted(OptOut.objects.values_list("number", "source"))


@pytest.mark.wide
@pytest.mark.usefixtures("release_before")
def test_opt_outs_survive_there_and_back():
    for number in (NUMBER, STRANGER, OLD_MEXICAN, OTHER_OLD_MEXICAN, OTHER_MEXICAN):
        insert(number, "inbound")
    migrate("")
    kept = [(NUMBER, "inbound"), (STRANGER, "inbound")]
    kept = sorted([*kept, (MEXICAN, "inbound"), (OTHER_MEXICAN, "inbound")])
    assert rows() == kept
    assert len(set(OptOut.objects.values_list("pk", flat=True))) == 4
    insert("+15005550096", "provider")
    insert(NUMBER, "provider")
    assert rows() == sorted([*kept, ("+15005550096", "provider")])
    by_the_database = OptOut.objects.get(number="+15005550096").pk
    assert OptOut.objects.get(pk=str(by_the_database)).number == "+15005550096"
    migrate(BEFORE)
    insert(NUMBER, "admin")
    migrate("")
    assert rows() == sorted([*kept, ("+15005550096", "provider")])


@pytest.mark.wide
@pytest.mark.usefixtures("release_before")
def test_the_history_of_the_admin_names_no_number(staff):
    insert(NUMBER, "admin")
    kind = ContentType.objects.get_for_model(OptOut)
    for number in (NUMBER, STRANGER):
        LogEntry.objects.create(
            user=staff, content_type=kind, object_id=number, object_repr="a", action_flag=ADDITION
        )
    other = LogEntry.objects.create(
        user=staff,
        content_type=ContentType.objects.get_for_model(staff),
        object_id=NUMBER,
        object_repr="a",
        action_flag=ADDITION,
    )
    migrate("")
    about = LogEntry.objects.filter(content_type=kind).order_by("id")
    key = str(OptOut.objects.get().pk)
    assert list(about.values_list("object_id", flat=True)) == [key, ""]
    other.refresh_from_db()
    assert other.object_id == NUMBER
