"""`/api/v1/sync/`: devices read changes and send offline operations."""

from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import Conflict
from core.api.scopes import TODOS
from core.api.viewsets import ApiViewSet
from todos.sync.cursor import place_of
from todos.sync.operations import Push
from todos.sync.pull import MAX_LIMIT, Page, changes_behind
from todos.sync.shapes import BatchSerializer, PullSerializer


class SyncViewSet(ApiViewSet):
    """Sync a copy of an account: read changes, and send offline operations."""

    token_scopes = TODOS
    action_filters = MappingProxyType({"retrieve": PullSerializer})

    def retrieve(self, request: Request) -> Response:
        """Get the changes after `cursor`; without one, all objects."""
        cursor, limit = self.filters.get("cursor"), self.filters.get("limit", MAX_LIMIT)
        page = changes_behind(self.caller, cursor, limit)
        held = cursor and f'"{cursor}"' in request.headers.get("If-None-Match", "")
        if held and not (page.changes or page.has_more):
            return Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": f'"{cursor}"'})
        return Response(self._page_body(page), headers={"ETag": f'"{page.cursor}"'})

    def create(self, request: Request) -> Response:
        """Apply operations in their order, and return the changes after `cursor`."""
        batch = BatchSerializer(data=request.data)
        batch.is_valid(raise_exception=True)
        sent = batch.validated_data
        if sent["account"] != self.caller.pk:
            raise Conflict("These operations belong to another account.", code="other_account")
        with self.writing():
            place = place_of(self.caller, sent.get("cursor"))
            results = Push(request, self.caller, sent["sent_at"], place).run(sent["operations"])
            # A device that begins is told what these operations have purged, for results may show
            # it: in `writing()`, the counter has its former value.
            page = changes_behind(self.caller, sent.get("cursor"))
        return Response({"results": results, **self._page_body(page)})

    def _page_body(self, page: Page) -> dict[str, Any]:
        return {"account": str(self.caller.pk), **vars(page)}
