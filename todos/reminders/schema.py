"""What the OpenAPI document says of notifications."""

from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import extend_schema

from core.api.schema import documented
from todos.reminders.push_api import BrowserSerializer, NewBrowserSerializer, PushSerializer


class Push(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.reminders.push_api.PushView"

    def view_replacement(self) -> Any:
        def described(name: str, summary: str, **more: Any) -> Any:
            return extend_schema(operation_id=name, summary=summary, tags=["account"], **more)

        return documented(
            self.target_class,
            retrieve=described(
                "getPush", "The browsers that show your reminders", responses=PushSerializer
            ),
            create=described(
                "addPushBrowser",
                "Show your reminders on a browser",
                request=NewBrowserSerializer,
                responses={201: BrowserSerializer, 200: BrowserSerializer},
            ),
            remove=described(
                "removePushBrowser", "No more reminders on a browser", responses={204: None}
            ),
        )
