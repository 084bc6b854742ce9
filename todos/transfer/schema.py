"""Descriptions of exports, imports and the calendar feed for the OpenAPI document."""

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
    "Location", "The URL of the job's progress.", [202], required=True, format="uri"
)
LINK = response_header("Location", "The URL of the file.", [302], required=True, format="uri")
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
        moved = OpenApiResponse(None, "The link is valid for fifteen minutes.")
        return documented(
            self.target_class,
            list=_described("listExports", "List your exports"),
            create=_started(
                "createExport", "Start an export", NewExportSerializer, ExportSerializer
            ),
            everything=_started(
                "exportAccount",
                "Start an archive of all your data",
                None,
                ExportSerializer,
                tags=["account"],
            ),
            retrieve=_described(
                "getExport", "Get the progress of an export", responses=ExportSerializer
            ),
            destroy=_described("deleteExport", "Delete an export", responses={204: None}),
            file=_described(
                "getExportFile",
                "Download the file of an export",
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
                "createImport", "Start an import", NewImportSerializer, StartedImportSerializer
            ),
            retrieve=_described(
                "getImport",
                "Get the progress and the report of an import",
                responses=ImportSerializer,
            ),
            destroy=_described("deleteImport", "Delete an import", responses={204: None}),
            upload=_started(
                "sendImportFile",
                "Upload the file of an import",
                {UPLOADED: OpenApiTypes.BINARY},
                ImportSerializer,
            ),
            check=_started("checkImport", "Check the file of an import", None, ImportSerializer),
            confirm=_started(
                "confirmImport", "Confirm an import", ConfirmSerializer, ImportSerializer
            ),
        )


class Feed(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.transfer.views.FeedView"

    def view_replacement(self) -> Any:
        def described(name: str, summary: str, **more: Any) -> Any:
            return _described(name, summary, tags=["account"], **more)

        return documented(
            self.target_class,
            retrieve=described(
                "getFeed", "Get whether your calendar has a URL", responses=FeedSerializer
            ),
            create=described(
                "renewFeed",
                "Make a new URL of your calendar",
                request=None,
                responses={201: NewFeedSerializer},
            ),
            remove=described(
                "deleteFeed", "Revoke the URL of your calendar", responses={204: None}
            ),
        )
