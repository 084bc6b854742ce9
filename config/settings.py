"""Every setting, in one file. Values come from the environment through config/env.py only.

Embedded (a laptop, no variable set): SQLite, DEBUG, e-mail and texts on the terminal, local files.
Guarded (on Lambda, or DEBUG off): refuses to start where something unsafe would go unnoticed.
"""

from pathlib import Path

import django_stubs_ext
from corsheaders.defaults import default_headers

from config import build_id, content_security, database, env, guard, logging, parameters
from config.api import (  # noqa: F401 - settings by their names
    DRF_STANDARDIZED_ERRORS,
    REST_FRAMEWORK,
    SPECTACULAR_SETTINGS,
)
from config.storages import storages

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where this runs ----------------------------------------------------------------------------
parameters.load(env.text("PARAMETERS_PATH"))  # before anything else is read
LAMBDA_FUNCTION = env.text("AWS_LAMBDA_FUNCTION_NAME")
ON_LAMBDA = bool(LAMBDA_FUNCTION)
DEBUG = env.flag("DEBUG", default=not ON_LAMBDA)
GUARDED = ON_LAMBDA or not DEBUG
VERSION = env.text("BUILD_ID", default=build_id())  # what /readyz/ answers

SECRET_KEY = env.text("SECRET_KEY", default="" if GUARDED else guard.EMBEDDED_SECRET_KEY)
SECRET_KEY_FALLBACKS = env.names("OLD_SECRET_KEYS")  # while a key is being rotated
# In DEBUG an empty list means this machine only. API_URL is set by the deploy.
ALLOWED_HOSTS = [*env.names("ALLOWED_HOSTS"), *env.hosts("API_URL", "PUBLIC_BASE_URL")]
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")

DATABASE_SECRET_ARN = env.text("DATABASE_SECRET_ARN")
DATABASE_NAMED_TWICE = bool(DATABASE_SECRET_ARN and env.text("DATABASE_URL"))
_database = database.managed(
    secret_arn=DATABASE_SECRET_ARN, host=env.text("DATABASE_HOST"), name=env.text("DATABASE_NAME")
) or env.database("DATABASE_URL", default=f"sqlite:///{BASE_DIR}/db.sqlite3")
DATABASES = {"default": database.tuned(_database)}
SMS_PROVIDER = env.text("SMS_PROVIDER", default="" if GUARDED else "console")
EMAIL_HOST = env.text("EMAIL_HOST")

if GUARDED:
    guard.refuse_unsafe(
        debug=DEBUG,
        secret_key=SECRET_KEY,
        old_secret_keys=SECRET_KEY_FALLBACKS,
        database_engine=_database["ENGINE"],
        allowed_hosts=ALLOWED_HOSTS,
        sms_provider=SMS_PROVIDER,
        email_host=EMAIL_HOST,
    )

# Shared by every process, unlike memory: allauth's log-in limits count in it.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "core_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# --- Applications -------------------------------------------------------------------------------
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "core",
    "allauth",  # before accounts, whose admin replaces allauth's
    "allauth.account",
    "allauth.headless",
    "allauth.usersessions",
    "accounts",
    "sms",
    "todos",
    "accounts.apps.NudgeAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "corsheaders",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
]

MIDDLEWARE = [
    "core.middleware.request_id",
    "core.middleware.no_store",
    "django.middleware.locale.LocaleMiddleware",  # before what may refuse in words
    "core.middleware.valid_host",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "core.middleware.body_limit",
    "core.middleware.understandable",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SignedInMiddleware",  # default deny
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.middleware.ApiErrorShapeMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "core.middleware.DatabaseUnavailableMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- Accounts -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "todos:index", "home"  # "/" is not below a stage
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 90 * 24 * 3600
SESSION_COOKIE_NAME = "__Host-sessionid" if GUARDED else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if GUARDED else "csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = GUARDED
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True  # the page carries its token in the form and in hx-headers

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ("email", "name")}),
        ("MinimumLengthValidator", {"min_length": 10}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]

ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {"signup": "accounts.forms.SignupForm"}
# Embedded: usable at once, the link is on the terminal. Elsewhere an address must be proved first.
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if GUARDED else "optional"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = GUARDED
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = GUARDED
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # strangers get no mail from us
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Nudge: "
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 900
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}  # the key is the address typed
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if GUARDED else "http"
USERSESSIONS_TRACK_ACTIVITY = True  # shown; written once a day by accounts.sessions.touch
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "accounts.tokens.BearerSessionStrategy"  # noqa: S105 - a class

