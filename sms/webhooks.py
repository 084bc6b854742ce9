"""Where Twilio calls: reports about our texts, and the texts that people send to us.

A signed form or nothing (403, 415). After that every answer is harmless to repeat, and what is not
about us is 204: an error would only make Twilio call again.
"""

import functools
import hmac
import logging
import re
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from sms import inbound, reports
from sms.backends.twilio import TwilioProvider
from sms.models import Event, Message
from sms.signature import is_signed

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

FORM = "application/x-www-form-urlencoded"
EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
# No longer and no other: the signature does not tell where a field ends, so whoever repeats a call
# could join the next one to it and so give an old text a new id.
_SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
_STATUS = re.compile(r"[A-Za-z_]{1,30}")
_ERROR_CODE = re.compile(r"[0-9]{1,9}")

logger = logging.getLogger(__name__)


def from_twilio(view: View[P]) -> View[P]:
    """A POSTed form, signed with our token and about our account."""

    @csrf_exempt
    @login_not_required
    @require_POST
    @functools.wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.content_type != FORM:
            return HttpResponse(status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        if not (is_signed(request) and _is_about_us(request)):
            logger.warning("Refused a call of a webhook that is not signed for us")
            return HttpResponse(status=HTTPStatus.FORBIDDEN)
        return view(request, *args, **kwargs)

    return checked


@from_twilio
def status(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """POST /service/sms/status/<our id>/: how one of our texts stands."""
    sid = _sid(request)
    word = _field(request, "MessageStatus", _STATUS) or _field(request, "SmsStatus", _STATUS)
    if sid and word:
        _apply(message_id, sid, word, _field(request, "ErrorCode", _ERROR_CODE))
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


@transaction.atomic
def _apply(message_id: uuid.UUID, sid: str, word: str, error_code: str) -> None:
    """All of the report or nothing, for one message at a time."""
    ours = Message.objects.select_for_update().filter(provider=TwilioProvider.name)
    message = ours.filter(pk=message_id).first()
    if message is None:
        return
    if not reports.may_be_known(message):
        logger.warning("Message %s was reported before it was sent", message.pk)
        return
    if not reports.adopt(message, sid):
        logger.warning("Message %s was reported under another id than its own", message.pk)
        return
    source = Event.Source.CALLBACK
    reports.apply(message, source=source, status=word, error_code=error_code)


@from_twilio
def receive(request: HttpRequest) -> HttpResponse:
    """POST /service/sms/inbound/: a text that somebody sent to us; no reply, in TwiML."""
    inbound.receive(
        sid=_sid(request),
        number=request.POST.get("From", ""),
        body=request.POST.get("Body", ""),
        opt_out_type=request.POST.get("OptOutType", ""),
        at=timezone.now(),
    )
    return HttpResponse(EMPTY_TWIML, content_type="text/xml; charset=utf-8")


def _is_about_us(request: HttpRequest) -> bool:
    """Other accounts may be signed with our token: Twilio signs for subaccounts with theirs."""
    account, ours = request.POST.get("AccountSid", ""), settings.TWILIO_ACCOUNT_SID
    return bool(ours) and hmac.compare_digest(account.encode(), ours.encode())


def _sid(request: HttpRequest) -> str:
    """Twilio's id of the text, also by its old name; empty without one."""
    return _field(request, "MessageSid", _SID) or _field(request, "SmsSid", _SID)


def _field(request: HttpRequest, name: str, form: re.Pattern[str]) -> str:
    """The field where it is what Twilio sends there, else nothing."""
    value = request.POST.get(name, "")
    return value if form.fullmatch(value) else ""
