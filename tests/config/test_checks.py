"""System checks: each has an id, a cure and a test."""

import re

import pytest
from django.core.checks import Error, run_checks

from config.checks import (
    check_database,
    check_limits,
    check_static_files,
    check_tasks,
    check_threads,
)
from config.settings.files import MANIFEST, storages
from tests.config.conftest import ROOT

LIMITS = [
    *("SMS_DESTINATION_DAILY_LIMIT", "SMS_COUNTRY_DAILY_LIMIT", "SMS_DAILY_LIMIT"),
    *("SMS_MONTHLY_SEGMENTS", "SMS_PER_MINUTE", "SMS_CODES_DAILY", "SMS_MAX_SEGMENTS"),
    *("REMINDERS_PER_MINUTE", "REMINDER_MAILS_DAILY", "REGISTRATIONS_DAILY", "WRITE_LIMIT"),
    *("QUOTA_LISTS", "QUOTA_TODOS", "QUOTA_TAGS", "QUOTA_FILTERS", "QUOTA_TOKENS"),
    *("QUOTA_BYTES", "QUOTA_IDEMPOTENCY_KEYS"),
]
NO_LIMITS = {"EMAIL_PORT", "TASK_THREADS", "TRUSTED_PROXIES"}


def ours() -> list[str]:
    return sorted(
        str(message.id) for message in run_checks() if str(message.id).startswith("config.")
    )


def test_every_number_of_the_settings_is_a_limit_or_known_to_be_none():
    sources = [path.read_text() for path in (ROOT / "config" / "settings").glob("*.py")]
    numbers = {name for text in sources for name in re.findall(r'env\.integer\("(\w+)"', text)}
    assert numbers == {*LIMITS, *NO_LIMITS}


@pytest.mark.parametrize("name", LIMITS)
def test_a_negative_limit_is_an_error(settings, name):
    setattr(settings, name, -1)
    assert check_limits() == [
        Error(
            f"{name} must not be negative.",
            hint=f"Set {name} to 0 to allow none.",
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
    settings.TASK_THREADS = 0
    assert ours() == ["config.E001", "config.E006"]


def test_a_backend_that_does_not_exist_is_an_error(settings):
    assert check_tasks() == []
    settings.TASKS = {"default": {"BACKEND": "threads"}}
    assert check_tasks() == [
        Error(
            "TASK_BACKEND names a class that does not exist: no task would run.",
            hint="Remove it, or set it to core.tasks.ThreadBackend.",
            id="config.E005",
        )
    ]


@pytest.mark.parametrize("threads", [0, -1])
def test_no_thread_for_tasks_is_an_error(settings, threads):
    settings.TASK_THREADS = threads
    assert check_threads() == [
        Error(
            "TASK_THREADS must be at least 1: no task would run.",
            hint="Remove it, or set it to 1 or more.",
            id="config.E006",
        )
    ]
    settings.TASK_THREADS = 1
    assert check_threads() == []


def test_two_databases_are_an_error(settings):
    settings.DATABASE_NAMED_TWICE = True
    assert check_database() == [
        Error(
            "DATABASE_URL and DATABASE_SECRET_ARN name two databases; the second is used.",
            hint="Remove one of them.",
            id="config.E002",
        )
    ]
    settings.DATABASE_NAMED_TWICE = False
    assert check_database() == []


def store(settings, folder, *, hashed: bool) -> None:
    settings.STORAGES = storages(hashed=hashed, static_bucket="", media_bucket="")
    settings.STATIC_ROOT = folder


def test_lambda_without_static_files_is_an_error(settings, tmp_path):
    settings.ON_LAMBDA = True
    store(settings, tmp_path, hashed=False)
    assert check_static_files() == [
        Error(
            "STATIC_URL is not set, and Lambda serves no static files.",
            hint="Set STATIC_URL to the URL of the bucket or CDN that has them.",
            id="config.E003",
        )
    ]
    settings.ON_LAMBDA = False
    assert check_static_files() == []


@pytest.mark.parametrize("on_lambda", [True, False])
def test_a_missing_manifest_is_an_error(settings, tmp_path, on_lambda):
    settings.ON_LAMBDA = on_lambda
    store(settings, tmp_path, hashed=True)
    assert settings.STORAGES["staticfiles"]["BACKEND"] == MANIFEST
    assert check_static_files() == [
        Error(
            "The manifest of static files is missing: every page would fail.",
            hint="Run collectstatic before the package is built; it writes "
            "staticfiles/staticfiles.json.",
            id="config.E004",
        )
    ]
    (tmp_path / "staticfiles.json").write_text("{}")
    assert check_static_files() == []


@pytest.mark.django_db
def test_static_files_are_looked_at_before_a_deployment_only(settings, tmp_path):
    """`migrate` and `collectstatic` run before the manifest is there."""
    store(settings, tmp_path, hashed=True)
    assert ours() == []
    found = [str(message.id) for message in run_checks(include_deployment_checks=True)]
    assert "config.E004" in found
