"""allauth's routes in the product's OpenAPI document, as this service serves them.

allauth's own document covers every configuration: phones, user names and providers that this
service does not offer, and responses that allauth does not send.
"""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from accounts.known_devices import HEADER as DEVICE_TOKEN
from core.api.document import json_answer, json_object

Json = dict[str, Any]

AUTH = "/api/auth/app/v1/"
SECURITY_SCHEME = "deviceToken"
TAG = {
    "name": "auth",
    "description": "Sign-up, log-in and the devices of an account. Paths have no slash at the end.",
}


class DeviceToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes BearerAuthentication for drf-spectacular."""

    target_class = "accounts.authentication.BearerAuthentication"
    name = SECURITY_SCHEME

    def get_security_definition(self, auto_schema: object) -> Json:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "`meta.session_token` of a sign-up or log-in under /api/auth/.",
        }


# --- Schemas ------------------------------------------------------------------------------------

TEXT = {"type": "string"}
NOT_EMPTY = {"type": "string", "minLength": 1, "pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"}
FLAG = {"type": "boolean"}
_UUID = {"type": "string", "format": "uuid"}
_EMAIL = {"type": "string", "format": "email", "maxLength": 254}
_SECRET = {**NOT_EMPTY, "format": "password", "examples": ["a long passphrase"]}
CODE = {**NOT_EMPTY, "examples": ["XXSJ-QXTM"]}
_STATUS = {"type": "integer", "description": "The status of this response.", "examples": [200]}
SECONDS = {"type": "number", "description": "Seconds since 1970.", "examples": [1764662400.5]}


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def many(name: str) -> Json:
    return {"type": "array", "items": ref(name)}


def members(**required: Json) -> Json:
    return {**json_object(**required), "additionalProperties": False}


def answered(data: Json, meta: str = "SessionMeta") -> Json:
    """A response with this `data`; it has `meta` only with a new token."""
    return json_object({"meta": ref(meta)}, status=_STATUS, data=data)


TOKEN = {
    **TEXT,
    "description": "The new token of this device; keep it.",
    "examples": ["op2op83ldusdjc3l9vjytiyctolxv3pc"],
}
SCHEMAS: Json = {
    "Account": json_object(
        id=_UUID,
        display={**TEXT, "examples": ["you@example.com"]},
        email=_EMAIL,
        has_usable_password=FLAG,
    ),
    "AuthenticationMethod": json_object(
        {
            "email": {**_EMAIL, "description": "The address of the log-in."},
            "reauthenticated": {**FLAG, "description": "True for a reauthentication."},
            "id": {"type": "integer", "description": "The id of the second factor."},
            "type": {**TEXT, "description": "Its type.", "examples": ["totp"]},
            "passwordless": {**FLAG, "description": "True for a log-in with a passkey alone."},
        },
        method={**TEXT, "examples": ["password"]},
        at=SECONDS,
    ),
    "AuthenticationMeta": json_object({"session_token": TOKEN}, is_authenticated=FLAG),
    "SessionMeta": json_object(
        {
            "session_token": TOKEN,
            "is_authenticated": {**FLAG, "description": "In responses about the session."},
            "is_authenticating": {**FLAG, "description": "Whether a log-in waits for this step."},
        }
    ),
    "AuthenticationFlow": json_object(
        {
            "is_pending": {**FLAG, "description": "Whether this is the step to take now."},
            "types": {
                "type": "array",
                "items": TEXT,
                "description": "The types of a second step: `totp`, `recovery_codes`, `webauthn`.",
            },
        },
        id={
            **TEXT,
            "description": "`login`, `signup`, `verify_email`, `password_reset_by_code`,"
            " `reauthenticate`, `mfa_authenticate`, `mfa_reauthenticate`, `mfa_login_webauthn`;"
            " clients must ignore unknown ones.",
            "examples": ["verify_email"],
        },
    ),
    "AuthenticationSteps": json_object(
        {"user": ref("Account"), "methods": many("AuthenticationMethod")},
        flows=many("AuthenticationFlow"),
    ),
    "AuthError": {
        "description": "The error shape of the whole API, with the members that allauth adds.",
        **json_object(
            {
                "status": {**_STATUS, "examples": [401]},
                "data": ref("AuthenticationSteps"),
                "meta": ref("SessionMeta"),
                "keep": ref("KeepOffer"),
            },
            type={"type": "string", "enum": ["validation_error", "client_error", "server_error"]},
            errors=many("AuthErrorItem"),
        ),
    },
    "KeepOffer": {
        "description": "In `deletion_pending`: the token that keeps the account, and until when.",
        **json_object(token=TEXT, until={"type": "string", "format": "date-time"}),
    },
    "AuthErrorItem": json_object(
        {
            "message": {**TEXT, "description": "`detail`, for clients of allauth."},
            "param": {**TEXT, "description": "`attr`, for clients of allauth."},
        },
        code={**TEXT, "description": "Stable; docs/api.md lists them."},
        detail={**TEXT, "description": "A sentence for people."},
        attr={"type": ["string", "null"], "description": "The member that it is about."},
    ),
    "Authenticated": json_object(
        status=_STATUS,
        data=ref("AuthenticatedData"),
        meta=ref("AuthenticationMeta"),
    ),
    "AuthenticatedData": json_object(user=ref("Account"), methods=many("AuthenticationMethod")),
    "AuthConfig": answered(ref("AuthConfigData")),
    "AuthConfigData": json_object(
        account=ref("AccountConfig"), mfa=ref("FactorConfig"), usersessions=ref("DeviceConfig")
    ),
    "AccountConfig": json_object(
        login_methods={"type": "array", "items": TEXT, "examples": [["email"]]},
        authentication_method={**TEXT, "examples": ["email"]},
        is_open_for_signup=FLAG,
        email_verification_by_code_enabled=FLAG,
        login_by_code_enabled=FLAG,
        password_reset_by_code_enabled=FLAG,
    ),
    "DeviceConfig": json_object(track_activity=FLAG),
    "FactorConfig": json_object(
        supported_types={"type": "array", "items": TEXT, "examples": [["totp"]]},
        passkey_login_enabled=FLAG,
    ),
    "EmailAddress": json_object(email=_EMAIL, verified=FLAG, primary=FLAG),
    "EmailAddresses": answered(many("EmailAddress")),
    "EmailVerification": answered(ref("EmailVerificationData")),
    "EmailVerificationData": json_object(email=_EMAIL, user=ref("Account")),
    "PasswordResetCheck": answered(ref("PasswordResetData")),
    "PasswordResetData": json_object(user=ref("Account")),
    "Device": json_object(
        id={"type": "integer", "format": "int64", "minimum": 1},
        ip={**TEXT, "examples": ["198.51.100.1"]},
        user_agent={**TEXT, "examples": ["Phone/1.0"]},
        name={**TEXT, "description": "The name you gave it, otherwise the browser and the system."},
        browser={**TEXT, "examples": ["Chrome on Linux"]},
        is_current=FLAG,
        created_at=SECONDS,
        last_seen_at=SECONDS,
    ),
    "Devices": answered(many("Device")),
    "AuthDone": json_object({"meta": ref("SessionMeta")}, status=_STATUS),
    "SignUpRequest": {
        **json_object(
            {
                "invitation": {
                    **TEXT,
                    "description": "The token in the link, if sign-up is by invitation.",
                }
            },
            email=_EMAIL,
            password=_SECRET,
        ),
        "additionalProperties": False,
    },
    "LogInRequest": members(email=_EMAIL, password=_SECRET),
    "ReauthenticationRequest": members(password=_SECRET),
    "EmailVerificationRequest": members(key=CODE),
    "EmailRequest": members(email=_EMAIL),
    "PrimaryEmailRequest": members(email=_EMAIL, primary={**FLAG, "description": "`true`"}),
    "PasswordResetRequest": members(key=CODE, password=_SECRET),
    "PasswordChangeRequest": members(current_password=_SECRET, new_password=_SECRET),
    "DeviceNameRequest": members(
        id={"type": "integer", "format": "int64", "minimum": 1},
        name={**TEXT, "maxLength": 60, "examples": ["My phone"]},
    ),
    "DevicesRequest": members(
        sessions={
            "type": "array",
            "items": {"type": "integer", "format": "int64", "minimum": 1},
            "description": "The ids of devices.",
        }
    ),
}

# --- Routes -------------------------------------------------------------------------------------

_ERRORS = {
    "400": "The body or one of its values is invalid.",
    "401": "Not signed in, or a step is missing: `data.flows` lists the next steps.",
    "403": "Not allowed.",
    "404": "There is none.",
    "405": "This method does not exist here.",
    "409": "Does not fit the state of the session.",
    "413": "The body is too large.",
    "415": "The body is not UTF-8.",
    "429": "Too many requests; `Retry-After` says how many seconds to wait.",
    "500": "Internal error.",
    "503": "The database or the mail server cannot be reached; `Retry-After` says when to repeat.",
}
_ALWAYS = {"400", "401", "405", "413", "415", "429", "500", "503"}


def operation(
    operation_id: str,
    summary: str,
    answer: str | None,
    *,
    body: str | None = None,
    header: str | None = None,
    also: tuple[str, ...] = (),
    tag: str = "auth",
) -> Json:
    """`answer` is the body of 200; `also` has the statuses besides those of every route."""
    described: Json = {
        "operationId": operation_id,
        "summary": summary,
        "tags": [tag],
        "security": [{SECURITY_SCHEME: []}, {}],  # a step of a log-in needs no token yet
        "responses": {},
    }
    if header:
        parameter = {"name": header, "in": "header", "required": True, "schema": CODE}
        described["parameters"] = [{**parameter, "description": "The code from the mail."}]
    if body:
        content = {"application/json": {"schema": ref(body)}}
        described["requestBody"] = {"required": True, "content": content}
    if answer:
        told = {"X-Request-Id": True} | ({DEVICE_TOKEN: False} if operation_id in LOG_INS else {})
        described["responses"]["200"] = json_answer("Done.", answer, told)
    described["responses"] |= {
        status: _error_answer(status) for status in sorted({*_ALWAYS, *also})
    }
    return described


def _error_answer(status: str) -> Json:
    extra = {"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After"}.get(status)
    headers = {"X-Request-Id": True, **({extra: True} if extra else {})}
    return json_answer(_ERRORS[status], "AuthError", headers)


def paths_of(routes: dict[str, dict[str, Json]]) -> Json:
    for operations in routes.values():
        for verb, operation in operations.items():
            _add_shared_headers(verb, operation["responses"])
    return {AUTH + route: operations for route, operations in routes.items()}


def _add_shared_headers(verb: str, answers: Json) -> None:
    """The headers of every route (core/middleware.py)."""
    names = ["ETag"] if verb == "get" else ["RateLimit", "RateLimit-Policy"]
    for answer in answers.values():
        answer["headers"] |= {name: _optional_header() for name in names}
    if verb == "get":
        headers = {"X-Request-Id": {"schema": {"type": "string"}, "required": True}}
        answers["304"] = {
            "description": "Not changed since the ETag in `If-None-Match`.",
            "headers": {**headers, "ETag": _optional_header()},
        }


def _optional_header() -> Json:
    return {"schema": {"type": "string"}, "required": False}


# These operations issue a Device-Token.
LOG_INS = (
    *("signUp", "logIn", "verifyEmail"),
    *("authenticateByCode", "finishPasskeyLogIn", "finishPasskeyAuthentication"),
)
PATHS = paths_of(
    {
        "config": {
            "get": operation("getAuthConfig", "Get how sign-up and log-in are set up", "AuthConfig")
        },
        "auth/signup": {
            "post": operation(
                "signUp",
                "Create an account",
                "Authenticated",
                body="SignUpRequest",
                also=("403", "409"),
            )
        },
        "auth/login": {
            "post": operation(
                "logIn", "Log in", "Authenticated", body="LogInRequest", also=("403", "409")
            )
        },
        "auth/session": {
            "get": operation("getSession", "Am I signed in?", "Authenticated"),
            "delete": operation("logOut", "Log out; the answer is 401, for now you are", None),
        },
        "auth/sessions": {
            "get": operation("listDevices", "List the devices that are signed in", "Devices"),
            "put": operation("nameDevice", "Name a device", "Devices", body="DeviceNameRequest"),
            "delete": operation(
                "logOutDevices", "Log devices out", "Devices", body="DevicesRequest"
            ),
        },
        "auth/email/verify": {
            "get": operation(
                "checkEmailCode",
                "Check a code without using it up, and get its account",
                "EmailVerification",
                header="X-Email-Verification-Key",
                also=("409",),
            ),
            "post": operation(
                "verifyEmail",
                "Verify an address",
                "Authenticated",
                body="EmailVerificationRequest",
                also=("409",),
            ),
        },
        "auth/email/verify/resend": {
            "post": operation(
                "resendEmailCode", "Send another code", "AuthDone", also=("403", "409")
            )
        },
        "auth/reauthenticate": {
            "post": operation(
                "reauthenticate",
                "Reauthenticate",
                "Authenticated",
                body="ReauthenticationRequest",
            )
        },
        "auth/password/request": {
            "post": operation(
                "requestPasswordReset",
                "Send a code for a new password; the answer is 401 with the step that is pending",
                None,
                body="EmailRequest",
            )
        },
        "auth/password/reset": {
            "get": operation(
                "checkPasswordResetCode",
                "Check a code without using it up",
                "PasswordResetCheck",
                header="X-Password-Reset-Key",
                also=("409",),
            ),
            "post": operation(
                "resetPassword",
                "Set a new password; the answer is 401, for now log in",
                None,
                body="PasswordResetRequest",
                also=("409",),
            ),
        },
        "account/password/change": {
            "post": operation(
                "changePassword",
                "Change the password and log all other devices out",
                "Authenticated",
                body="PasswordChangeRequest",
            )
        },
        "account/email": {
            "get": operation("listEmails", "List your addresses", "EmailAddresses"),
            "post": operation(
                "addEmail",
                "Add an address and send its code",
                "EmailAddresses",
                body="EmailRequest",
                also=("409",),
            ),
            "put": operation(
                "sendEmailCode",
                "Send the code of an address again",
                "AuthDone",
                body="EmailRequest",
                also=("403",),
            ),
            "patch": operation(
                "choosePrimaryEmail",
                "Choose the address to log in with",
                "EmailAddresses",
                body="PrimaryEmailRequest",
            ),
            "delete": operation(
                "removeEmail", "Remove an address", "EmailAddresses", body="EmailRequest"
            ),
        },
    }
)
PATHS[f"{AUTH}auth/login"]["post"]["parameters"] = [
    {
        "name": DEVICE_TOKEN,
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": "From the last log-in of this device; exempts it from locks by strangers.",
    }
]
