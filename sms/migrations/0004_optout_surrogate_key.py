"""Opt-outs get a key that is no phone number; texts to us are remembered by their id.

The release before may go on meanwhile: it finds, adds and removes opt-outs by their number, which
stays unique, and the database makes the keys of the rows that it adds.
"""

import uuid

from django.db import migrations, models

import core.db_functions

# In one statement, so that no row is without a key for a moment; the names are PostgreSQL's own.
KEY_TO_ID = """
ALTER TABLE sms_optout
    DROP CONSTRAINT sms_optout_pkey,
    ADD CONSTRAINT sms_optout_pkey PRIMARY KEY (id),
    ADD CONSTRAINT sms_optout_number_key UNIQUE (number)
"""
KEY_TO_NUMBER = """
ALTER TABLE sms_optout
    DROP CONSTRAINT sms_optout_pkey,
    DROP CONSTRAINT sms_optout_number_key,
    ADD CONSTRAINT sms_optout_pkey PRIMARY KEY (number)
"""


def move_key_to_id(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(KEY_TO_ID)


def move_key_to_number(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(KEY_TO_NUMBER)


class AlterFieldOnSQLite(migrations.AlterField):
    """SQLite moves a key by rebuilding the table; on PostgreSQL it has been moved above.

    There AlterField does not drop the key of another field, and dropping first leaves a model
    without a key, to which Django adds one.
    """

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "sqlite":
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):

    dependencies = [
        ("sms", "0003_allowances_for_permissions"),
    ]

    operations = [
        migrations.CreateModel(
            name="InboundMessage",
            fields=[
                ("sid", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("received_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "verbose_name": "inbound text",
                "verbose_name_plural": "inbound texts",
            },
        ),
        # First a column that the database fills, row by row; then the key moves to it.
        migrations.AddField(
            model_name="optout",
            name="id",
            field=models.UUIDField(
                db_default=core.db_functions.RandomUUID(), default=uuid.uuid4, editable=False
            ),
        ),
        migrations.RunPython(move_key_to_id, move_key_to_number),
        AlterFieldOnSQLite(
            model_name="optout",
            name="id",
            field=models.UUIDField(
                db_default=core.db_functions.RandomUUID(),
                default=uuid.uuid4,
                editable=False,
                primary_key=True,
                serialize=False,
            ),
        ),
        AlterFieldOnSQLite(
            model_name="optout",
            name="number",
            field=models.CharField(max_length=64, unique=True, verbose_name="number"),
        ),
    ]
