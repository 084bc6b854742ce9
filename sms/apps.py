from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SmsConfig(AppConfig):
    name = "sms"
    verbose_name = _("Text messages")

    def ready(self) -> None:
        from accounts import deletion  # noqa: PLC0415 - as the others, needs the models
        from core import pruning  # noqa: PLC0415
        from sms import checks, erasing  # noqa: F401, PLC0415 - importing registers the checks
        from sms.models import InboundMessage, PhoneCode, ReceivedText  # noqa: PLC0415

        for model in (InboundMessage, PhoneCode, ReceivedText):
            pruning.register(model.objects.prunable)
        deletion.register(erasing.rows_of)
