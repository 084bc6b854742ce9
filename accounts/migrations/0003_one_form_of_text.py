from django.db import migrations

from core.dates import FIRST_MOMENT, LAST_MOMENT
from core.folding import clamp, fold_rows


def bring_into_form(apps, schema_editor):
    """In batches, each in a transaction of its own; after an interruption it goes on."""
    user = apps.get_model("accounts", "User")
    fold_rows(user)
    clamp(user, "date_joined", FIRST_MOMENT, LAST_MOMENT)
    clamp(user, "last_login", FIRST_MOMENT, LAST_MOMENT)


class Migration(migrations.Migration):
    """Names in their normal form and their fold, dates within their range."""

    atomic = False

    dependencies = [("accounts", "0002_folded_name")]

    operations = [migrations.RunPython(bring_into_form, migrations.RunPython.noop, elidable=True)]
