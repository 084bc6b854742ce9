"""Twilio's calls of the webhooks: their signatures and their content.

X-Twilio-Signature (twilio.com/docs/usage/security) is an HMAC-SHA1 with our auth token over the URL
as Twilio knows it and the posted fields. The URL comes from PUBLIC_BASE_URL and never from the
request: behind a gateway, Host and scheme differ from those that Twilio called, and a client could
choose them.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.http import HttpRequest

from sms.providers.provider import CallbackRefusedError
from sms.providers.twilio.errors import reason_of
from sms.results import Command, Inbound, StatusUpdate
from sms.states import State

HEADER = "X-Twilio-Signature"
FORM = "application/x-www-form-urlencoded"
EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
TWIML_TYPE = "text/xml; charset=utf-8"

# Twilio's statuses; its "queued" and "sending" are our "accepted".
STATES: Final[dict[str, State]] = {
    "accepted": State.ACCEPTED,
    "scheduled": State.ACCEPTED,
    "queued": State.ACCEPTED,
    "sending": State.ACCEPTED,
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.DELIVERED,
    "undelivered": State.UNDELIVERED,
    "partially_delivered": State.UNDELIVERED,
    "failed": State.FAILED,
    "canceled": State.CANCELED,
}
_COMMANDS: Final = {command.value: command for command in Command}

# Exactly this form: the signature does not cover field boundaries, so an attacker who replays a
# call could append the next field to the id and make an old message look new.
_SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
_BASE = re.compile(r"(?P<scheme>https?)://(?P<host>[^/]+?)(?::(?P<port>[0-9]+))?(?P<path>(?:/.*)?)")
_STATUS = re.compile(r"[A-Za-z_]{1,30}")
_ERROR_CODE = re.compile(r"[0-9]{1,9}")


def parse(request: HttpRequest) -> StatusUpdate | Inbound | None:
    """The content. Raises CallbackRefusedError unless it is a signed form about our account."""
    if request.content_type != FORM:
        raise CallbackRefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    if not (is_signed(request) and _is_our_account(request)):
        raise CallbackRefusedError(HTTPStatus.FORBIDDEN)
    match = request.resolver_match
    return _status(request) if match and match.url_name == "status" else _inbound(request)


def status_update(sid: str, word: str, error_code: str = "") -> StatusUpdate:
    """The update in our states; `failed` becomes `blocked` if the code forbids the recipient."""
    word, code = word.lower()[:30], error_code[:20]
    state, reason = STATES.get(word), reason_of(code) if code else None
    if state is State.FAILED and reason:
        state = reason.state
    return StatusUpdate(sid, word, state, code, reason)


def _status(request: HttpRequest) -> StatusUpdate | None:
    sid = _sid(request)
    word = _field(request, "MessageStatus", _STATUS) or _field(request, "SmsStatus", _STATUS)
    return (
        status_update(sid, word, _field(request, "ErrorCode", _ERROR_CODE))
        if sid and word
        else None
    )


def _inbound(request: HttpRequest) -> Inbound:
    """`OptOutType` is Twilio's reading, by the keywords that the operator configured there."""
    return Inbound(
        sid=_sid(request),
        number=request.POST.get("From", ""),
        body=request.POST.get("Body", ""),
        command=_COMMANDS.get(request.POST.get("OptOutType", "").upper()),
        reply=EMPTY_TWIML,
        content_type=TWIML_TYPE,
    )


def sign(token: str, url: str, fields: Mapping[str, Sequence[str]]) -> str:
    """Sign sorted names and values without duplicates, exactly as posted and untrimmed."""
    text = url + "".join(
        name + value for name in sorted(fields) for value in sorted(set(fields[name]))
    )
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def is_signed(request: HttpRequest) -> bool:
    """Also False if it cannot be checked: no token, no PUBLIC_BASE_URL or no header."""
    token, given = settings.TWILIO_AUTH_TOKEN, request.headers.get(HEADER, "")
    if not (token and given and settings.PUBLIC_BASE_URL):
        return False
    fields = {name: request.POST.getlist(name) for name in request.POST}
    expected = [sign(token, url, fields) for url in _public_urls(request)]
    return any(hmac.compare_digest(one.encode(), given.encode()) for one in expected)


def _public_urls(request: HttpRequest) -> Iterator[str]:
    """The possible URLs. PUBLIC_BASE_URL includes the stage, and `path_info` does not."""
    query = request.META.get("QUERY_STRING", "")
    for base in _with_and_without_port(settings.PUBLIC_BASE_URL.rstrip("/")):
        url = base + request.path_info
        yield f"{url}?{query}" if query else url


def _with_and_without_port(base: str) -> list[str]:
    """Both forms, because Twilio signs with either and its own RequestValidator tries both."""
    parts = _BASE.fullmatch(base)
    if not parts:
        return [base]
    scheme, host, port, path = parts["scheme"], parts["host"], parts["port"], parts["path"]
    port = port or ("443" if scheme == "https" else "80")
    return [f"{scheme}://{host}{path}", f"{scheme}://{host}:{port}{path}"]


def _is_our_account(request: HttpRequest) -> bool:
    """Check the account, because a signature with our token may be about another account."""
    account, ours = request.POST.get("AccountSid", ""), settings.TWILIO_ACCOUNT_SID
    return bool(ours) and hmac.compare_digest(account.encode(), ours.encode())


def _sid(request: HttpRequest) -> str:
    return _field(request, "MessageSid", _SID) or _field(request, "SmsSid", _SID)


def _field(request: HttpRequest, name: str, form: re.Pattern[str]) -> str:
    value = request.POST.get(name, "")
    return value if form.fullmatch(value) else ""
