"""`/api/v1/account/tokens/`: the caller's API tokens, which no API token may read or change."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from django.http import Http404
from django.utils import timezone
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import api_tokens
from accounts.api.proof import require_proof
from accounts.models import ApiToken
from accounts.token_service import create, revoke
from core.api.fields import (
    StrictChoiceField,
    StrictDateTimeField,
    StrictLineField,
    StrictModelSerializer,
    StrictSerializer,
)
from core.api.scopes import Scope
from core.api.viewsets import ApiViewSet


class NewApiTokenSerializer(StrictSerializer):
    """A new token. It expires at `expires_at`, after 90 days by default, at most 366 days."""

    name = StrictLineField(max_length=api_tokens.NAME_LENGTH)
    scopes = serializers.ListField(
        child=StrictChoiceField(choices=Scope.choices), min_length=1, max_length=len(Scope)
    )
    expires_at = StrictDateTimeField(required=False)

    def validate_expires_at(self, value: datetime) -> datetime:
        now = timezone.now()
        if not now < value <= now + api_tokens.LIVES_AT_MOST:
            days = api_tokens.LIVES_AT_MOST // timedelta(days=1)
            message = f"Choose a moment within the next {days} days."
            raise serializers.ValidationError(message, code="out_of_range")
        return value


class ApiTokenSerializer(StrictModelSerializer):
    """An API token, without the secret."""

    scopes = serializers.ListField(child=StrictChoiceField(choices=Scope.choices), read_only=True)

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = (
            "id",
            "name",
            "hint",
            "scopes",
            "created_at",
            "expires_at",
            "last_used_at",
        )
        read_only_fields: tuple[str, ...] = fields


class IssuedApiTokenSerializer(ApiTokenSerializer):
    """A new API token; only this response has `token`."""

    token = serializers.CharField(
        read_only=True, help_text="Store it now; it cannot be shown again."
    )

    class Meta(ApiTokenSerializer.Meta):
        fields = (*ApiTokenSerializer.Meta.fields, "token")
        read_only_fields = fields


class ApiTokensView(mixins.ListModelMixin, ApiViewSet):
    """Tokens for your own programs, each with scopes and an expiry date."""

    serializer_class = ApiTokenSerializer
    queryset = ApiToken.objects.none()

    def get_queryset(self) -> Any:
        return ApiToken.objects.owned_by(self.caller)

    def get_ordering(self) -> list[str]:
        return ["-created_at", "-id"]

    def create(self, request: Request) -> Response:
        """Requires a recent log-in. Accepts no Idempotency-Key, which would store the token."""
        asked = NewApiTokenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        require_proof(request, self.caller)
        row, token = create(self.caller, request._request, **asked.validated_data)  # noqa: SLF001 - for its address
        row.token = token  # type: ignore[attr-defined]  # for this response
        return Response(IssuedApiTokenSerializer(row).data, status=HTTPStatus.CREATED)

    def destroy(self, request: Request, pk: object) -> Response:
        """Revoke a token. Requires no recent log-in."""
        row = self.get_queryset().filter(pk=pk).first()
        if row is None:
            raise Http404
        revoke(row, request._request)  # noqa: SLF001 - for its address
        return Response(status=HTTPStatus.NO_CONTENT)
