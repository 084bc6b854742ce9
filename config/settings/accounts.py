"""Log-in, sign-up and sessions; allauth's settings begin with ACCOUNT_ and HEADLESS_."""

from config import env
from config.settings.runtime import PRODUCTION

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "todos:index", "home"  # "/" lacks the stage
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 90 * 24 * 3600

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ("email", "name")}),
        ("MinimumLengthValidator", {"min_length": 10}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]

ACCOUNT_ADAPTER = "accounts.allauth.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    name: f"accounts.forms.{form}Form"
    for name, form in (
        ("signup", "Signup"),
        ("add_email", "AddEmail"),
        ("change_password", "ChangePassword"),
        ("set_password", "SetPassword"),
        ("reset_password", "ResetPassword"),
        ("reset_password_from_key", "ResetPasswordKey"),
        ("reauthenticate", "Reauthenticate"),
        ("confirm_email_verification_code", "ConfirmEmail"),
        ("confirm_password_reset_code", "ConfirmReset"),
    )
}
# In development an account works immediately, and the terminal shows the link. In production users
# must verify the address first.
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if PRODUCTION else "optional"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = PRODUCTION
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = PRODUCTION
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True  # the adapter sends strangers no mail
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Nudge: "
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 900
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}  # the key is the typed address
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600  # seconds after a log-in, or after the last proof
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PRODUCTION else "http"
MFA_ADAPTER = "accounts.allauth.mfa.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_FORMS = {
    name: f"accounts.factor_forms.{form}Form"
    for name, form in (
        ("authenticate", "Authenticate"),
        ("reauthenticate", "Reauthenticate"),
        ("activate_totp", "ActivateApp"),
        ("add_webauthn", "AddPasskey"),
        ("edit_webauthn", "RenamePasskey"),
    )
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # a passkey alone is two factors
MFA_TOTP_TOLERANCE = 1  # accept the codes before and after the present one
MFA_RATE_LIMITS = {"webauthn_login": "30/m/ip"}
PASSKEY_HOST = env.text("PASSKEY_HOST")  # of passkeys; empty: the host of the request
PASSKEY_ORIGINS = env.names("PASSKEY_ORIGINS")  # of apps that may use them, besides that host
STAFF_NEED_FACTOR = env.flag("STAFF_NEED_FACTOR", default=False)
USERSESSIONS_ADAPTER = "accounts.allauth.ended_devices.DevicesAdapter"
USERSESSIONS_TRACK_ACTIVITY = True  # shown; written once a day by accounts.sessions.touch
REGISTRATION = env.choice("REGISTRATION", of=("open", "invitation", "closed"))
REGISTRATION_DOMAINS = [name.lower() for name in env.names("REGISTRATION_DOMAINS")]
REGISTRATIONS_DAILY = env.integer("REGISTRATIONS_DAILY", default=1000)
ADMIN_SHOWS_TITLES = env.flag("ADMIN_SHOWS_TITLES", default=True)
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "accounts.tokens.BearerSessionStrategy"  # noqa: S105 - a class
