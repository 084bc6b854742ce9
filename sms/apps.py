from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SmsConfig(AppConfig):
    name = "sms"
    verbose_name = _("Text messages")

    def ready(self) -> None:
        from core import pruning  # noqa: PLC0415 - as the next two, needs the models
        from sms import checks  # noqa: F401, PLC0415 - importing registers the checks
        from sms.models import InboundMessage, PhoneCode, ReceivedText  # noqa: PLC0415

        for model in (InboundMessage, PhoneCode, ReceivedText):
            pruning.register(model.objects.prunable)
