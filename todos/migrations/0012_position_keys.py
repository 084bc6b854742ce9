"""Manual order by text keys, first of three: the columns.

The former release may run beside this one, until it is replaced and if it is rolled back. It reads
and writes `position`, a number; so that column stays, with a default for rows that this release
makes, and the keys have a column of their own, `place`, with a default for rows that the former
one makes: a key in front of all others, which the nightly `renew_positions` replaces. Each release
keeps its own order meanwhile. The former one sorts without an index from here on: slower in a large
account, and right. The next release drops `position`.
"""

import todos.models.columns
from django.db import migrations


def of(model):
    number = todos.models.columns.FormerPositionField()
    return [
        migrations.AlterField(model, 'position', number),
        migrations.RenameField(model, 'position', 'former_position'),
        migrations.AddField(model, 'position', todos.models.columns.PositionField()),
    ]


class Migration(migrations.Migration):

    dependencies = [
        ('todos', '0011_one_due'),
    ]

    operations = [
        migrations.RemoveIndex('list', 'todos_list_order'),
        migrations.RemoveIndex('todo', 'todos_todo_order'),
        migrations.RemoveIndex('todo', 'todos_todo_by_status'),
        migrations.RemoveIndex('todo', 'todos_todo_by_list'),
        *of('list'),
        *of('todo'),
    ]
