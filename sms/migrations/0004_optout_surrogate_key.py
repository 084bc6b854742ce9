"""Gives opt-outs a surrogate key instead of the number, and stores ids of inbound messages.

The former release may still run: it finds, adds and removes opt-outs by their number, which stays
unique, and the database generates keys for the rows that it adds.
"""

import uuid

from django.db import migrations, models

import core.db_functions

# In one statement, so that no row lacks a key at any moment. PostgreSQL chose the names.
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
    """Move the key on SQLite by rebuilding the table; the SQL above does it on PostgreSQL.

    On PostgreSQL, AlterField does not drop the key of another field, and dropping it first leaves a
    model without a key, to which Django adds one.
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
        # First add a column that the database fills, then move the key to it.
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
