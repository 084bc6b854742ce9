"""Gives users with the permission to send an allowance of the former daily limit."""

from django.conf import settings
from django.db import migrations

FORMER_LIMIT = 50


def grant_allowances(apps, schema_editor):
    allowances = apps.get_model("sms", "Allowance").objects
    for permission in _permissions(apps):
        accounts = apps.get_model(settings.AUTH_USER_MODEL).objects
        holders = accounts.filter(user_permissions=permission) | accounts.filter(
            groups__permissions=permission
        )
        for account in holders.distinct():
            allowances.get_or_create(account=account, defaults={"per_day": FORMER_LIMIT})
        permission.delete()


def _permissions(apps):
    permissions = apps.get_model("auth", "Permission").objects
    return permissions.filter(codename="send_message", content_type__app_label="sms")


class Migration(migrations.Migration):

    dependencies = [
        ("sms", "0002_outbox"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunPython(grant_allowances, migrations.RunPython.noop, elidable=True)]
