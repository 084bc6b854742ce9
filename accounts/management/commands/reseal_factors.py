from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.factors import seals


class Command(BaseCommand):
    help = (
        "Encrypt the secrets of second factors with the current SECRET_KEY. Run it after a change"
        " of the key, before you remove the old one from OLD_SECRET_KEYS."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - for this command

        sealed = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN)
        done, lost = 0, 0
        for key in sealed.values_list("pk", flat=True).iterator():
            try:
                done += _reseal(key)
            except InvalidToken:
                lost += 1
        self.stdout.write(f"{done} second factors encrypted with the present key.")
        if lost:
            raise CommandError(f"{lost} are encrypted with a key that is not in the settings.")


@transaction.atomic
def _reseal(key: int) -> int:
    """Lock the row, because the use of a recovery code writes the same column."""
    factor = Authenticator.objects.select_for_update().filter(pk=key).first()
    if factor is None:  # removed in the meantime
        return 0
    factor.data = seals.resealed(factor.data)
    factor.save(update_fields=["data"])
    return 1
