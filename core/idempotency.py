"""`Idempotency-Key`: a repeated creation runs once, and both requests get the same response.

The header follows draft-ietf-httpapi-idempotency-key-header. docs/api.md says what clients may rely
on. docs/decisions/0010-one-statement-claims-an-idempotency-key.md gives the reasons.
"""

import functools
import hashlib
import json
import logging
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar, cast

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import connection
from django.utils import timezone
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder
from rest_framework.views import APIView

from core.limits import Limit, take
from core.models import IdempotencyKey
from core.quotas import QuotaReached

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=60)  # longer than any request: API Gateway gives up after 29 s
IN_FLIGHT_SECONDS = 2

# Visible ASCII, quoted or not (a String of RFC 9651, as in the draft). No comma, because servers
# join repeated headers with one (RFC 9110, 5.3). No quote inside, because it would be ambiguous.
PATTERN = r"[!#-+\--~]{1,255}"
_KEY = re.compile(PATTERN)
_HEADERS = ("ETag", "Location", "Retry-After")
# These depend on the time, the token or another header, so the same body may succeed later.
_RELEASED = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.TOO_MANY_REQUESTS,
}
# One statement decides, on both PostgreSQL and SQLite. A key is free again after a day. If no
# response was stored, it is free after its lease, but for the same body only: the work may be done.
_CLAIM = """
INSERT INTO core_idempotencykey AS held
    (id, scope, door, key, fingerprint, claimed_at, status, headers, body)
VALUES (%s, %s, %s, %s, %s, %s, NULL, '{}', '')
ON CONFLICT (scope, door, key) DO UPDATE
SET id = excluded.id, fingerprint = excluded.fingerprint, claimed_at = excluded.claimed_at,
    status = excluded.status, headers = excluded.headers, body = excluded.body
WHERE held.claimed_at <= %s
   OR (held.claimed_at <= %s AND held.status IS NULL AND held.fingerprint = excluded.fingerprint)
"""

logger = logging.getLogger(__name__)

Handler = TypeVar("Handler", bound=Callable[..., Response])


class KeyReused(APIException):
    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key was sent with another body. Take a new key."


class KeyInFlight(APIException):
    status_code = HTTPStatus.CONFLICT
    default_code = "idempotency_in_flight"
    default_detail = "The first request with this Idempotency-Key is still running. Ask again."
    wait = IN_FLIGHT_SECONDS


def idempotency_key(request: Request) -> str | None:
    """The key of this POST, for a handler that stores it; None without one.

    A repeat runs the handler again if the process died between the handler's commit and the stored
    response. A handler that must not repeat its work then needs the key.
    """
    value = request.headers.get(HEADER) if request.method == "POST" else None
    if value is None:
        return None
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    if not _KEY.fullmatch(value):
        raise ValidationError(
            "Idempotency-Key must be one key of 1 to 255 visible ASCII characters without a comma"
            " or a quotation mark.",
            code="invalid_idempotency_key",
        )
    return value


def idempotent(handler: Handler) -> Handler:
    """Run a POST handler of a DRF view once per key; a repeat gets the stored response.

    It runs after authentication, permissions and throttles. It commits the claim before the handler
    runs, so the handler must not be inside a transaction; it may open its own.
    """

    @functools.wraps(handler)
    def once(view: APIView, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = idempotency_key(request)
        if key is None:
            return handler(view, request, *args, **kwargs)
        claim = _Claim.of(request, key)
        if not claim.take():
            return claim.earlier_answer()
        claim.charge()
        try:
            response = _answer(view, lambda: handler(view, request, *args, **kwargs))
        except Exception:
            claim.settle()
            raise
        claim.settle(response)
        return response

    once.idempotent = True  # type: ignore[attr-defined]  # read by core.api.schema
    return cast("Handler", once)


def _answer(view: APIView, run: Callable[[], Response]) -> Response:
    """The response for the client; the view converts errors."""
    try:
        return run()
    except Exception as error:  # noqa: BLE001 - the view decides, as it does without a key
        return view.handle_exception(error)


class _Claim(NamedTuple):
    """One attempt to claim a key.

    The row's id is a ticket. A request that takes over the key renews it, so that a late response
    of the former request does not overwrite the newer one.
    """

    scope: str
    endpoint: str
    key: str
    fingerprint: str
    ticket: uuid.UUID

    @classmethod
    def of(cls, request: Request, key: str) -> "_Claim":
        fingerprint = hashlib.sha256(request.body).hexdigest()
        caller = "anonymous" if request.user.pk is None else f"user:{request.user.pk}"
        endpoint = f"{request.method} {request.path_info}"
        return cls(caller, endpoint, key, fingerprint, ticket=uuid.uuid4())

    def take(self) -> bool:
        now, moment = timezone.now(), connection.ops.adapt_datetimefield_value
        who = (self.ticket.hex, self.scope, self.endpoint, self.key, self.fingerprint)
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [*who, moment(now), moment(now - KEPT), moment(now - LEASE)])
            return bool(cursor.rowcount == 1)

    def charge(self) -> None:
        """Raises QuotaReached if the caller has used up today's keys."""
        allowed = settings.QUOTA_IDEMPOTENCY_KEYS
        limit = Limit(scope=f"idempotency:{self.scope}", amount=allowed, window=timedelta(days=1))
        if not take(limit):
            self.settle()
            name, unit = "idempotency_keys", "new idempotency keys a day"
            raise QuotaReached(name, f"Your account may use {allowed:,} {unit} (quota {name}).")

    def earlier_answer(self) -> Response:
        held = IdempotencyKey.objects.filter(
            scope=self.scope, endpoint=self.endpoint, key=self.key
        ).first()
        if held is None:  # released just now
            raise KeyInFlight
        if held.fingerprint != self.fingerprint:
            raise KeyReused
        if held.status is None:
            raise KeyInFlight
        data = json.loads(held.body) if held.body else None
        return Response(data, status=held.status, headers={**held.headers, REPLAYED: "true"})

    def settle(self, response: Response | None = None) -> None:
        """Store the response for repeats, or release the key if a repeat may succeed."""
        row = IdempotencyKey.objects.filter(pk=self.ticket)
        try:
            if response is None or _may_succeed_later(response):
                row.delete()
            else:
                row.update(**_stored(response))
        except DatabaseFault as error:
            # The work is done, so an error would be wrong; the lease ends by itself. The log has
            # only the class of the error, because PostgreSQL quotes the whole row in its message.
            kind = type(error).__name__
            logger.error("The response to %s could not be stored: %s", self.endpoint, kind)  # noqa: TRY400


def _may_succeed_later(response: Response) -> bool:
    status = response.status_code
    is_full = status == HTTPStatus.CONFLICT and "quota_reached" in str(response.data)
    return is_full or status in _RELEASED or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _stored(response: Response) -> dict[str, Any]:
    headers = {name: response[name] for name in _HEADERS if name in response}
    body = "" if response.data is None else json.dumps(response.data, cls=JSONEncoder)
    return {"status": response.status_code, "headers": headers, "body": body}
