"""Allows only one successor of a message, with a constraint."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sms', '0005_optout_numbers'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='retry_of',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='successor', to='sms.message', verbose_name='sent again after'),
        ),
    ]
