"""Messages over HTTP: accepted with 202 and delivered afterwards."""

from dataclasses import asdict
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.scopes import TEXTS
from core.api.viewsets import ApiViewSet
from core.idempotency import idempotency_key, idempotent
from sms import service, spelling, telephony
from sms.api.responses import MaySend, NotCancelable, send_error
from sms.api.serializers import (
    MessageDetailSerializer,
    MessageFilterSerializer,
    MessageSerializer,
    NewMessageSerializer,
    SegmentsRequestSerializer,
)
from sms.models import Message, MessageQuerySet
from sms.policy import SendError
from sms.prices import price_of
from sms.states import State

if TYPE_CHECKING:
    from accounts.models import User


class MessageViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Your messages, newest first. Operators see those of all accounts in the admin only."""

    token_scopes = TEXTS
    queryset = Message.objects.none()
    serializer_class = MessageSerializer
    filter_class = MessageFilterSerializer

    def get_queryset(self) -> MessageQuerySet:
        messages = Message.objects.sent_by(self.caller)
        return messages if self.action == "list" else messages.prefetch_related("events")

    def filter_queryset(self, queryset: Any) -> Any:
        wanted = self.filters
        if status := wanted.get("status"):
            queryset = queryset.filter(state=status)
        if to := wanted.get("to"):
            queryset = queryset.filter(to__in=to.forms)
        return queryset

    def get_ordering(self) -> list[str]:
        return ["-created_at", "id"]

    def get_serializer_class(self) -> type[MessageSerializer]:
        return MessageSerializer if self.action == "list" else MessageDetailSerializer

    def get_permissions(self) -> list[Any]:
        return [*super().get_permissions(), *([MaySend()] if self.action == "create" else [])]

    @idempotent
    def create(self, request: Request) -> Response:
        """Store a message, to be delivered afterwards."""
        serializer = NewMessageSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            message = self._queue(**serializer.validated_data)
        except SendError as error:
            return send_error(error, {"to": "to", "body": "body"})
        location = f"{request.build_absolute_uri(request.path)}{message.pk}/"
        data = self.get_serializer(message).data
        return Response(data, status=HTTPStatus.ACCEPTED, headers={"Location": location})

    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: object) -> Response:
        """Cancel a message that was not sent yet; repeating the request has no effect."""
        message = self.get_object()
        canceled = service.cancel(actor=self.caller, message=message)
        message = self.get_object()
        if not canceled and message.state != State.CANCELED:
            raise NotCancelable
        return Response(self.get_serializer(message).data)

    @action(detail=False, methods=["post"])
    def segments(self, request: Request) -> Response:
        """Count the segments of a body without sending it, and name what makes it expensive."""
        serializer = SegmentsRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data
        found, measured = spelling.examine(wanted["body"]), telephony.measure(wanted["body"])
        answer: dict[str, Any] = {
            **measured._asdict(),
            **asdict(found),
            "cheaper": {"body": found.cheaper, **telephony.measure(found.cheaper)._asdict()},
        }
        if to := wanted.get("to"):
            answer |= {"region": to.region, "number_type": to.number_type}
            price = price_of(to.region, measured.segments)
            answer["price"] = price and {"amount": str(price.amount), "currency": price.currency}
        return Response(answer)

    def _queue(
        self, *, to: str, body: str, valid_for: int | None = None, **moments: Any
    ) -> Message:
        return service.queue(
            actor=cast("User", self.request.user),  # signed in: MaySend
            to=to,
            body=body,
            send_at=moments.get("send_at"),
            valid_for=None if valid_for is None else timedelta(seconds=valid_for),
            key=idempotency_key(self.request),
        )