EMAIL_PORT = env.integer("EMAIL_PORT", default=587)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=True)
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", default="Nudge <nudge@localhost>")
ADMINS = [("", address) for address in env.names("ADMINS")]  # warned when a limit comes near

# --- Security -----------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=GUARDED)
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", default=0)  # whose X-Forwarded-For is believed
_PROXY = env.flag("TRUST_X_FORWARDED_PROTO", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _PROXY else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if GUARDED else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = GUARDED
SECURE_REDIRECT_EXEMPT = [r"^healthz/$", r"^readyz/$"]  # asked from inside, without TLS
X_FRAME_OPTIONS = "DENY"
MAX_BODY_BYTES = 64 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
CORS_ALLOWED_ORIGINS = env.names("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/(api|service)/"
CORS_ALLOW_HEADERS = [*default_headers, "idempotency-key", "if-match", "if-none-match"]
CORS_EXPOSE_HEADERS = ["ETag", "Idempotency-Replayed", "Location", "Retry-After", "X-Request-Id"]

# --- Files --------------------------------------------------------------------------------------
STATIC_URL = env.text("STATIC_URL", default="static/")
STATIC_ROOT = BASE_DIR / "staticfiles"  # holds the manifest, also in the package for Lambda
STATICFILES_DIRS = [*BASE_DIR.glob("static")]  # not in the package for Lambda
MEDIA_ROOT = BASE_DIR / "media"
STORAGES = storages(
    hashed=bool(env.text("STATIC_URL")),
    static_bucket=env.text("STATIC_BUCKET"),
    media_bucket=env.text("MEDIA_BUCKET"),
)
CONTENT_SECURITY_POLICY = content_security.policy(STATIC_URL)

# --- Language, time, logs -----------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]  # those whose texts are complete
TIME_ZONE = "UTC"
LOGGING = logging.logging_config(json_lines=GUARDED)

# --- SMS ----------------------------------------------------------------------------------------
# After commit: "lambda" invokes, "threads" runs here, "inline" runs at once (tests).
BACKGROUND = env.text("BACKGROUND", default="lambda" if ON_LAMBDA else "threads")
BACKGROUND_THREADS = env.integer("BACKGROUND_THREADS", default=8)
DEAD_LETTER_QUEUE_URL = env.text("DEAD_LETTER_QUEUE_URL")  # what Lambda gave up

SMS_ENABLED = env.flag("SMS_ENABLED", default=True)
# How many an account may send is its allowance in the admin: none until it is granted.
SMS_DESTINATION_DAILY_LIMIT = env.integer("SMS_DESTINATION_DAILY_LIMIT", default=10)
SMS_COUNTRY_DAILY_LIMIT = env.integer("SMS_COUNTRY_DAILY_LIMIT", default=200)
SMS_DAILY_LIMIT = env.integer("SMS_DAILY_LIMIT", default=500)  # all accounts together
SMS_MONTHLY_SEGMENTS = env.integer("SMS_MONTHLY_SEGMENTS", default=2000)
SMS_MAX_SEGMENTS = env.integer("SMS_MAX_SEGMENTS", default=4)  # of one text
SMS_ALLOWED_REGIONS = env.names("SMS_ALLOWED_REGIONS")  # empty: the region of TO_NUMBER
# The seed's names first; the aliases are for environments where those are taken.
TWILIO_ACCOUNT_SID = env.text("ACCOUNT_SID", "TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env.text("AUTH_TOKEN", "TWILIO_AUTH_TOKEN")
SMS_FROM_NUMBER = env.text("FROM_NUMBER", "TWILIO_FROM_NUMBER")
SMS_TO_NUMBER = env.text("TO_NUMBER", "TWILIO_TO_NUMBER")
TWILIO_API_BASE_URL = env.text("TWILIO_API_BASE_URL", default="https://api.twilio.com")
# A pool of senders instead of FROM_NUMBER.
TWILIO_MESSAGING_SERVICE_SID = env.text("TWILIO_MESSAGING_SERVICE_SID")
# Where the world reaches this service, with the stage: for callbacks and their signatures.
PUBLIC_BASE_URL = env.text("PUBLIC_BASE_URL", "API_URL")
AWS_SMS_REGION = env.text("AWS_SMS_REGION")
AWS_SMS_ORIGINATION_IDENTITY = env.text("AWS_SMS_ORIGINATION_IDENTITY", "FROM_NUMBER")
AWS_SMS_CONFIGURATION_SET = env.text("AWS_SMS_CONFIGURATION_SET")
