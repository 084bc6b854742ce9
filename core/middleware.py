"""Middleware for every request; config/settings/apps.py has the order."""

import codecs
import logging
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost, SuspiciousOperation
from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.middleware.common import CommonMiddleware
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_vary_headers, set_response_etag
from django.utils.translation import deactivate
from django.utils.translation import gettext as _

from core.errors import (
    MailAway,
    database_unavailable,
    error_response,
    is_database_away,
    mail_unavailable,
)
from core.http import NO_REQUEST, canonical_host, current_request_id, holds, new_request_id
from core.write_limit import SAFE_METHODS, Standing, count_write

GetResponse = Callable[[HttpRequest], HttpResponse]

SMALLEST_COMPRESSED = 1024
# RFC 9110, 12.4.2: a weight of 0 is "not acceptable"; Django ignores the weight.
_WITHOUT_GZIP = re.compile(r"\bgzip\s*;\s*q=0(?:\.0{0,3})?\s*(?:,|$)", re.IGNORECASE)

logger = logging.getLogger(__name__)


def request_id(get_response: GetResponse) -> GetResponse:
    """Set one id per request, for every log line and for X-Request-Id of the response."""

    def middleware(request: HttpRequest) -> HttpResponse:
        current_request_id.set(identifier := new_request_id(request))
        response = get_response(request)
        response["X-Request-Id"] = identifier
        return response

    return middleware


@receiver(request_finished)
def forget_request_id(**kwargs: object) -> None:
    """Keep the id until here: Django and servers log the request after the middleware returns."""
    current_request_id.set(NO_REQUEST)


@receiver(request_finished)
def forget_language(**kwargs: object) -> None:
    """LocaleMiddleware leaves it active; the next task in this thread may be for another user."""
    deactivate()


class CompressionMiddleware(GZipMiddleware):
    """Compresses responses of a kilobyte or more, with random padding against BREACH.

    It makes strong entity tags weak, so comparisons accept both.
    """

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        if response.streaming or len(response.content) < SMALLEST_COMPRESSED:
            return response
        if _WITHOUT_GZIP.search(request.headers.get("Accept-Encoding", "")):
            patch_vary_headers(response, ("Accept-Encoding",))
            return response
        return super().process_response(request, response)


def entity_tags(get_response: GetResponse) -> GetResponse:
    """Add a digest as ETag to API responses without one, and answer 304 if the client has it.

    A digest of the content is correct for every response. A view that knows its version sets and
    compares a cheaper tag itself.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if _is_readable_json(request, response) and "ETag" not in response:
            set_response_etag(response)
            if holds(request, response["ETag"]):
                response.status_code, response.content = HTTPStatus.NOT_MODIFIED, b""
                del response["Content-Type"]
        return response

    return middleware


def _is_readable_json(request: HttpRequest, response: HttpResponse) -> bool:
    return (
        request.method in ("GET", "HEAD")
        and request.path_info.startswith("/api/v1/")
        and response.status_code == HTTPStatus.OK
        and not response.streaming
        and "json" in response.get("Content-Type", "")
    )


class PathMiddleware(CommonMiddleware):
    """Redirects readers of pages to the path with a slash. Forms and API clients get 404 with the
    right path: a form would lose its content, and a client would not notice its mistake.
    """

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        is_page = not request.path_info.startswith(("/api/", "/service/"))
        is_read = request.method in ("GET", "HEAD")
        return is_page and is_read and bool(super().should_redirect_with_slash(request))


def valid_host(get_response: GetResponse) -> GetResponse:
    """Answer a wrong Host header with a short 400, even with DEBUG, whose page shows settings.

    Write allowed hosts in canonical form, so that get_host() is the same for every spelling.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        try:
            host = canonical_host(request)
        except DisallowedHost:
            logger.warning("Refused a request with a Host header that is not allowed")
            return error_response(
                request,
                HTTPStatus.BAD_REQUEST,
                "invalid_host",
                _("This server does not serve this host."),
            )
        if "HTTP_HOST" in request.META:
            request.META["HTTP_HOST"] = host
        return get_response(request)

    return middleware


