"""Database settings: connections, transaction mode and the login that AWS manages."""

import functools
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config import env
from serverless import rds
from serverless.aws import Aws, CallError

SQLITE = "django.db.backends.sqlite3"
POSTGRESQL = "django.db.backends.postgresql"
MANAGED_POSTGRESQL = "serverless.rds"  # with a login that AWS changes
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
        "LOGIN": login,  # to read a changed password
        "OPTIONS": {"sslmode": "require"},
    }


def tuned(database: dict[str, Any]) -> dict[str, Any]:
    """The database settings with what the engine needs; options in the URL take precedence."""
    own, ours = _sqlite() if database["ENGINE"] == SQLITE else _postgresql()
    theirs = database.get("OPTIONS", {})
    return {**database, **own, "OPTIONS": {**ours, **_authorities(theirs), **theirs}}


def role_defaults(*, pooled: bool) -> dict[str, str]:
    """What `migrate` makes the defaults of the role on PostgreSQL.

    A pooler refuses them at the start of a connection, and one that is SET there would reach the
    other clients of the pooler. All are below API Gateway's 29 s, so that a stuck query or lock
    ends before its time-out.
    """
    return {
        "statement_timeout": "10s",
        "lock_timeout": "3s",
        "idle_in_transaction_session_timeout": "15s",
        # A frozen Lambda process would keep its connection. A pooler keeps its own open.
        "idle_session_timeout": "0" if pooled else f"{MAX_AGE_SECONDS}s",
    }


def _authorities(options: dict[str, Any]) -> dict[str, str]:
    """The certificate authorities, if they are verified: libpq finds none on Lambda."""
    if options.get("sslmode") not in ("verify-ca", "verify-full"):
        return {}
    import certifi

    return {"sslrootcert": certifi.where()}


def _sqlite() -> tuple[dict[str, Any], dict[str, Any]]:
    """WAL and IMMEDIATE: 8 processes x 50 read-modify-writes without one "database is locked"."""
    return {}, {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }


def _postgresql() -> tuple[dict[str, Any], dict[str, Any]]:
    """A pooler in transaction mode gives the next query of a server-side cursor to another
    connection.
    """
    return {
        "CONN_MAX_AGE": MAX_AGE_SECONDS,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }, {"connect_timeout": 3}
