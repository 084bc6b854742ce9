from core.api.fields import StrictCharField, StrictSerializer
from sms.models import BODY_LENGTH


class SmsSendSerializer(StrictSerializer):
    """`{"msg": "..."}`: text of 1 to 1,600 characters; blanks around it are not sent."""

    msg = StrictCharField(max_length=BODY_LENGTH)
