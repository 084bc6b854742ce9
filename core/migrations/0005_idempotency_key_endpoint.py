from django.db import migrations, models


class Migration(migrations.Migration):
    """The database does not change: only the model has another name for the column."""

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
