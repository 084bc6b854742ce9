"""Liveness and readiness: public, cheap, and without further details."""

from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from core.errors import RETRY_AFTER_SECONDS, drop_connection


@login_not_required
@require_safe
def hello(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"hello": "world"})


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 if the database takes writes and every migration is applied, otherwise 503."""
    try:
        reason = _what_is_wrong()
    except (DatabaseError, InterfaceError):
        reason = "database unreachable"
    if reason:
        drop_connection()  # after a failover the old one stays read-only
        body = {"status": "unavailable", "reason": reason, "version": settings.VERSION}
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return JsonResponse(body, status=HTTPStatus.SERVICE_UNAVAILABLE, headers=headers)
    return JsonResponse({"status": "ok", "version": settings.VERSION})


def _what_is_wrong() -> str:
    """One statement, which writes nothing: a probe comes every few seconds."""
    if _is_read_only():
        return "database is read-only"
    return "" if _migrations.are_applied() else "migrations are missing"


def _is_read_only() -> bool:
    """On PostgreSQL also true of a standby, and of a server whose storage is full on RDS."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SHOW transaction_read_only")
            return bool(cursor.fetchone()[0] == "on")
        try:
            cursor.execute("DELETE FROM django_migrations WHERE 1 = 0")
        except OperationalError as error:
            if "readonly" not in str(error):
                raise
            return True
    return False


class _Migrations:
    """Caches a positive result only, so that the expensive check passes once per process."""

    applied = False

    def are_applied(self) -> bool:
        if not self.applied:
            from django.db.migrations.executor import MigrationExecutor

            executor = MigrationExecutor(connection)
            targets = executor.loader.graph.leaf_nodes()
            self.applied = not executor.migration_plan(targets)
        return self.applied


_migrations = _Migrations()
