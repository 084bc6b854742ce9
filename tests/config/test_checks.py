"""System checks: each has an id, a cure and a test."""

import pytest
from django.core import checks
from django.core.checks import Error, run_checks

from config.checks import check_email, check_limits

LIMITS = [
    *("SMS_DESTINATION_DAILY_LIMIT", "SMS_COUNTRY_DAILY_LIMIT", "SMS_DAILY_LIMIT"),
    *("SMS_MONTHLY_SEGMENTS", "SMS_MAX_SEGMENTS"),
]


def ours(*, deploy: bool = False) -> list[str]:
    found = run_checks(include_deployment_checks=deploy)
    return sorted(str(message.id) for message in found if str(message.id).startswith("config."))


def test_a_server_without_mail_is_warned_about(settings):
    settings.EMAIL_HOST = ""
    assert check_email() == [
        checks.Warning(
            "EMAIL_HOST is not set: verification codes go to the log and nobody can sign up.",
            hint="Set EMAIL_HOST, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD and DEFAULT_FROM_EMAIL.",
            id="config.W001",
        )
    ]


def test_a_server_with_mail_is_not(settings):
    settings.EMAIL_HOST = "mail.example.com"
    assert check_email() == []


@pytest.mark.parametrize("name", LIMITS)
def test_a_negative_limit_is_an_error(settings, name):
    setattr(settings, name, -1)
    assert check_limits() == [
        Error(
            f"{name} must not be negative.",
            hint=f"Set {name} to 0 to allow nothing.",
            id="config.E001",
        )
    ]


def test_zero_is_a_limit(settings):
    for name in LIMITS:
        setattr(settings, name, 0)
    assert check_limits() == []


@pytest.mark.django_db
def test_the_checks_are_registered(settings):
    settings.EMAIL_HOST, settings.SMS_DAILY_LIMIT = "", -1
    assert ours() == ["config.E001"]
    assert ours(deploy=True) == ["config.E001", "config.W001"]
