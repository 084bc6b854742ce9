import core.values
from django.db import migrations, models


class Migration(migrations.Migration):
    """The class of the column changes, and nothing in the database: SQLite would copy the table."""

    dependencies = [
        ('sms', '0011_unreached'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='message',
                    name='send_at',
                    field=models.DateTimeField(null=True, validators=[core.values.check_range], verbose_name='to be sent at'),
                ),
            ]
        ),
    ]
