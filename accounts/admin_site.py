"""The admin uses the log-in of the product, because its own would have no rate limits."""

import functools
import logging
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
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

from accounts.factors.proofs import has_factor, passed_factor
from accounts.sessions import signed_in_user
from core.errors import error_response, is_database_away
from core.selection import delete_selected

logger = logging.getLogger(__name__)

ACCOUNT_APPS = ("accounts", "account", "auth", "mfa", "usersessions")


class NudgeAdminSite(admin.AdminSite):
    site_header = site_title = "Nudge"
    index_title = _("Operations")
    enable_nav_sidebar = False  # leaves 1280 pixels for tables; the first page has every link

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")
        self.add_action(delete_selected)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Merge the sections of Django, allauth and accounts into one."""
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
        if not super().has_permission(request):
            raise PermissionDenied
        if not self.has_permission(request):
            return self._to_second_factor(request, target)
        return redirect(target)

    def has_permission(self, request: HttpRequest) -> bool:
        """With STAFF_NEED_FACTOR, staff must have used a second factor in this session."""
        allowed = super().has_permission(request)
        if not (allowed and settings.STAFF_NEED_FACTOR):
            return allowed
        return passed_factor(request, signed_in_user(request))

    def _to_second_factor(self, request: HttpRequest, target: str) -> HttpResponse:
        if has_factor(signed_in_user(request)):
            return redirect_to_login(target, reverse("mfa_reauthenticate"))
        messages.warning(request, _("Set up a second step first. The admin needs one."))
        return redirect("mfa_index")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's
        """Answer 400 for a filter value that no column can hold (a NUL, the year 99999999999)."""
        inner = super().admin_view(view, cacheable)

        @functools.wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                return inner(request, *args, **kwargs)
            except (ValueError, OverflowError, DatabaseError) as error:
                if request.method != "GET" or not request.GET or is_database_away(error):
                    raise
                logger.warning("Refused an invalid admin filter", exc_info=error)
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
