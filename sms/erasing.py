"""Rows of an account that its deletion does not delete by itself."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from sms.models import Consent, Message, Phone


def rows_of(account: User) -> Iterator[QuerySet[Any]]:
    """The messages with their bodies and numbers, then the ledger.

    Opt-outs stay, because the number would otherwise get messages again.
    """
    numbers = {
        *Phone.objects.filter(account=account).values_list("number", flat=True),
        *Consent.objects.filter(account=account).values_list("number", flat=True),
    }
    yield Message.objects.filter(sender=account)
    yield Message.objects.filter(sender=None, to__in=numbers)
    yield QuerySet(Consent).filter(account=None, number__in=numbers)
    yield QuerySet(Consent).filter(account=account)
