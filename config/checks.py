"""System checks for contradictory or missing settings; each has an id and a hint."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from config.settings.files import MANIFEST

_LIMITS = (
    "SMS_DESTINATION_DAILY_LIMIT",
    "SMS_COUNTRY_DAILY_LIMIT",
    "SMS_CODES_DAILY",
    "SMS_DAILY_LIMIT",
    "SMS_MONTHLY_SEGMENTS",
    "SMS_PER_MINUTE",
    "SMS_MAX_SEGMENTS",
    "REMINDERS_PER_MINUTE",
    "REMINDER_MAILS_DAILY",
    "REGISTRATIONS_DAILY",
    "QUOTA_LISTS",
    "QUOTA_TODOS",
    "QUOTA_TAGS",
    "QUOTA_FILTERS",
    "QUOTA_TOKENS",
    "QUOTA_BYTES",
    "QUOTA_IDEMPOTENCY_KEYS",
    "WRITE_LIMIT",
)


@register()
def check_limits(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"{name} must not be negative.",
            hint=f"Set {name} to 0 to allow none.",
            id="config.E001",
        )
        for name in _LIMITS
        if getattr(settings, name) < 0
    ]


@register()
def check_database(**kwargs: Any) -> list[CheckMessage]:
    if not settings.DATABASE_NAMED_TWICE:
        return []
    return [
        Error(
            "DATABASE_URL and DATABASE_SECRET_ARN name two databases; the second is used.",
            hint="Remove one of them.",
            id="config.E002",
        )
    ]


@register()
def check_tasks(**kwargs: Any) -> list[CheckMessage]:
    try:
        import_string(settings.TASKS["default"]["BACKEND"])
    except ImportError:
        return [
            Error(
                "TASK_BACKEND names a class that does not exist: no task would run.",
                hint="Remove it, or set it to core.tasks.ThreadBackend.",
                id="config.E005",
            )
        ]
    return []


@register()
def check_threads(**kwargs: Any) -> list[CheckMessage]:
    if settings.TASK_THREADS > 0:
        return []
    return [
        Error(
            "TASK_THREADS must be at least 1: no task would run.",
            hint="Remove it, or set it to 1 or more.",
            id="config.E006",
        )
    ]


@register(deploy=True)
def check_static_files(**kwargs: Any) -> list[CheckMessage]:
    """Runs with --deploy only, because collectstatic creates the files."""
    hashed = settings.STORAGES["staticfiles"]["BACKEND"] == MANIFEST
    if settings.ON_LAMBDA and not hashed:
        return [
            Error(
                "STATIC_URL is not set, and Lambda serves no static files.",
                hint="Set STATIC_URL to the URL of the bucket or CDN that has them.",
                id="config.E003",
            )
        ]
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if hashed and not manifest.is_file():
        return [
            Error(
                "The manifest of static files is missing: every page would fail.",
                hint="Run collectstatic before the package is built; it writes "
                "staticfiles/staticfiles.json.",
                id="config.E004",
            )
        ]
    return []