def no_store(get_response: GetResponse) -> GetResponse:
    """Forbid caching by default, because responses are personal (ASVS 14.3.2)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def body_limit(get_response: GetResponse) -> GetResponse:
    """Refuse a body over MAX_BODY_BYTES, or over the limit of its path, before it is read.

    WSGI servers refuse or de-chunk bodies without a length, so Content-Length is reliable.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit() and len(length) < 20):
            detail = _("Content-Length is not a number.")
            return error_response(request, HTTPStatus.BAD_REQUEST, "invalid_length", detail)
        allowed = _most_bytes(request.path_info)
        if int(length) > allowed:
            detail = _("The body may hold at most %(bytes)d bytes.") % {"bytes": allowed}
            return error_response(
                request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", detail
            )
        return get_response(request)

    return middleware


def _most_bytes(path: str) -> int:
    if re.fullmatch(settings.UPLOADS, path):
        return int(settings.MAX_UPLOAD_BYTES)
    return int(settings.MAX_BODY_BYTES_OF.get(path, settings.MAX_BODY_BYTES))


def reject_malformed_requests(get_response: GetResponse) -> GetResponse:
    """Answer text that is not UTF-8 and too many parameters with a short 4xx."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not _is_utf8((request.content_params or {}).get("charset", "utf-8")):
            detail = _("Send text as UTF-8.")
            status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
            return error_response(request, status, "unsupported_media_type", detail)
        try:
            _read_parameters(request)
        except SuspiciousOperation:
            detail = _("There are too many parameters.")
            return error_response(request, HTTPStatus.BAD_REQUEST, "too_many_parameters", detail)
        except UnreadablePostError:
            detail = _("The body ended too early.")
            return error_response(request, HTTPStatus.BAD_REQUEST, "bad_request", detail)
        return get_response(request)

    return middleware


def _read_parameters(request: HttpRequest) -> None:
    """Parse and cache the parameters, except of a multipart form: that would use up the body."""
    request.GET  # noqa: B018
    if request.content_type == "application/x-www-form-urlencoded":
        request.POST  # noqa: B018


def _is_utf8(charset: str) -> bool:
    try:
        return codecs.lookup(charset).name in ("utf-8", "ascii")
    except (LookupError, ValueError):  # unknown charset; NUL in its name
        return False


class WriteLimitMiddleware:
    """Answers forms of an account over its write limit with 429, and adds RateLimit headers.

    The views of the API authenticate their callers, so core.api.throttles counts those.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        standing: Standing | None = getattr(request, "write_standing", None)
        for name, value in standing.headers.items() if standing else ():
            response[name] = value
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if request.method in SAFE_METHODS or not getattr(view, "login_required", True):
            return None
        try:
            return _refuse_write(request)
        except Exception as error:
            if not is_database_away(error):
                raise
            logger.exception("Database unavailable")
            return database_unavailable(request)


def _refuse_write(request: HttpRequest) -> HttpResponse | None:
    standing = count_write(request.user.pk)
    request.write_standing = standing  # type: ignore[attr-defined]  # read by the middleware
    if not standing.is_refused:
        return None
    detail = _("You have made too many changes at once. Please wait a few minutes.")
    return error_response(
        request,
        HTTPStatus.TOO_MANY_REQUESTS,
        "throttled",
        detail,
        retry_after=standing.seconds,
    )


class UnavailableMiddleware:
    """Answers 503 with Retry-After, and not 500, if the database or mail server is unreachable."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if is_database_away(exception):
            logger.error("Database unavailable", exc_info=exception)
            return database_unavailable(request)
        return mail_unavailable(request) if isinstance(exception, MailAway) else None
