"""Mails about a changed phone number, so that the owner notices a change by a stranger."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.mails import in_both_forms
from accounts.models import User
from core.tasks import task
from sms.models import Consent

_SUBJECT: Final = _("Your phone number")
_WORDS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        Consent.Event.AGREED: _(
            "Your account has a new phone number now. Nudge sends your reminders there, and texts"
            " from it change your to-dos.\n\nIf this was not you, change your password and remove"
            " the number."
        ),
        Consent.Event.REMOVED: _(
            "The phone number of your account was removed. Nudge sends no more texts to it.\n\n"
            "If this was not you, change your password."
        ),
        Consent.Event.TAKEN_OVER: _(
            "Somebody else has confirmed with a code that your phone number is theirs now. So Nudge"
            " has removed it from your account and sends none of your reminders to it."
            "\n\nIf you still have this number, add it to your account again."
        ),
    }
)


@task
def tell(account: str, event: str) -> None:
    user = User.objects.filter(pk=account, is_active=True).first()
    if user is None:
        return
    with translation.override(user.language or settings.LANGUAGE_CODE):
        in_both_forms(str(_SUBJECT), str(_WORDS[event]), [user.email]).send()
