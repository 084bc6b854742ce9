"""`/api/v1/account/phone/`: the caller's phone number, and its verification."""

from http import HTTPStatus
from typing import Any

from rest_framework import mixins, serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.proof import require_proof
from core.api.errors import Conflict
from core.api.fields import (
    StrictCharField,
    StrictDateTimeField,
    StrictModelSerializer,
    StrictSerializer,
)
from core.api.viewsets import ApiViewSet
from sms import consent, phones
from sms.api.responses import send_error
from sms.api.serializers import WRITTEN_NUMBER_LENGTH
from sms.consent import Asker
from sms.models import Consent, Phone, Source
from sms.phones import NoCodeError, WrongCodeError
from sms.policy import SendError

CODE_LENGTH = 32  # as typed


class StrictTrueField(serializers.BooleanField):
    """Accepts only `true`, to make sure that the client has asked the person."""

    default_error_messages = {
        "required_true": "Show the text in `consent` and let the person agree."
    }

    def to_internal_value(self, data: Any) -> bool:
        if data is not True:
            self.fail("required_true")
        return True


class NewPhoneSerializer(StrictSerializer):
    """A number, and the owner's agreement to the text in `consent`."""

    number = StrictCharField(max_length=WRITTEN_NUMBER_LENGTH)
    agreed = StrictTrueField(help_text="Whether the person has agreed to the text in `consent`.")


class PhoneCodeSerializer(StrictSerializer):
    """The code in the message."""

    texted_code = StrictCharField(max_length=CODE_LENGTH)


class PendingPhoneSerializer(serializers.Serializer[Any]):
    """A number that waits for its code."""

    number = serializers.CharField()
    expires_at = StrictDateTimeField()


class PhoneSerializer(serializers.Serializer[Any]):
    """Your phone number, if you have verified one."""

    number = serializers.CharField(allow_null=True)
    proved_at = StrictDateTimeField(allow_null=True)
    opted_out = serializers.BooleanField(help_text="Whether this number has answered STOP.")
    pending = PendingPhoneSerializer(allow_null=True)
    consent = serializers.CharField(help_text="The text to show before a person agrees.")


class ConsentSerializer(StrictModelSerializer):
    class Meta:
        model = Consent
        fields = ("event", "number", "source", "words", "address", "user_agent", "at")
        read_only_fields = fields


class NoCode(Conflict):
    default_code = "no_code"
    default_detail = "There is no valid code. Request a new one."


class PhoneView(ApiViewSet):
    """Your phone number. A number gets only a code until it is verified."""

    serializer_class = PhoneSerializer

    def retrieve(self, request: Request) -> Response:
        """Get the number, or nulls, and the number that waits for its code."""
        return self._answer()

    def create(self, request: Request) -> Response:
        """Send a code to a number. The former number stays until the new one is verified.

        The response is the same for every number. If no code arrives, its owner may have sent STOP
        before. Then the number must send START first.
        """
        asked = NewPhoneSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        require_proof(self.request, self.caller)
        try:
            phones.ask(
                actor=self.caller, number=asked.validated_data["number"], asker=self._asker()
            )
        except SendError as error:
            return send_error(error, {"to": "number"})
        return self._answer(HTTPStatus.ACCEPTED)

    def confirm(self, request: Request) -> Response:
        """Verify the number. A code allows three guesses in ten minutes and works once."""
        given = PhoneCodeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            phones.confirm(actor=self.caller, typed=given.validated_data["texted_code"])
        except WrongCodeError as error:
            message = "This is not the code."
            raise ValidationError({"texted_code": [message]}, code="wrong_code") from error
        except NoCodeError as error:
            raise NoCode from error
        return self._answer()

    def remove(self, request: Request) -> Response:
        """Remove the number, and any number that waits for its code. A repeat has no effect."""
        require_proof(self.request, self.caller)
        phones.remove(actor=self.caller, asker=self._asker())
        return Response(status=HTTPStatus.NO_CONTENT)

    def _asker(self) -> Asker:
        of_a_page = self.request.auth is None
        source = Source.PAGE if of_a_page else Source.API
        return Asker.of(self.request._request, source)  # noqa: SLF001 - headers of the real request

    def _answer(self, status: int = HTTPStatus.OK) -> Response:
        phone = Phone.objects.filter(account=self.caller).first()
        waiting = phones.pending(self.caller)
        answer = {
            "number": phone and phone.number,
            "proved_at": phone and phone.proved_at,
            "opted_out": bool(phone and phone.has_opted_out()),
            "pending": waiting,
            "consent": consent.words(),
        }
        return Response(PhoneSerializer(answer).data, status=status)


class ConsentView(mixins.ListModelMixin, ApiViewSet):
    """The ledger of your consent, newest first. Its entries never change."""

    serializer_class = ConsentSerializer
    queryset = Consent.objects.none()

    def get_queryset(self) -> Any:
        return Consent.objects.filter(account=self.caller)

    def get_ordering(self) -> list[str]:
        return ["-at", "-id"]
