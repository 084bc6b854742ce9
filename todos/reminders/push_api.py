"""`/api/v1/account/push/`: the browsers that show the caller's reminders as notifications."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.validators import RegexValidator
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import Conflict
from core.api.fields import StrictCharField, StrictDateTimeField, StrictSerializer
from core.api.viewsets import ApiViewSet
from core.feed import writing
from todos.models import PushSubscription
from todos.models.push import ENDPOINT_LENGTH, KEY_LENGTH, MOST_SUBSCRIPTIONS
from todos.reminders.channels.push import decoded, in_one_form, is_allowed

KEY = RegexValidator(r"^[A-Za-z0-9_-]{16,90}={0,2}$")


class PushKeysSerializer(StrictSerializer):
    """The keys of `PushSubscription.toJSON()`."""

    p256dh = StrictCharField(validators=[KEY], max_length=KEY_LENGTH)
    auth = StrictCharField(validators=[KEY], max_length=KEY_LENGTH)

    def validate_p256dh(self, value: str) -> str:
        """An uncompressed point of P-256."""
        return _checked(value, 65)

    def validate_auth(self, value: str) -> str:
        return _checked(value, 16)


def _checked(value: str, length: int) -> str:
    try:
        is_right = len(decoded(value)) == length
    except ValueError:
        is_right = False
    if not is_right:
        raise serializers.ValidationError("This is not a valid key.", code="invalid")
    return value


class NewBrowserSerializer(StrictSerializer):
    """`endpoint` and `keys` from `PushSubscription.toJSON()` of a browser."""

    endpoint = StrictCharField(max_length=ENDPOINT_LENGTH)
    keys = PushKeysSerializer()

    def validate_endpoint(self, value: str) -> str:
        if not is_allowed(value):
            message = "This is not a URL of an allowed push service."
            raise serializers.ValidationError(message, code="endpoint_not_allowed")
        return in_one_form(value)


class BrowserSerializer(serializers.Serializer[Any]):
    """A browser that shows your reminders."""

    id = serializers.UUIDField()
    service = serializers.CharField(help_text="The host of its push service.")
    created_at = StrictDateTimeField()


class PushSerializer(serializers.Serializer[Any]):
    """The server's public key, and the subscribed browsers."""

    public_key = serializers.CharField(help_text="Empty if this server sends no notifications.")
    browsers = BrowserSerializer(many=True)


class PushView(ApiViewSet):
    """Browsers that show your reminders as notifications."""

    serializer_class = PushSerializer

    def retrieve(self, request: Request) -> Response:
        """Get the server's public key, and your subscribed browsers."""
        rows = PushSubscription.objects.filter(owner=self.caller).order_by("created_at", "pk")
        told = {"public_key": settings.PUSH_PUBLIC_KEY, "browsers": [_shown(it) for it in rows]}
        return Response(PushSerializer(told).data)

    def create(self, request: Request) -> Response:
        """Subscribe a browser, or move it from another account; 200 if it is already yours."""
        shape = NewBrowserSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        endpoint, keys = shape.validated_data["endpoint"], shape.validated_data["keys"]
        digest = PushSubscription.digest_of(endpoint)
        with writing(self.caller.pk):
            own = PushSubscription.objects.filter(owner=self.caller)
            others = own.exclude(digest=digest).count()
            if others >= MOST_SUBSCRIPTIONS:
                detail = (
                    f"At most {MOST_SUBSCRIPTIONS} browsers show your reminders. Remove one first."
                )
                raise Conflict(detail, code="quota_reached")
            is_new = not own.filter(digest=digest).exists()
            values = {"owner": self.caller, "endpoint": endpoint, **keys}
            row, _made = PushSubscription.objects.update_or_create(digest=digest, defaults=values)
            self._switch_on()
        status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
        return Response(BrowserSerializer(_shown(row)).data, status=status)

    def _switch_on(self) -> None:
        """Enable the push channel again."""
        self.caller.refresh_from_db()
        left = {name: why for name, why in self.caller.channels_off.items() if name != "push"}
        self.caller.change(channels_off=left)

    def remove(self, request: Request, pk: object) -> Response:
        """Stop notifications on this browser."""
        self.get_object().delete()
        return Response(status=HTTPStatus.NO_CONTENT)

    def get_queryset(self) -> Any:
        return PushSubscription.objects.filter(owner=self.caller)


def _shown(row: PushSubscription) -> dict[str, Any]:
    host = urlsplit(row.endpoint).hostname
    return {"id": row.pk, "service": host, "created_at": row.created_at}
