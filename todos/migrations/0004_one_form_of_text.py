from django.db import migrations

from core.values import FIRST_DAY, FIRST_MOMENT, LAST_DAY, LAST_MOMENT
from core.folding import clamp, fold_rows
from todos.folding import merge_tags


def bring_into_form(apps, schema_editor):
    """Works in batches, one transaction each. Can be repeated after an interruption."""
    todo_list, tag, todo = (apps.get_model("todos", name) for name in ("List", "Tag", "Todo"))
    merge_tags(tag, todo)
    fold_rows(todo_list)
    fold_rows(todo)
    clamp(todo_list, "archived_at", FIRST_MOMENT, LAST_MOMENT)
    clamp(todo, "due_at", FIRST_MOMENT, LAST_MOMENT)
    clamp(todo, "due_on", FIRST_DAY, LAST_DAY)
    clamp(todo, "finished_at", FIRST_MOMENT, LAST_MOMENT)


class Migration(migrations.Migration):
    """Normalizes and folds text, merges tags with the same folded name, and clamps dates."""

    atomic = False

    dependencies = [("todos", "0003_folded_columns")]

    operations = [migrations.RunPython(bring_into_form, migrations.RunPython.noop, elidable=True)]
