"""Database settings: connections, transaction mode and the login that AWS manages."""

import functools
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config import env
from serverless import rds
from serverless.aws import Aws, CallError

SQLITE = "django.db.backends.sqlite3"
POSTGRESQL = "django.db.backends.postgresql"
MANAGED_POSTGRESQL = "serverless.rds"  # with a password that AWS rotates
MAX_AGE_SECONDS = 300


def managed(*, secret_arn: str, host: str, name: str) -> dict[str, Any]:
    if not secret_arn:
        return {}
    if not (host and name):
        raise ImproperlyConfigured("DATABASE_SECRET_ARN needs DATABASE_HOST and DATABASE_NAME too.")
    login = functools.partial(rds.login, secret_arn, Aws(env.text))
    try:
        now = login()
    except CallError as error:
        raise ImproperlyConfigured(
            f"The secret in DATABASE_SECRET_ARN cannot be read: {error.code}."
        ) from None
    return {
        "ENGINE": MANAGED_POSTGRESQL,
        "HOST": host,
        "NAME": name,
        **now,
        "LOGIN": login,  # to read a rotated password
        "OPTIONS": {"sslmode": "require"},
    }


def tuned(database: dict[str, Any]) -> dict[str, Any]:
    """Add the settings that the engine needs; options in the URL take precedence."""
    own, ours = _sqlite() if database["ENGINE"] == SQLITE else _postgresql()
    theirs = database.get("OPTIONS", {})
    return {**database, **own, "OPTIONS": {**ours, **_authorities(theirs), **theirs}}


def role_defaults(*, pooled: bool) -> dict[str, str]:
    """The time-outs that `migrate` sets as defaults of the PostgreSQL role.

    A pooler refuses them as options of a connection, and a SET would affect the other clients of
    the pooler. All are below the 29 s of API Gateway, so that a stuck query or lock ends before the
    request times out.
    """
    return {
        "statement_timeout": "10s",
        "lock_timeout": "3s",
        "idle_in_transaction_session_timeout": "15s",
        # A frozen Lambda process would hold its connection open. A pooler holds its own.
        "idle_session_timeout": "0" if pooled else f"{MAX_AGE_SECONDS}s",
    }


def _authorities(options: dict[str, Any]) -> dict[str, str]:
    """The path of the certificate authorities, if verified, because libpq finds none on Lambda."""
    if options.get("sslmode") not in ("verify-ca", "verify-full"):
        return {}
    import certifi

    return {"sslrootcert": certifi.where()}


def _sqlite() -> tuple[dict[str, Any], dict[str, Any]]:
    """WAL and IMMEDIATE avoid "database is locked": none in 8 processes x 50 read-modify-writes."""
    return {}, {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }


def _postgresql() -> tuple[dict[str, Any], dict[str, Any]]:
    """Disable server-side cursors for a pooler in transaction mode, which may send their next query
    to another connection.
    """
    return {
        "CONN_MAX_AGE": MAX_AGE_SECONDS,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }, {"connect_timeout": 3}
