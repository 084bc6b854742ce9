"""HTTPS, cookies, other origins, the Content-Security-Policy, and the checks for production."""

from typing import Any
from urllib.parse import urlsplit

from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF

from config import env, guard
from config.settings.database import DATABASES
from config.settings.email import EMAIL_HOST
from config.settings.files import STATIC_URL
from config.settings.runtime import (
    ALLOWED_HOSTS,
    DEBUG,
    PRODUCTION,
    SECRET_KEY,
    SECRET_KEY_FALLBACKS,
)
from config.settings.sms import SMS_PROVIDER


def _content_security_policy(static_url: str) -> dict[str, Any]:
    """Only own files, no inline script or style; static files may have another origin."""
    parts = urlsplit(static_url)
    own = [SELF, f"{parts.scheme}://{parts.netloc}"] if parts.netloc else [SELF]
    return {
        "DIRECTIVES": {
            "default-src": [NONE],
            "script-src": own,
            "style-src": own,
            "img-src": [*own, "data:"],
            "font-src": own,
            "manifest-src": own,
            "connect-src": own,  # the service worker caches static files
            "form-action": [SELF],
            "frame-ancestors": [NONE],
            "base-uri": [NONE],
        }
    }


if PRODUCTION:
    guard.refuse_unsafe(
        debug=DEBUG,
        secret_key=SECRET_KEY,
        old_secret_keys=SECRET_KEY_FALLBACKS,
        database_engine=DATABASES["default"]["ENGINE"],
        allowed_hosts=ALLOWED_HOSTS,
        sms_provider=SMS_PROVIDER,
        email_host=EMAIL_HOST,
    )

SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=PRODUCTION)
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", default=0)  # the number of proxies
CDN_SECRET = env.names("CDN_SECRET")  # shared with the CDN; two during a rotation
_PROXY = env.flag("TRUST_X_FORWARDED_PROTO", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _PROXY else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz/$", r"^readyz/$"]  # health checks use no TLS
X_FRAME_OPTIONS = "DENY"
MAX_BODY_BYTES = 64 * 1024
MAX_BODY_BYTES_OF = {
    # Routes with larger bodies: days of offline changes, and a small file.
    **dict.fromkeys(("/api/v1/sync/", "/api/v1/todos/bulk/", "/api/v1/imports/"), 1024 * 1024),
    "/transfer/": 4 * 1024 * 1024,  # a form with a file: Lambda accepts six megabytes in base64
}
# Uploads if no bucket receives them: read in chunks, never as a whole.
MAX_UPLOAD_BYTES = 100 * 1024 * 1024
UPLOADS = r"/api/v1/imports/[0-9a-fA-F-]{36}/file/"
DATA_UPLOAD_MAX_MEMORY_SIZE = max(MAX_BODY_BYTES, *MAX_BODY_BYTES_OF.values())
SESSION_COOKIE_NAME = "__Host-sessionid" if PRODUCTION else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if PRODUCTION else "csrftoken"
DEVICE_COOKIE_NAME = "__Host-device" if PRODUCTION else "device"  # of accounts.known_devices
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True  # pages send the token in forms and in hx-headers
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")
CORS_ALLOWED_ORIGINS = env.names("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/(api|service)/"
CORS_ALLOW_HEADERS = [
    *default_headers,
    "device-token",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "x-email-verification-key",
    "x-password-reset-key",
    "x-request-id",
    "x-session-token",
]
CORS_EXPOSE_HEADERS = [
    "Deprecation",
    "Device-Token",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Sunset",
    "WWW-Authenticate",
    "X-Request-Id",
]
CONTENT_SECURITY_POLICY = _content_security_policy(STATIC_URL)
