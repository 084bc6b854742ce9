"""The account: one person per address, however it is spelt."""

import zoneinfo

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts.models import User, validate_time_zone
from accounts.sessions import signed_in_user
from tests.accounts.conftest import PASSWORD, Phone


def test_an_address_is_kept_in_lower_case(db):
    """SEED-10."""
    user = User.objects.create_user("Alice@Example.COM")
    user.email = "ALICE@Example.com"
    user.save(update_fields=["email"])
    user.refresh_from_db()
    assert user.email == "alice@example.com"
    form_value = User(email="Bob@Example.com")
    form_value.clean()
    assert form_value.email == "bob@example.com"


@pytest.mark.parametrize("email", ["alice@example.com", "ALICE@EXAMPLE.COM", "Alice@example.com"])
def test_one_address_is_one_account_even_for_bulk_create(alice, email):
    """SEED-10: the database holds it, so that no way of writing gets around it."""
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(email=email)])
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user(email)
    assert User.objects.count() == 1


def test_people_are_found_however_the_address_is_spelt(alice):
    assert User.objects.get_by_natural_key("ALICE@example.com") == alice


def test_an_account_needs_an_address(db):
    with pytest.raises(ValueError, match="An e-mail address is required"):
        User.objects.create_user("")


def test_a_new_account_has_no_rights_and_a_superuser_has(db):
    user, boss = (
        User.objects.create_user("a@example.com"),
        User.objects.create_superuser("b@example.com"),
    )
    assert (user.is_staff, user.is_superuser, user.has_usable_password()) == (False, False, False)
    assert (boss.is_staff, boss.is_superuser) == (True, True)


def test_a_person_is_called_by_name_or_address():
    named, unnamed = User(name="Alice Doe", email="a@example.com"), User(email="b@example.com")
    assert (named.get_full_name(), named.get_short_name()) == ("Alice Doe", "Alice Doe")
    assert (unnamed.get_full_name(), unnamed.get_short_name()) == ("b@example.com", "b")
    assert str(named) == "a@example.com"


@pytest.mark.parametrize("name", ["Europe/Berlin", "Asia/Shanghai", "UTC"])
def test_an_iana_zone_is_taken(name):
    validate_time_zone(name)
    assert User(time_zone=name).zone == zoneinfo.ZoneInfo(name)


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("asia/calcutta", "Asia/Calcutta"),
        ("AMERICA/ARGENTINA/BUENOS_AIRES", "America/Argentina/Buenos_Aires"),
        ("utc", "UTC"),
    ],
)
def test_a_zone_in_another_case_is_kept_in_its_own_spelling(db, name, zone):
    validate_time_zone(name)
    assert User.objects.create_user("a@example.com", time_zone=name).time_zone == zone


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Mars/Base",
        "../etc/passwd",
        "/etc/localtime",
        "localtime",
        "Factory",
        "a\0",
    ],
)
def test_another_zone_is_refused_and_where_it_is_stored_counts_as_utc(name):
    with pytest.raises(ValidationError):
        validate_time_zone(name)


@pytest.mark.parametrize("name", ["Mars/Base", "../etc/passwd", "Europe", "a\0"])
def test_a_stored_zone_this_machine_does_not_know_is_utc(name):
    assert User(time_zone=name).zone == zoneinfo.ZoneInfo("UTC")


@pytest.mark.usefixtures("mandatory")
def test_the_superuser_command_makes_an_operator_who_can_log_in(db, monkeypatch):
    """Mail may not be set up yet: the address counts as proved."""
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", email="Boss@Example.com", verbosity=0)
    address = EmailAddress.objects.get()
    assert (address.email, address.verified, address.primary) == ("boss@example.com", True, True)
    assert Phone().log_in("boss@example.com").status_code == 200


def test_the_superuser_command_leaves_other_addresses_alone(staff, monkeypatch):
    EmailAddress.objects.update(verified=False)
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    with pytest.raises(CommandError):
        call_command("createsuperuser", "--noinput", email="STAFF@example.com", verbosity=0)
    call_command("createsuperuser", "--noinput", email="boss@example.com", verbosity=0)
    found = set(EmailAddress.objects.values_list("email", "verified"))
    assert found == {("staff@example.com", False), ("boss@example.com", True)}


def test_a_view_that_forgot_to_ask_who_calls_is_told():
    request = HttpRequest()
    request.user = AnonymousUser()
    with pytest.raises(TypeError):
        signed_in_user(request)
