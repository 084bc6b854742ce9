"""Refuses to start with settings that would lose data, leak secrets or send no messages."""

from django.core.exceptions import ImproperlyConfigured

from config.database import MANAGED_POSTGRESQL, POSTGRESQL

DEV_SECRET_KEY = "django-insecure-development-key-for-one-machine-never-for-a-server"  # noqa: S105


def refuse_unsafe(
    *,
    debug: bool,
    secret_key: str,
    old_secret_keys: list[str],
    database_engine: str,
    allowed_hosts: list[str],
    sms_provider: str,
    email_host: str,
) -> None:
    """Raise ImproperlyConfigured with all faults together, so that one restart can fix them."""
    faults = {
        "DEBUG must be False on Lambda: error pages would show the settings to strangers.": debug,
        "SECRET_KEY is missing: set it to 50 or more random characters.": not secret_key,
        "SECRET_KEY is a published example: set it to 50 or more random characters.": (
            _is_known(secret_key)
        ),
        "SECRET_KEY is easy to guess: set it to 50 or more random characters.": (
            bool(secret_key) and not _is_known(secret_key) and _is_weak(secret_key)
        ),
        "OLD_SECRET_KEYS holds a published or guessable key: remove it.": any(
            _is_known(key) or _is_weak(key) for key in old_secret_keys
        ),
        "DATABASE_URL must name PostgreSQL: SQLite loses its data with the machine.": (
            database_engine not in (POSTGRESQL, MANAGED_POSTGRESQL)
        ),
        "ALLOWED_HOSTS is empty: list the host names that people type.": not allowed_hosts,
        "SMS_PROVIDER is not set: choose twilio, or console to send no messages.": (
            not sms_provider
        ),
        "EMAIL_HOST is missing: codes and addresses would only be written to the log.": (
            not email_host
        ),
    }
    if sentences := [sentence for sentence, wrong in faults.items() if wrong]:
        raise ImproperlyConfigured("Nudge refuses to start.\n" + "\n".join(sentences))


def _is_known(secret_key: str) -> bool:
    """Whether the key is from startproject or from an example that people copy."""
    return secret_key.startswith("django-insecure") or "change" in secret_key.lower()


def _is_weak(secret_key: str) -> bool:
    """As Django's security.W009, which only warns."""
    return len(secret_key) < 50 or len(set(secret_key)) < 5
