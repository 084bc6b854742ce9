"""Descriptions of the account's views for the OpenAPI document."""

from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import extend_schema

from accounts.api.deletion import DeletionSerializer, KeepSerializer
from accounts.api.tokens import (
    ApiTokenSerializer,
    IssuedApiTokenSerializer,
    NewApiTokenSerializer,
)
from core.api.schema import documented

EXAMPLES = {
    "time_zone": "Europe/Berlin",
    "language": "en",
    "week_start": "monday",
    "hint": "nudge_Xk3v",
}
# Examples for sign-up and cancelled deletions; those of devices are in their own module.
EXAMPLES["token"] = "WyI3ZjFjMWEwZS0zZjUyIl0:1vNx2Q:Vb0x"  # noqa: S105 - made up
FORMATS = {"time_zone": "iana-time-zone"}


def described(name: str, summary: str, **more: Any) -> Any:
    return extend_schema(operation_id=name, summary=summary, tags=["account"], **more)


class Activity(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.api.views.ActivityView"

    def view_replacement(self) -> Any:
        summary = "What happened to your account"
        return documented(self.target_class, list=described("listSecurityEvents", summary))


class ApiTokens(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.api.tokens.ApiTokensView"

    def view_replacement(self) -> Any:
        return documented(
            self.target_class,
            list=described("listApiTokens", "Your API tokens", responses=ApiTokenSerializer),
            create=described(
                "createApiToken",
                "Make an API token",
                request=NewApiTokenSerializer,
                responses={201: IssuedApiTokenSerializer},
            ),
            destroy=described("revokeApiToken", "Revoke an API token", responses={204: None}),
        )


class Deletion(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.api.deletion.DeletionView"

    def view_replacement(self) -> Any:
        create = described(
            "deleteAccount",
            "Delete your account",
            request=None,
            responses={202: DeletionSerializer},
        )
        return documented(self.target_class, create=create)


class Keep(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.api.deletion.KeepView"

    def view_replacement(self) -> Any:
        create = described(
            "keepAccount",
            "Keep your account after all",
            request=KeepSerializer,
            responses={204: None},
        )
        return documented(self.target_class, create=create)
