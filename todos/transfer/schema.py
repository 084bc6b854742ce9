"""What the OpenAPI document says of exports, imports and the calendar feed."""

from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema

from core.api.schema import documented, response_header
from todos.transfer.starting import UPLOADED
from todos.transfer.views import (
    ConfirmSerializer,
    ExportSerializer,
    FeedSerializer,
    ImportSerializer,
    NewExportSerializer,
    NewFeedSerializer,
    NewImportSerializer,
    StartedImportSerializer,
)

STATUS = response_header(
    "Location", "Where to ask how far it is.", [202], required=True, format="uri"
)
LINK = response_header("Location", "Where the file is.", [302], required=True, format="uri")
EXAMPLES = {"content": "[]", "token": "kfbLbG4xCWvXhAZKjxJBkQ", "size": 2_000_000}


def _described(name: str, summary: str, **more: Any) -> Any:
    return extend_schema(operation_id=name, summary=summary, **more)


def _started(name: str, summary: str, request: Any, shape: Any, **more: Any) -> Any:
    return _described(
        name, summary, request=request, responses={202: shape}, parameters=[STATUS], **more
    )


class Exports(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.transfer.views.ExportViewSet"

    def view_replacement(self) -> Any:
        file = {(200, UPLOADED): OpenApiTypes.BINARY}
        moved = OpenApiResponse(None, "The file is there for fifteen minutes.")
        return documented(
            self.target_class,
            list=_described("listExports", "List your exports"),
            create=_started(
                "createExport", "Begin an export", NewExportSerializer, ExportSerializer
            ),
            everything=_started(
                "exportAccount",
                "Begin an archive of everything about you",
                None,
                ExportSerializer,
                tags=["account"],
            ),
            retrieve=_described("getExport", "How far an export is", responses=ExportSerializer),
            destroy=_described("deleteExport", "Forget an export", responses={204: None}),
            file=_described(
                "getExportFile",
                "Read what an export has written",
                responses={**file, 302: moved},
                parameters=[LINK],
            ),
        )


class Imports(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.transfer.views.ImportViewSet"

    def view_replacement(self) -> Any:
        return documented(
            self.target_class,
            list=_described("listImports", "List your imports"),
            create=_started(
                "createImport", "Begin an import", NewImportSerializer, StartedImportSerializer
            ),
            retrieve=_described("getImport", "What an import does", responses=ImportSerializer),
            destroy=_described("deleteImport", "Forget an import", responses={204: None}),
            upload=_started(
                "sendImportFile",
                "Send the file of an import",
                {UPLOADED: OpenApiTypes.BINARY},
                ImportSerializer,
            ),
            check=_started("checkImport", "Check the file of an import", None, ImportSerializer),
            confirm=_started("confirmImport", "Do an import", ConfirmSerializer, ImportSerializer),
        )


class Feed(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.transfer.views.FeedView"

    def view_replacement(self) -> Any:
        def described(name: str, summary: str, **more: Any) -> Any:
            return _described(name, summary, tags=["account"], **more)

        return documented(
            self.target_class,
            retrieve=described(
                "getFeed", "Whether calendars read your to-dos", responses=FeedSerializer
            ),
            create=described(
                "renewFeed",
                "Make another address of your calendar",
                request=None,
                responses={201: NewFeedSerializer},
            ),
            remove=described(
                "deleteFeed", "End the address of your calendar", responses={204: None}
            ),
        )
