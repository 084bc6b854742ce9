"""The admin uses the product's log-in: a second one would have no rate limits."""

import functools
import logging
from typing import Any

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.errors import error_response, is_database_away
from core.selection import delete_selected

logger = logging.getLogger(__name__)

ACCOUNT_APPS = ("accounts", "account", "auth", "usersessions")


class NudgeAdminSite(admin.AdminSite):
    site_header = site_title = "Nudge"
    index_title = _("Operations")
    enable_nav_sidebar = False  # with it no table fits 1280 pixels; the first page has every link

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")
        self.add_action(delete_selected)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """One section for accounts: those of Django and of allauth have no name of their own."""
        whole = None if app_label in ACCOUNT_APPS else app_label
        apps = {app["app_label"]: app for app in super().get_app_list(request, whole)}
        parts = [apps.pop(label) for label in ACCOUNT_APPS if label in apps]
        if not parts:
            return [] if app_label in ACCOUNT_APPS else list(apps.values())
        models = [model for part in parts for model in part["models"]]
        models.sort(key=lambda model: str(model["name"]))
        section = {**parts[0], "name": _("Accounts"), "models": models}
        return [section] if app_label else [section, *apps.values()]

    @method_decorator(login_not_required)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        target = request.GET.get(REDIRECT_FIELD_NAME, "")
        if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
            target = reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(target, reverse("account_login"))
        if not self.has_permission(request):
            raise PermissionDenied
        return redirect(target)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's
        """400 for a filter in the URL that no column can hold (a NUL, the year 99999999999)."""
        inner = super().admin_view(view, cacheable)

        @functools.wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                return inner(request, *args, **kwargs)
            except (ValueError, OverflowError, DatabaseError) as error:
                if request.method != "GET" or not request.GET or is_database_away(error):
                    raise
                logger.warning("Refused a filter of the admin", exc_info=error)
                return error_response(request, 400, "invalid", gettext("This filter is invalid."))

        return guarded

    def password_change(  # type: ignore[override]  # the base returns a TemplateResponse
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")

    def password_change_done(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")
