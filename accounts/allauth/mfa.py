"""The adapter of allauth.mfa: encryption of secrets, and error texts."""

import logging
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http.request import split_domain_port
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.devices import device_name
from accounts.factors import seals
from accounts.models import User

logger = logging.getLogger(__name__)

NAME = "Nudge"
_PICTURE = '<svg class="qr" viewBox="0 0 {0} {0}" role="img" aria-label="{1}"><path d="{2}"/></svg>'


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth is untyped
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "app_exists": _("Your account already has an authenticator app."),
        "cannot_generate_recovery_codes": _("Set up an authenticator app or a passkey first."),
        "incorrect_code": _("This code is wrong, or was used before."),
        "too_many_passkeys": _("Your account already has as many passkeys as it may have."),
        "unverified_email": _("Verify your email addresses first, or remove those that are not."),
    }

    def encrypt(self, text: str) -> str:
        return seals.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Treat a secret that no key decrypts as a wrong code; `manage.py reset_factors` removes
        it.
        """
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - for those who have one

        try:
            return seals.open_seal(encrypted_text)
        except InvalidToken as error:
            logger.exception("A second factor was encrypted with a key that is not in the settings")
            raise self.validation_error("incorrect_code") from error

    def get_totp_issuer(self) -> str:
        return NAME

    def build_totp_svg(self, url: str) -> SafeString:
        """Draw inline SVG, because the Content-Security-Policy forbids other images and styles."""
        import qrcode  # noqa: PLC0415 - for the one page that shows it

        code = qrcode.QRCode(border=2)
        code.add_data(url)
        rows = code.get_matrix()
        dots = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, on in enumerate(row) if on]
        return format_html(_PICTURE, len(rows), _("QR code for the app"), "".join(dots))

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002 - allauth's
        return device_name(context.request.headers.get("User-Agent", ""))

    def get_public_key_credential_rp_entity(self) -> dict[str, Any]:
        """Passkeys are bound to a host. A service that may move must name it in PASSKEY_HOST."""
        host = settings.PASSKEY_HOST or split_domain_port(context.request.get_host())[0]
        return {"id": host, "name": NAME}
