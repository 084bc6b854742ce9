"""X-Twilio-Signature: whether Twilio itself made a request (twilio.com/docs/usage/security).

HMAC-SHA1 with our auth token over the URL as Twilio knows it and the posted fields. The URL comes
from PUBLIC_BASE_URL and never from the request: behind a gateway, Host and scheme are not what
Twilio called, and a client could choose them.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.http import HttpRequest

HEADER = "X-Twilio-Signature"


def sign(token: str, url: str, fields: Mapping[str, Sequence[str]]) -> str:
    """Names and values sorted, each once, exactly as posted: nothing trimmed."""
    text = url + "".join(
        name + value for name in sorted(fields) for value in sorted(set(fields[name]))
    )
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def is_signed(request: HttpRequest) -> bool:
    """False wherever that cannot be known: no token, no public address, no header."""
    token, given = settings.TWILIO_AUTH_TOKEN, request.headers.get(HEADER, "")
    if not (token and given and settings.PUBLIC_BASE_URL):
        return False
    fields = {name: request.POST.getlist(name) for name in request.POST}
    expected = sign(token, _public_url(request), fields)
    return hmac.compare_digest(expected.encode(), given.encode())


def _public_url(request: HttpRequest) -> str:
    """PUBLIC_BASE_URL has the stage prefix already, `path_info` has none."""
    query = request.META.get("QUERY_STRING", "")
    url = settings.PUBLIC_BASE_URL.rstrip("/") + request.path_info
    return f"{url}?{query}" if query else url
