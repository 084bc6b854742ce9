"""Manual order by text keys, second of three: converts numbers to keys in their order.

Uses one transaction per account, which first locks its counter as every writer does, so the former
release may still write. Every row gets a new version and moves to the end of the feed, so that
devices sync it. A repeat continues with the remaining accounts.
"""

from core.db_functions import MarkedIn
from core.feed import draw
from core.order_keys import spread
from django.db import connection, migrations, models, transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone
from todos.models.columns import UNPLACED

BATCH = 500
ENTER = """
INSERT INTO core_feedentry
    (account_id, kind, object_id, seq, version, deleted, changed_at)
SELECT owner_id, '{kind}', id, %s + ROW_NUMBER() OVER (ORDER BY place, id), version, FALSE, %s
FROM todos_{kind} WHERE owner_id = %s
ON CONFLICT (account_id, kind, object_id) DO UPDATE
SET seq = excluded.seq, version = excluded.version, changed_at = excluded.changed_at
"""


def give_keys(apps, schema_editor):
    for kind in ('list', 'todo'):
        rows = apps.get_model('todos', kind).objects
        waiting = rows.filter(position=UNPLACED).order_by().values_list('owner_id', flat=True)
        for account in list(waiting.distinct()):
            with transaction.atomic():
                _give(kind, rows.filter(owner_id=account), account)


def _give(kind, rows, account):
    before = draw(account, 0)
    ids = list(rows.order_by('former_position', 'id').values_list('pk', flat=True))
    keys = spread(None, None, len(ids))
    now = timezone.now()
    for start in range(0, len(ids), BATCH):
        some = list(zip(ids, keys))[start:start + BATCH]
        rows.filter(pk__in=[pk for pk, _key in some]).update(
            position=Case(*(When(pk=pk, then=Value(key)) for pk, key in some)),
            version=F('version') + 1,
            changed_in=MarkedIn('changed_in', F('version') + 1, ['position']),
            updated_at=now,
        )
    prepared = models.UUIDField().get_db_prep_value(account, connection)
    with connection.cursor() as cursor:
        cursor.execute(ENTER.format(kind=kind), [before, now, prepared])
        draw(account, cursor.rowcount)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('todos', '0012_position_keys'),
    ]

    operations = [migrations.RunPython(give_keys, migrations.RunPython.noop, elidable=True)]
