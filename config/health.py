"""Liveness and readiness: public, cheap, and without further details."""

from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from core.errors import RETRY_AFTER_SECONDS


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
    """200 if the database answers and every migration is applied, otherwise 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        reason = "" if _migrations.are_applied() else "migrations are missing"
    except (DatabaseError, InterfaceError):
        reason = "database unreachable"
    if reason:
        body = {"status": "unavailable", "reason": reason, "version": settings.VERSION}
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return JsonResponse(body, status=HTTPStatus.SERVICE_UNAVAILABLE, headers=headers)
    return JsonResponse({"status": "ok", "version": settings.VERSION})


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
