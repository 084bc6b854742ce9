"""The routes of the second factor in the product's OpenAPI document."""

from functools import partial

from accounts.allauth import schema
from accounts.allauth.schema import (
    AUTH,
    CODE,
    FLAG,
    NOT_EMPTY,
    SECONDS,
    TEXT,
    TOKEN,
    Json,
    answered,
    many,
    members,
    paths_of,
    ref,
)
from core.api.document import content_of, json_object

TAG = {"name": "factors", "description": "The second step of a log-in: codes and passkeys."}
operation = partial(schema.operation, tag=TAG["name"])

_ID = {"type": "integer", "format": "int64", "minimum": 1}
_COUNT = {"type": "integer", "minimum": 0}
_NAME = {**NOT_EMPTY, "maxLength": 100, "examples": ["My phone"]}
# The terms of WebAuthn level 3, sections 5.1.8 to 5.1.11.
_BINARY = {**TEXT, "description": "In base64url.", "examples": ["eHh4eHh4eHh4eHh4"]}
_HOST = {**TEXT, "examples": ["nudge.example.com"]}
_KIND = {**TEXT, "examples": ["public-key"]}
_WANTED = {**TEXT, "examples": ["required"]}


def _closed(optional: Json, **required: Json) -> Json:
    return {**json_object(optional, **required), "additionalProperties": False}


SCHEMAS: Json = {
    "Factor": json_object(
        {
            "id": {**_ID, "description": "Of a passkey."},
            "name": {**TEXT, "description": "Of a passkey."},
            "is_passwordless": {**FLAG, "description": "A passkey that logs in alone."},
            "total_code_count": {**_COUNT, "description": "Of recovery codes."},
            "unused_code_count": {**_COUNT, "description": "Of recovery codes."},
        },
        type={**TEXT, "description": "`totp`, `recovery_codes`, `webauthn`.", "examples": ["totp"]},
        created_at=SECONDS,
        last_used_at={**SECONDS, "type": ["number", "null"]},
    ),
    "Factors": answered(many("Factor")),
    "FactorAnswer": answered(ref("Factor"), "FactorMeta"),
    "FactorMeta": json_object(
        {
            "session_token": TOKEN,
            "recovery_codes_generated": {
                **FLAG,
                "description": "Show the new codes now; they are shown only once.",
            },
        }
    ),
    "RecoveryCodes": json_object(
        type=TEXT,
        created_at=SECONDS,
        last_used_at={**SECONDS, "type": ["number", "null"]},
        total_code_count=_COUNT,
        unused_code_count=_COUNT,
        unused_codes={"type": "array", "items": TEXT, "examples": [["12345678"]]},
    ),
    "RecoveryCodesAnswer": answered(ref("RecoveryCodes")),
    "AppSetup": json_object(
        {"data": ref("AuthenticationSteps"), "meta": ref("AppSetupMeta")},
        status={"type": "integer"},
        type=TEXT,
        errors=many("AuthErrorItem"),
    ),
    "AppSetupMeta": json_object(
        {
            "secret": {**TEXT, "description": "In base32, to type by hand."},
            "totp_url": {**TEXT, "description": "`otpauth://...`, for a link or a QR code."},
            "session_token": TOKEN,
        }
    ),
    "PasskeyCreation": answered(ref("PasskeyCreationData")),
    "PasskeyRequest": answered(ref("PasskeyRequestData")),
    "PasskeyCreationData": json_object(creation_options=ref("CreationOptions")),
    "PasskeyRequestData": json_object(request_options=ref("RequestOptions")),
    "CreationOptions": json_object(publicKey=ref("CreationPublicKey")),
    "RequestOptions": json_object(publicKey=ref("RequestPublicKey")),
    "CreationPublicKey": json_object(
        rp=ref("PasskeyHost"),
        user=ref("PasskeyUser"),
        challenge=_BINARY,
        pubKeyCredParams=many("PasskeyAlgorithm"),
        excludeCredentials=many("PasskeyReference"),
        authenticatorSelection=ref("PasskeyDemands"),
        extensions=ref("PasskeyExtensions"),
    ),
    "RequestPublicKey": json_object(
        challenge=_BINARY,
        rpId=_HOST,
        allowCredentials=many("PasskeyReference"),
        userVerification=_WANTED,
    ),
    "PasskeyHost": json_object(id=_HOST, name={**TEXT, "examples": ["Nudge"]}),
    "PasskeyUser": json_object(id=_BINARY, name=TEXT, displayName=TEXT),
    "PasskeyAlgorithm": json_object(type=_KIND, alg={"type": "integer", "examples": [-7]}),
    "PasskeyReference": json_object(type=_KIND, id=_BINARY),
    "PasskeyDemands": json_object(
        residentKey=_WANTED, requireResidentKey=FLAG, userVerification=_WANTED
    ),
    "PasskeyExtensions": json_object(credProps=FLAG),
    "FactorCodeRequest": members(code={**CODE, "examples": ["123456"]}),
    "PasskeyCredentialRequest": members(credential=ref("CredentialRequest")),
    "NewPasskeyRequest": _closed({"name": _NAME}, credential=ref("CredentialRequest")),
    "CredentialRequest": _closed(
        {
            "authenticatorAttachment": TEXT,
            "clientExtensionResults": ref("ExtensionResultsRequest"),
        },
        id=_BINARY,
        rawId=_BINARY,
        type=_KIND,
        response=ref("CredentialResponseRequest"),
    ),
    "CredentialResponseRequest": _closed(
        {
            **dict.fromkeys(("attestationObject", "publicKey"), _BINARY),
            **dict.fromkeys(("authenticatorData", "signature", "userHandle"), _BINARY),
            "transports": {"type": "array", "items": TEXT},
            "publicKeyAlgorithm": {"type": "integer"},
        },
        clientDataJSON=_BINARY,
    ),
    "ExtensionResultsRequest": _closed({"credProps": ref("CredentialPropertiesRequest")}),
    "CredentialPropertiesRequest": _closed({"rk": FLAG}),
    "PasskeyNameRequest": members(id=_ID, name=_NAME),
    "PasskeysRequest": members(authenticators={"type": "array", "items": _ID}),
}


