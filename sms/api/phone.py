"""`/api/v1/account/phone/`: the number of the caller, and how it came to be theirs."""

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
from sms.models import Consent, OptOut, Phone, Source
from sms.phones import NoCodeError, WrongCodeError
from sms.policy import SendError

CODE_LENGTH = 32  # as it is typed


class StrictTrueField(serializers.BooleanField):
    """`true` and nothing else: whoever sends it has asked a person."""

    default_error_messages = {"required_true": "Show the words of `consent` and let them agree."}

    def to_internal_value(self, data: Any) -> bool:
        if data is not True:
            self.fail("required_true")
        return True


class NewPhoneSerializer(StrictSerializer):
    """A number, and that its owner has agreed to the words of `consent`."""

    number = StrictCharField(max_length=WRITTEN_NUMBER_LENGTH)
    agreed = StrictTrueField(help_text="Whether the person has agreed to the words of `consent`.")


class PhoneCodeSerializer(StrictSerializer):
    """The code that was texted."""

    texted_code = StrictCharField(max_length=CODE_LENGTH)


class PendingPhoneSerializer(serializers.Serializer[Any]):
    """A number that waits for its code."""

    number = serializers.CharField()
    expires_at = StrictDateTimeField()


class PhoneSerializer(serializers.Serializer[Any]):
    """Your phone number, if you have proved one."""

    number = serializers.CharField(allow_null=True)
    proved_at = StrictDateTimeField(allow_null=True)
    opted_out = serializers.BooleanField(help_text="Whether this number has answered STOP.")
    pending = PendingPhoneSerializer(allow_null=True)
    consent = serializers.CharField(help_text="What to show to people before they agree.")


class ConsentSerializer(StrictModelSerializer):
    class Meta:
        model = Consent
        fields = ("event", "number", "source", "words", "address", "user_agent", "at")
        read_only_fields = fields


class NoCode(Conflict):
    default_code = "no_code"
    default_detail = "No code waits for you: it is used, too old, or guessed at. Ask for another."


class PhoneView(ApiViewSet):
    """Your phone number. Nothing is sent to a number before its code has come back."""

    serializer_class = PhoneSerializer

    def retrieve(self, request: Request) -> Response:
        """The number, or nulls; and what waits for its code."""
        return self._answer()

    def create(self, request: Request) -> Response:
        """Text a code to a number. The former number stays until the new one is proved.

        The answer is the same for every number. If no code comes, its owner may have answered STOP
        once: then the number has to text START first.
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
        """Three guesses at each code, which holds for ten minutes and is used once."""
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
        """Also ends what waits for its code. Repeating it has no effect."""
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
            "opted_out": bool(phone and OptOut.objects.of(phone.number).exists()),
            "pending": waiting,
            "consent": consent.words(),
        }
        return Response(PhoneSerializer(answer).data, status=status)


class ConsentView(mixins.ListModelMixin, ApiViewSet):
    """The ledger of your consent, newest first. Nothing in it is ever changed."""

    serializer_class = ConsentSerializer
    queryset = Consent.objects.none()

    def get_queryset(self) -> Any:
        return Consent.objects.filter(account=self.caller)

    def get_ordering(self) -> list[str]:
        return ["-at", "-id"]
