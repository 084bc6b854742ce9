"""The webhooks for providers: status updates and inbound messages.

A call without a valid signature gets 403 (or 415). Every other call is safe to repeat. A call
without relevance gets 204, because after an error the provider would only repeat it.
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
        logger.warning("Refused a webhook call without a valid signature")
        return HttpResponse(status=refused.status)
    if isinstance(content, Inbound):
        _receive(content)
        return HttpResponse(content.reply, content_type=content.content_type)
    if content and message_id:
        _apply(message_id, provider, content)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _receive(message: Inbound) -> None:
    """Handle a keyword, or a message from a verified number."""
    at = timezone.now()
    if keywords.command(message) is None:
        answers.receive(message, at=at)
    else:
        keywords.receive(message, at=at)


def _parse(request: HttpRequest) -> tuple[str, StatusUpdate | Inbound | None]:
    """The calling provider and the content. Raises CallbackRefusedError if none made the call.

    Tries every provider: after a change of SMS_PROVIDER, messages of the former one may still be in
    flight, and people may still send STOP to its number. If all refuse, the refusal of the provider
    in use counts.
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
    """Apply the update in a transaction that locks the message."""
    ours = Message.objects.select_for_update().filter(provider=provider)
    message = ours.filter(pk=message_id).first()
    if message is None:
        return
    if not status_updates.may_be_known(message):
        logger.warning("Message %s was reported before it was sent", message.pk)
        return
    if not status_updates.link_provider_id(message, update.sid):
        logger.warning("Message %s was reported with a different id", message.pk)
        return
    status_updates.apply(message, update, source=Event.Source.CALLBACK)
