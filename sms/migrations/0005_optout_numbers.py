"""Normalizes numbers of opt-outs, and removes them from the admin's history.

Entries of the history refer to their object by its key, which was the number.
"""

from django.db import migrations

from sms.telephony import canonical


def write_numbers_canonically(apps, schema_editor):
    opt_outs = apps.get_model("sms", "OptOut").objects
    for row in opt_outs.all():
        number = canonical(row.number)
        if number == row.number:
            continue
        if opt_outs.filter(number=number).exists():
            row.delete()
        else:
            opt_outs.filter(pk=row.pk).update(number=number)


def name_history_by_key(apps, schema_editor):
    """Run before the numbers change. Entries about deleted rows get an empty id."""
    keys = {row.number: str(row.pk) for row in apps.get_model("sms", "OptOut").objects.all()}
    entries = apps.get_model("admin", "LogEntry").objects.filter(
        content_type__app_label="sms", content_type__model="optout"
    )
    for entry in entries.exclude(object_id__in=keys.values()):
        entries.filter(pk=entry.pk).update(object_id=keys.get(entry.object_id, ""))


class Migration(migrations.Migration):

    dependencies = [
        ("sms", "0004_optout_surrogate_key"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(name_history_by_key, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(write_numbers_canonically, migrations.RunPython.noop, elidable=True),
    ]
