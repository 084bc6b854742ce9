"""Requires a log-in by default, and activates the language and time zone of the user."""

import logging
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from accounts import known_devices
from accounts.models import User
from accounts.sessions import touch
from core.errors import database_unavailable, is_database_away

logger = logging.getLogger(__name__)


class SignedInMiddleware(LoginRequiredMiddleware):
    """Requires a log-in by default, and activates the user's time zone and language.

    Django's middleware reads the user before it checks whether the view needs one. This one makes
    no query for views marked login_not_required. It answers 503 if the database is unavailable,
    because process_exception does not handle exceptions of middleware.
    """

    async_capable = False

    def __call__(self, request: HttpRequest) -> Any:
        with timezone.override(None):  # ends what process_view activates
            response: Any = super().__call__(request)
        known_devices.tell(request, response)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if not getattr(view, "login_required", True):
            return None
        try:
            _begin_page(request)
        except Exception as error:
            if not is_database_away(error):
                raise
            logger.exception("Database unavailable")
            return database_unavailable(request)
        return super().process_view(request, view, args, kwargs)


def _begin_page(request: HttpRequest) -> None:
    user = request.user
    if not isinstance(user, User):
        return
    touch(request.session)
    timezone.activate(user.zone)
    if user.language:
        translation.activate(user.language)
