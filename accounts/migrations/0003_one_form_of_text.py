from django.db import migrations

from core.values import FIRST_MOMENT, LAST_MOMENT
from core.folding import clamp, fold_rows


def bring_into_form(apps, schema_editor):
    """Works in batches, one transaction each. Can be repeated after an interruption."""
    user = apps.get_model("accounts", "User")
    fold_rows(user)
    clamp(user, "date_joined", FIRST_MOMENT, LAST_MOMENT)
    clamp(user, "last_login", FIRST_MOMENT, LAST_MOMENT)


class Migration(migrations.Migration):
    """Normalizes and folds names, and clamps dates to their range."""

    atomic = False

    dependencies = [("accounts", "0002_folded_name")]

    operations = [migrations.RunPython(bring_into_form, migrations.RunPython.noop, elidable=True)]
