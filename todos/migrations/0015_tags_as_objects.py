import core.values
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models
from django.db.models import CharField, Func, Q, Value
from django.db.models.functions import Length, Substr
from django.db.models.lookups import Exact

DIGITS = Func(
    Substr('color', 2), Value('0123456789abcdefABCDEF'), function='TRIM', output_field=CharField()
)
COLOR = Q(color='') | (
    Q(color__startswith='#') & Q(Exact(Length('color'), 7)) & Q(Exact(DIGITS, ''))
)


def moment(name):
    return core.values.MomentField(
        name,
        default=django.utils.timezone.now,
        db_default=django.db.models.functions.datetime.Now(),
        editable=False,
    )


class Migration(migrations.Migration):
    """Every new column has a default, because the former release creates tags without them."""

    dependencies = [
        ('todos', '0014_order_by_keys'),
    ]

    operations = [
        migrations.AddField('tag', 'color', core.values.LineField(
            blank=True,
            db_default='',
            default='',
            max_length=7,
            validators=[django.core.validators.RegexValidator('\\A#[0-9a-fA-F]{6}\\Z', 'Write a color as #rrggbb.')],
            verbose_name='color',
        )),
        migrations.AddField('tag', 'created_at', moment('created at')),
        migrations.AddField('tag', 'updated_at', moment('updated at')),
        migrations.AddConstraint(
            'tag', models.CheckConstraint(condition=COLOR, name='todos_tag_color')
        ),
        migrations.CreateModel(
            name='TagAlias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('folded', models.TextField()),
                ('seq', models.PositiveBigIntegerField()),
                ('renamed_at', models.DateTimeField(db_index=True)),
                ('tag', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='todos.tag')),
            ],
            options={
                'verbose_name': 'former name of a tag',
                'verbose_name_plural': 'former names of tags',
            },
        ),
    ]
