"""Passkeys: allowed origins, and checks of data from clients. Imports fido2."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from importlib import import_module
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from fido2.rpid import verify_rp_id
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import PublicKeyCredentialRpEntity

from accounts.factors.additions import alone, refuse

MOST = 20  # per account
NAME_LENGTH = 100
auth: Any = import_module("allauth.mfa.webauthn.internal.auth")  # the real module, not its proxy


def server() -> Fido2Server:
    """Also accepts PASSKEY_ORIGINS: Android apps have origins like `android:apk-key-hash:...`."""
    party = PublicKeyCredentialRpEntity(**get_adapter().get_public_key_credential_rp_entity())

    def is_ours(origin: str) -> bool:
        return origin in settings.PASSKEY_ORIGINS or verify_rp_id(party.id or "", origin)

    return Fido2Server(party, verify_origin=is_ours)


def _refusing(read: Callable[..., Any]) -> Callable[..., Any]:
    """Treat any parser error as a wrong code, because parsers of CBOR and keys raise many types."""

    @wraps(read)
    def refusing(*args: Any) -> Any:
        try:
            return read(*args)
        except (ValidationError, DatabaseError):
            raise
        except Exception as error:
            raise get_adapter().validation_error("incorrect_code") from error

    return refusing


def add(user: Any, name: str, credential: dict[str, Any]) -> Any:
    """Store only the parts of the credential that later log-ins need."""
    read = auth.parse_registration_response(credential)
    resident = (
        _object_in(_object_in(credential, "clientExtensionResults"), "credProps").get("rk") is True
    )
    kept = {
        "id": websafe_encode(read.raw_id),
        "rawId": websafe_encode(read.raw_id),
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(read.response.client_data),
            "attestationObject": websafe_encode(read.response.attestation_object),
        },
        "clientExtensionResults": {"credProps": {"rk": resident}},
    }
    known = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    with alone(user):
        if known.count() >= MOST:
            refuse("too_many_passkeys", HTTPStatus.BAD_REQUEST)
        return _add(user, name[:NAME_LENGTH], kept)


def _object_in(part: dict[str, Any], name: str) -> dict[str, Any]:
    value = part.get(name)
    return value if isinstance(value, dict) else {}


_add = auth.WebAuthn.add
auth.get_server = server
auth.WebAuthn.add = add
for _name in (
    "parse_registration_response",
    "parse_authentication_response",
    "complete_registration",
    "complete_authentication",
    "extract_user_from_response",
):
    setattr(auth, _name, _refusing(getattr(auth, _name)))
