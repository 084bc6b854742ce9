"""Converts numbers of opt-outs and messages to canonical form (docs/sms.md, "Numbers").

Of two opt-outs of a subscriber the stricter one stays: one that an operator entered, which START
does not revoke, otherwise the older one.
"""

from django.db import migrations

from sms.telephony import canonical

ADMIN = "admin"


def merge_opt_outs(apps, schema_editor):
    opt_outs = apps.get_model("sms", "OptOut").objects
    kept = {}
    for row in sorted(opt_outs.all(), key=lambda row: (row.source != ADMIN, row.created_at)):
        if kept.setdefault(canonical(row.number), row) is not row:
            row.delete()
    for number, row in kept.items():
        if row.number != number:
            opt_outs.filter(pk=row.pk).update(number=number)


def rewrite_recipients(apps, schema_editor):
    """Skip messages that the provider may still be queried about by the sent form."""
    messages = apps.get_model("sms", "Message").objects.exclude(state__in=("sending", "unknown"))
    for number in list(messages.order_by().values_list("to", flat=True).distinct()):
        found = canonical(number)
        if found != number:
            messages.filter(to=number).update(to=found)


class Migration(migrations.Migration):

    dependencies = [
        ("sms", "0006_retry_of"),
    ]

    operations = [
        migrations.RunPython(merge_opt_outs, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(rewrite_recipients, migrations.RunPython.noop, elidable=True),
    ]
