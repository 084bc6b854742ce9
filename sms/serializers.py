"""What POST /service/sms/send takes, and how a door tells what is wrong with a text."""

from collections.abc import Iterator
from contextlib import contextmanager

from rest_framework.exceptions import ValidationError

from core.api.fields import StrictCharField, StrictSerializer
from sms.models import BODY_LENGTH
from sms.numbers import RecipientError
from sms.texts import TextError


class SmsSendSerializer(StrictSerializer):
    """`{"msg": "..."}`: text of 1 to 1,600 characters; blanks around it are not sent.

    It must show something and have no more segments than this service sends.
    """

    msg = StrictCharField(max_length=BODY_LENGTH)


@contextmanager
def told_of_members(*, to: str, body: str) -> Iterator[None]:
    """What is wrong with a recipient or a text, as a fault of the member with this name."""
    try:
        yield
    except RecipientError as error:
        raise _fault(to, error) from error
    except TextError as error:
        raise _fault(body, error) from error


def _fault(member: str, error: RecipientError | TextError) -> ValidationError:
    return ValidationError({member: [str(error)]}, code=error.code)
