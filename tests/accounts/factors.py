"""Words of the tests about the second factor."""

import time
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from accounts.models import User
from tests.accounts.conftest import Phone
from tests.accounts.soft_key import SoftKey

TOTP = "account/authenticators/totp"
CODES = "account/authenticators/recovery-codes"
PASSKEYS = "account/authenticators/webauthn"
FINISH = "auth/2fa/authenticate"


def code_of(secret: str, *, steps: int = 0) -> str:
    """What an app shows, now or so many steps of 30 seconds later."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


def set_up_app(phone: Phone) -> str:
    """Its secret; the code of now is used."""
    secret = phone.get(TOTP).json()["meta"]["secret"]
    assert phone.post(TOTP, {"code": code_of(secret)}).status_code == 200
    return str(secret)


def add_passkey(phone: Phone, name: str = "Key", **kind: Any) -> SoftKey:
    key = SoftKey(**kind)
    options = phone.get(f"{PASSKEYS}?passwordless").json()["data"]["creation_options"]
    body = {"name": name, "credential": key.create(options)}
    assert phone.post(PASSKEYS, body).status_code == 200
    return key


def logged_in(user: User, address: str = "198.51.100.1") -> Phone:
    phone = Phone(address)
    assert phone.log_in(user.email).status_code == 200
    return phone


def half_logged_in(user: User, address: str = "198.51.100.1") -> Phone:
    """The password is right, the second step is pending."""
    phone = Phone(address)
    assert phone.log_in(user.email).status_code == 401
    return phone
