"""Manual order by text keys, first of three: the columns.

The former release may run beside this one, during the deploy and after a rollback. It reads and
writes `position`, a number. So that column stays, with a default for rows of this release. The keys
have their own column, `place`, with a default for rows of the former release: a key before all
others, which the nightly `renew_positions` replaces. Each release keeps its own order until then.
The former one now sorts without an index, which is slower in large accounts, but correct. The next
release drops `position`.
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
