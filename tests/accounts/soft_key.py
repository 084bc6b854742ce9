"""A passkey made of software: what a browser or a phone would give for the server's options."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestedCredentialData, AuthenticatorData

PRESENT, VERIFIED, ATTESTED = 1, 4, 64
ORIGIN = "https://testserver"


@dataclass
class SoftKey:
    host: str = "testserver"
    origin: str = ORIGIN
    flags: int = PRESENT | VERIFIED
    id: bytes = field(default_factory=lambda: os.urandom(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    user: str = ""

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        self.user = options["publicKey"]["user"]["id"]
        public = ES256.from_cryptography_key(self.key.public_key())
        attested = AttestedCredentialData.create(b"\0" * 16, self.id, public)
        data = AuthenticatorData.create(
            self._host(), AuthenticatorData.FLAG(self.flags | ATTESTED), 0, attested
        )
        statement = {"fmt": "none", "attStmt": {}, "authData": bytes(data)}
        return self._credential(
            clientDataJSON=self._client("webauthn.create", options),
            attestationObject=cbor.encode(statement),
        )

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        data = bytes(AuthenticatorData.create(self._host(), AuthenticatorData.FLAG(self.flags), 0))
        client = self._client("webauthn.get", options)
        signed = data + hashlib.sha256(client).digest()
        answer = self._credential(
            clientDataJSON=client,
            authenticatorData=data,
            signature=self.key.sign(signed, ec.ECDSA(hashes.SHA256())),
        )
        answer["response"]["userHandle"] = self.user
        return answer

    def _host(self) -> bytes:
        return hashlib.sha256(self.host.encode()).digest()

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        challenge = options["publicKey"]["challenge"]
        assert len(websafe_decode(challenge)) >= 16
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _credential(self, **response: bytes) -> dict[str, Any]:
        return {
            "id": websafe_encode(self.id),
            "rawId": websafe_encode(self.id),
            "type": "public-key",
            "response": {name: websafe_encode(value) for name, value in response.items()},
            "clientExtensionResults": {"credProps": {"rk": True}},
        }
