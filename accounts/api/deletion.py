"""`/api/v1/account/deletion/`: ask for the deletion of an account, or cancel it."""

from http import HTTPStatus
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import deletion
from accounts.api.proof import require_proof
from accounts.deletion_mails import tell_asked, tell_kept
from core.api.fields import StrictCharField, StrictDateTimeField, StrictSerializer
from core.api.viewsets import ApiViewSet


class DeletionSerializer(serializers.Serializer[Any]):
    """When everything of the account is deleted."""

    deletion_at = StrictDateTimeField()


class KeepSerializer(StrictSerializer):
    """`keep.token` from the refused log-in."""

    token = StrictCharField(max_length=500)


class DeletionView(ApiViewSet):
    """Delete your account after seven days, in which you can keep it. Logs out all devices."""

    serializer_class = DeletionSerializer

    def create(self, request: Request) -> Response:
        """Requires a recent log-in."""
        require_proof(request, self.caller)
        at = deletion.ask(self.caller, request._request)  # noqa: SLF001 - for its address
        tell_asked(self.caller, request._request)  # noqa: SLF001 - for its host
        return Response(DeletionSerializer({"deletion_at": at}).data, status=HTTPStatus.ACCEPTED)


class KeepView(ApiViewSet):
    """Cancel the deletion of an account. Log in again afterwards."""

    serializer_class = KeepSerializer
    authentication_classes = ()
    permission_classes = ()

    def create(self, request: Request) -> Response:
        """The token is in the response to the refused log-in."""
        given = KeepSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        kept = deletion.keep(given.validated_data["token"], request._request)  # noqa: SLF001 - for its address
        if kept is None:
            message = "This account has been kept or deleted already."
            raise ValidationError({"token": [message]}, code="invalid")
        tell_kept(kept)
        return Response(status=HTTPStatus.NO_CONTENT)
