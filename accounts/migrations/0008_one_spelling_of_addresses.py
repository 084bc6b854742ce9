import re

from django.db import migrations, models

from accounts.mailboxes import CANONICAL, key_of


def write_in_one_spelling(apps, schema_editor):
    """Normalize addresses. Report duplicates, which keep their spelling until an operator decides.

    Of two accounts with the same mailbox, the one with the canonical address keeps it; otherwise
    the older one gets it.
    """
    users = apps.get_model("accounts", "User").objects.order_by("date_joined")
    doubles = []
    for user in users.only("email").iterator():
        one = key_of(user.email)
        if user.email == one and re.match(CANONICAL, one):
            continue
        if not re.match(CANONICAL, one) or users.filter(email=one).exists():
            users.filter(pk=user.pk).update(has_old_spelling=True)
            doubles.append(str(user.pk))
        else:
            users.filter(pk=user.pk).update(email=one)
    if doubles:
        print(f"\n  {len(doubles)} account(s) keep an old spelling of their address: ", end="")
        print(", ".join(doubles), "(in the admin: the filter 'has an old spelling')", end="")
    _write_addresses(apps)


def _write_addresses(apps):
    addresses = apps.get_model("account", "EmailAddress").objects.order_by("-verified", "pk")
    for address in addresses.filter(user__has_old_spelling=False).iterator():
        one = key_of(address.email)
        same = addresses.filter(email=one).exclude(pk=address.pk)
        taken = same.filter(user=address.user) | same.filter(verified=True)
        if address.email != one and not taken.exists():
            addresses.filter(pk=address.pk).update(email=one)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_feed_of_profiles"),
        ("account", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="has_old_spelling",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                help_text="Another account has this mailbox, so the address was left as it is.",
                verbose_name="has an old spelling",
            ),
        ),
        migrations.RunPython(write_in_one_spelling, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("has_old_spelling", True),
                    ("email__regex", "^[!-?\\[-~]+@[!-?\\[-~]+$"),
                    _connector="OR",
                ),
                name="accounts_user_email_canonical",
            ),
        ),
    ]
