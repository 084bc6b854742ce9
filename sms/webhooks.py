"""The webhooks of providers: status updates of our messages, and inbound messages.

A call that no provider signed for us gets 403 (or 415). Every other call is safe to repeat. One
that is not about us gets 204: after an error the provider would only call again.
"""

import logging
import uuid
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from sms import answers, keywords, status_updates
from sms.models import Event, Message
from sms.providers import PROVIDERS, CallbackRefusedError, provider_named
from sms.results import Inbound, StatusUpdate

logger = logging.getLogger(__name__)


@csrf_exempt
@login_not_required
@require_POST
def callback(request: HttpRequest, message_id: uuid.UUID | None = None) -> HttpResponse:
    """POST /service/sms/status/<our id>/ and POST /service/sms/inbound/."""
    try:
        provider, content = _parse(request)
    except CallbackRefusedError as refused:
        logger.warning("Refused a call of a webhook that is not signed for us")
        return HttpResponse(status=refused.status)
    if isinstance(content, Inbound):
        _receive(content)
        return HttpResponse(content.reply, content_type=content.content_type)
    if content and message_id:
        _apply(message_id, provider, content)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _receive(message: Inbound) -> None:
    """A keyword, or an answer of somebody who has proved their number."""
    at = timezone.now()
    if keywords.command(message) is None:
        answers.receive(message, at=at)
    else:
        keywords.receive(message, at=at)


def _parse(request: HttpRequest) -> tuple[str, StatusUpdate | Inbound | None]:
    """The provider that made the call, and its content; raises CallbackRefusedError if none did.

    Every provider is tried: after a change of SMS_PROVIDER, messages of the previous one may still
    be in flight, and people may still send STOP to its number. The refusal of the provider in use
    decides.
    """
    refusals: dict[str, CallbackRefusedError] = {}
    for name in PROVIDERS:
        provider = provider_named(name)
        if provider.has_callbacks:
            try:
                return name, provider().parse_callback(request)
            except CallbackRefusedError as error:
                refusals[name] = error
    first = next(iter(refusals.values()), CallbackRefusedError(HTTPStatus.FORBIDDEN))
    raise refusals.get(settings.SMS_PROVIDER, first)


@transaction.atomic
def _apply(message_id: uuid.UUID, provider: str, update: StatusUpdate) -> None:
    """All of the update or none of it, for one message at a time."""
    ours = Message.objects.select_for_update().filter(provider=provider)
    message = ours.filter(pk=message_id).first()
    if message is None:
        return
    if not status_updates.may_be_known(message):
        logger.warning("Message %s was reported before it was sent", message.pk)
        return
    if not status_updates.link_provider_id(message, update.sid):
        logger.warning("Message %s was reported under another id than its own", message.pk)
        return
    status_updates.apply(message, update, source=Event.Source.CALLBACK)
