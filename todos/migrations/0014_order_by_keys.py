"""Manual order by text keys, third of three: the constraints and indexes."""

from django.db import migrations, models
from django.db.models import CharField, Func, Q, Value
from django.db.models.functions import Length, StrIndex, Substr
from django.db.models.lookups import Exact, GreaterThan, LessThanOrEqual


def followed(heads):
    place, length = StrIndex(Value(heads), Substr('position', 1, 1)), Length('position')
    return (
        Q(GreaterThan(place, 0))
        & Q(GreaterThan(length, place))
        & (Q(Exact(length, place + 1)) | ~Q(position__endswith='0'))
    )


DIGITS = Value('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')
KEY = (
    Q(Exact(Func('position', DIGITS, function='TRIM', output_field=CharField()), Value('')))
    & Q(LessThanOrEqual(Length('position'), 128))
    & ~Q(position='A00000000000000000000000000')
    & (followed('abcdefghijklmnopqrstuvwxyz') | followed('ZYXWVUTSRQPONMLKJIHGFEDCBA'))
)


def indexed(model, name, *fields):
    return migrations.AddIndex(model, models.Index(fields=[*fields, 'position', 'id'], name=name))


class Migration(migrations.Migration):

    dependencies = [
        ('todos', '0013_keys_of_today'),
    ]

    operations = [
        indexed('list', 'todos_list_by_place', 'owner'),
        indexed('todo', 'todos_todo_by_place', 'owner'),
        indexed('todo', 'todos_todo_by_status_place', 'owner', 'status'),
        indexed('todo', 'todos_todo_by_list_place', 'list'),
        migrations.AddConstraint(
            'list', models.CheckConstraint(condition=KEY, name='todos_list_position_key'),
        ),
        migrations.AddConstraint(
            'todo', models.CheckConstraint(condition=KEY, name='todos_todo_position_key'),
        ),
    ]
