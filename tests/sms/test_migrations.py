"""Whoever was allowed to send before allowances existed still is."""

import importlib

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType

from sms.models import Allowance, Message
from tests.conftest import make_user
from tests.sms.conftest import allow

pytestmark = pytest.mark.django_db
migration = importlib.import_module("sms.migrations.0003_allowances_for_permissions")


def test_a_permission_to_send_becomes_an_allowance(alice, bob, staff):
    content_type = ContentType.objects.get_for_model(Message)
    permission = Permission.objects.create(
        codename="send_message", name="Can send text messages", content_type=content_type
    )
    group = Group.objects.create(name="senders")
    group.permissions.add(permission)
    carol, dave = make_user("carol@example.com"), make_user("dave@example.com")
    for person in (alice, allow(carol, per_day=3)):
        person.user_permissions.add(permission)
    for person in (alice, dave):
        person.groups.add(group)

    for _ in range(2):
        migration.grant_allowances(apps, None)
    granted = dict(Allowance.objects.values_list("account", "per_day"))
    assert granted == {alice.pk: 50, carol.pk: 3, dave.pk: 50}
    assert not Permission.objects.filter(codename="send_message").exists()
