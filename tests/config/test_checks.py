"""System checks: each has an id, a cure and a test."""

import pytest
from django.core.checks import Error, run_checks

from config.checks import check_limits

LIMITS = [
    *("SMS_DESTINATION_DAILY_LIMIT", "SMS_COUNTRY_DAILY_LIMIT", "SMS_DAILY_LIMIT"),
    *("SMS_MONTHLY_SEGMENTS", "SMS_MAX_SEGMENTS"),
]


def ours() -> list[str]:
    return sorted(
        str(message.id) for message in run_checks() if str(message.id).startswith("config.")
    )


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
    settings.SMS_DAILY_LIMIT = -1
    assert ours() == ["config.E001"]
