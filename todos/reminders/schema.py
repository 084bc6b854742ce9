"""Descriptions of the views of notifications for the OpenAPI document."""

from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import extend_schema

from core.api.schema import documented
from todos.reminders.push_api import BrowserSerializer, NewBrowserSerializer, PushSerializer

EXAMPLES = {
    "channel": "sms",
    "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABk",
    "p256dh": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u"
    "-Ts1XbjhazAkj7I99e8QcYP7DkM",
    "auth": "tBHItJI5svbpez7KI4CCXg",
    "minutes_before": 30,
    "quiet_from": "22:00",
    "quiet_until": "07:00",
    "default_reminder": 15,
}


class Push(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.reminders.push_api.PushView"

    def view_replacement(self) -> Any:
        def described(name: str, summary: str, **more: Any) -> Any:
            return extend_schema(operation_id=name, summary=summary, tags=["account"], **more)

        return documented(
            self.target_class,
            retrieve=described(
                "getPush", "List the browsers that show your reminders", responses=PushSerializer
            ),
            create=described(
                "addPushBrowser",
                "Subscribe a browser to your reminders",
                request=NewBrowserSerializer,
                responses={201: BrowserSerializer, 200: BrowserSerializer},
            ),
            remove=described(
                "removePushBrowser",
                "Unsubscribe a browser from your reminders",
                responses={204: None},
            ),
        )
