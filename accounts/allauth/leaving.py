"""The response to a log-in of an account with a pending deletion."""

from datetime import datetime
from http import HTTPStatus
from typing import Final, cast

from allauth.core.internal.httpkit import is_headless_request
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from accounts.deletion import keep_token
from accounts.models import User
from core.errors import error_body
from core.values import written

_DETAIL: Final = "This account will be deleted. Keep it by `keep.token`, then log in again."


def offer_to_keep(request: HttpRequest, user: User) -> HttpResponse:
    """Offer to keep the account, after a correct password."""
    token = keep_token(user)
    if not is_headless_request(request):
        return redirect("accounts:keep", token=token)
    status = HTTPStatus.FORBIDDEN
    body = error_body(code="deletion_pending", detail=_DETAIL, status=status)
    body["keep"] = {"token": token, "until": written(cast("datetime", user.deletion_at))}
    return JsonResponse(body, status=status)
