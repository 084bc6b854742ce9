"""The applications, middleware and templates of the project."""

from config.settings.runtime import BASE_DIR

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "core",
    "serverless",
    "allauth",  # before accounts, whose admin replaces that of allauth
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
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
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
]

MIDDLEWARE = [
    "core.middleware.request_id",
    "core.middleware.no_store",
    "core.middleware.CompressionMiddleware",  # outside the middleware that reads or changes a body
    "core.middleware.entity_tags",
    "django.middleware.locale.LocaleMiddleware",  # before middleware that sends translated errors
    "core.middleware.valid_host",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "core.middleware.body_limit",
    "core.middleware.reject_malformed_requests",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "core.middleware.PathMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SignedInMiddleware",  # requires a log-in by default
    "core.middleware.WriteLimitMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.allauth.errors.ApiErrorShapeMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "core.middleware.UnavailableMiddleware",
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
