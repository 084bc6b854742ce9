"""Where providers call: status updates of our messages, and the messages that people send to us.

A call that no provider signed for us gets 403 (or 415). After that every call is harmless to
repeat, and what is not about us gets 204: an error would only make the provider call again.
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

from sms import keywords, status_updates
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
        provider, said = _parse(request)
    except CallbackRefusedError as refused:
        logger.warning("Refused a call of a webhook that is not signed for us")
        return HttpResponse(status=refused.status)
    if isinstance(said, Inbound):
        keywords.receive(said, at=timezone.now())
        return HttpResponse(said.reply, content_type=said.content_type)
    if said and message_id:
        _apply(message_id, provider, said)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _parse(request: HttpRequest) -> tuple[str, StatusUpdate | Inbound | None]:
    """The provider whose call this is, and what it says; CallbackRefusedError if it is none's.

    Every provider is asked: messages of the one before may be on their way after a change of
    SMS_PROVIDER, and people may still write STOP to its number. The refusal of the provider in use
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
    """All of the update or nothing, for one message at a time."""
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