def _code(operation_id: str, summary: str, *also: str) -> Json:
    answer, body = "Authenticated", "FactorCodeRequest"
    return {"post": operation(operation_id, summary, answer, body=body, also=also)}


def _passkey(name: str, summary: str, *also: str) -> Json:
    begin, body = f"begin{name}", "PasskeyCredentialRequest"
    return {
        "get": operation(
            begin, f"{summary}: get the options for the device", "PasskeyRequest", also=also
        ),
        "post": operation(
            f"finish{name}",
            f"{summary}: send the device's response",
            "Authenticated",
            body=body,
            also=also,
        ),
    }


_TOTP, _CODES = "account/authenticators/totp", "account/authenticators/recovery-codes"
PATHS = paths_of(
    {
        "auth/2fa/authenticate": _code("authenticateByCode", "Finish a log-in with a code", "409"),
        "auth/2fa/reauthenticate": _code("reauthenticateByCode", "Reauthenticate with a code"),
        "auth/webauthn/login": _passkey("PasskeyLogIn", "Log in with a passkey alone"),
        "auth/webauthn/authenticate": _passkey(
            "PasskeyAuthentication", "Finish a log-in with a passkey", "409"
        ),
        "auth/webauthn/reauthenticate": _passkey(
            "PasskeyReauthentication", "Reauthenticate with a passkey"
        ),
        "account/authenticators": {
            "get": operation("listFactors", "List your second factors", "Factors")
        },
        _TOTP: {
            "get": operation(
                "getApp",
                "Get the authenticator app; a 404 response has the secret for its setup",
                "FactorAnswer",
                also=("404", "409"),
            ),
            "post": operation(
                "activateApp",
                "Switch the authenticator app on; other devices are logged out",
                "FactorAnswer",
                body="FactorCodeRequest",
                also=("409",),
            ),
            "delete": operation(
                "removeApp", "Switch it off; other devices are logged out", "AuthDone"
            ),
        },
        _CODES: {
            "get": operation(
                "getRecoveryCodes", "Get the recovery codes", "RecoveryCodesAnswer", also=("404",)
            ),
            "post": operation(
                "makeRecoveryCodes", "Make new recovery codes", "RecoveryCodesAnswer"
            ),
        },
        "account/authenticators/webauthn": {
            "get": operation(
                "beginPasskey",
                "Add a passkey: get the options for the device",
                "PasskeyCreation",
                also=("409",),
            ),
            "post": operation(
                "addPasskey",
                "Add a passkey: send the device's response; other devices are logged out",
                "FactorAnswer",
                body="NewPasskeyRequest",
                also=("409",),
            ),
            "put": operation(
                "renamePasskey", "Rename a passkey", "FactorAnswer", body="PasskeyNameRequest"
            ),
            "delete": operation(
                "removePasskeys",
                "Remove passkeys; other devices are logged out",
                "AuthDone",
                body="PasskeysRequest",
            ),
        },
    }
)
_set_up = PATHS[AUTH + _TOTP]["get"]["responses"]["404"]
_set_up |= {
    "description": "No authenticator app yet; `meta` has the secret for its setup.",
    **content_of("AppSetup"),
}
