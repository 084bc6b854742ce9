from django.db import migrations

from todos.dues import bring_dues


def bring(apps, schema_editor):
    bring_dues(apps.get_model("todos", "Todo"), apps.get_model("core", "FeedEntry"))


class Migration(migrations.Migration):
    """The moment or the day of a to-do as one due; every device reads each to-do once more."""

    atomic = False

    dependencies = [("accounts", "0008_one_spelling_of_addresses"), ("todos", "0010_due")]

    operations = [migrations.RunPython(bring, migrations.RunPython.noop, elidable=True)]
