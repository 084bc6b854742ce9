"""`/api/v1/sync/`: what has changed, and what a device did offline."""

from http import HTTPStatus
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.sessions import signed_in_user
from core.api.errors import Conflict
from core.api.parameters import NoFilters, read_parameters
from core.feed import writing
from todos.sync.operations import Push
from todos.sync.pull import MAX_LIMIT, Page, changes_behind
from todos.sync.shapes import BatchSerializer


class SyncView(APIView):
    """Keep a copy of an account: read what has changed, send what was done offline."""

    def get(self, request: Request) -> Response:
        """What has changed behind `cursor`; without one, everything."""
        read_parameters(request, NoFilters)
        account, cursor = signed_in_user(request), request.query_params.get("cursor")
        page = changes_behind(account, cursor, _limit(request))
        headers = {"ETag": f'"{page.cursor}"'}
        held = cursor and f'"{cursor}"' in request.headers.get("If-None-Match", "")
        if held and not (page.changes or page.has_more):
            return Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": f'"{cursor}"'})
        return Response(_told(account, page), headers=headers)

    def post(self, request: Request) -> Response:
        """Apply operations in their order, and answer what has changed behind `cursor`."""
        batch = BatchSerializer(data=request.data)
        batch.is_valid(raise_exception=True)
        account, sent = signed_in_user(request), batch.validated_data
        if sent["account"] != account.pk:
            raise Conflict("These operations belong to another account.", code="other_account")
        with writing(account.pk, savepoint=True):
            results = Push(request, account, sent["sent_at"]).run(sent["operations"])
            page = changes_behind(account, sent.get("cursor"))
        return Response({"results": results, **_told(account, page)})


def _told(account: User, page: Page) -> dict[str, Any]:
    return {"account": str(account.pk), **vars(page)}


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(MAX_LIMIT))
    if text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    problem = {"limit": [f"Choose a whole number from 1 to {MAX_LIMIT}."]}
    raise ValidationError(problem, code="invalid")
