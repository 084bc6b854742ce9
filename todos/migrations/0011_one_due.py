from django.db import migrations

from todos.dues import bring_dues


def bring(apps, schema_editor):
    bring_dues(apps.get_model("todos", "Todo"), apps.get_model("core", "FeedEntry"))


class Migration(migrations.Migration):
    """Converts the moment or day of a to-do to one due; devices sync every to-do again."""

    atomic = False

    dependencies = [("accounts", "0008_one_spelling_of_addresses"), ("todos", "0010_due")]

    operations = [migrations.RunPython(bring, migrations.RunPython.noop, elidable=True)]
