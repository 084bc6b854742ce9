from django.db import migrations, models


class Migration(migrations.Migration):
    """Renames only the field of the model; the column keeps its name."""

    dependencies = [("core", "0004_idempotency_key")]

    operations = [
        migrations.AlterField(
            model_name="idempotencykey",
            name="door",
            field=models.CharField(db_column="door", max_length=200),
        ),
        migrations.RenameField(
            model_name="idempotencykey", old_name="door", new_name="endpoint"
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint("idempotencykey", "core_idempotencykey_scope_door_key"),
                migrations.AddConstraint(
                    "idempotencykey",
                    models.UniqueConstraint(
                        fields=("scope", "endpoint", "key"),
                        name="core_idempotencykey_scope_door_key",
                    ),
                ),
            ],
        ),
    ]
