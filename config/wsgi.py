"""The WSGI application, for every server."""

import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.urls import get_resolver
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class TextRequest(WSGIRequest):
    """Ignores the charset that a client names.

    Django decodes with it before any middleware runs, so `charset=hex` raised an error outside all
    handlers. core.middleware.reject_malformed_requests refuses bodies that are not UTF-8.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        parsed = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        self.content_type, self.content_params = parsed


class Handler(WSGIHandler):
    request_class = TextRequest


django.setup(set_prefix=False)
application = Handler()
get_resolver().url_patterns  # noqa: B018 - imports the URLconf and every view: 120 ms of a first request
