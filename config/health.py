"""Liveness and readiness: public, cheap, without details."""

from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from core.errors import RETRY_AFTER_SECONDS, drop_connection, is_read_only


@login_not_required
@csrf_exempt  # any other method is 405
@require_safe
def hello(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"hello": "world"})


@login_not_required
@csrf_exempt  # any other method is 405
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@login_not_required
@csrf_exempt  # any other method is 405
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 if the database accepts writes and all migrations are applied, otherwise 503."""
    try:
        reason = _failure_reason()
    except (DatabaseError, InterfaceError):
        reason = "database unreachable"
    if reason:
        drop_connection()  # after a failover the old connection stays read-only
        body = {"status": "unavailable", "reason": reason, "version": settings.VERSION}
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return JsonResponse(body, status=HTTPStatus.SERVICE_UNAVAILABLE, headers=headers)
    return JsonResponse({"status": "ok", "version": settings.VERSION})


def _failure_reason() -> str:
    """Run one statement that writes nothing, because probes come every few seconds."""
    if not _migrations.are_applied():
        return "migrations are missing"
    return "database is read-only" if _is_read_only() else ""


def _is_read_only() -> bool:
    """Also true for a standby, and for a server on RDS whose storage is full."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE 1 = 0")  # fails if it is read-only
    except DatabaseError as error:
        if not is_read_only(error):
            raise
        return True
    return False


class _Migrations:
    """Cache only a positive result, so that the expensive check passes once per process."""

    applied = False

    def are_applied(self) -> bool:
        if not self.applied:
            from django.db.migrations.executor import MigrationExecutor

            executor = MigrationExecutor(connection)
            targets = executor.loader.graph.leaf_nodes()
            self.applied = not executor.migration_plan(targets)
        return self.applied


_migrations = _Migrations()
