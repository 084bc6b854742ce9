"""The REST API and its OpenAPI document."""

from typing import Any

from config import env

# How many objects an account may have, and how many idempotency keys it may use a day.
QUOTA_LISTS = env.integer("QUOTA_LISTS", default=1_000)
QUOTA_TODOS = env.integer("QUOTA_TODOS", default=100_000)
QUOTA_TAGS = env.integer("QUOTA_TAGS", default=5_000)
QUOTA_FILTERS = env.integer("QUOTA_FILTERS", default=500)
QUOTA_TOKENS = env.integer("QUOTA_TOKENS", default=50)
QUOTA_BYTES = env.integer("QUOTA_BYTES", default=100_000_000)  # of notes
QUOTA_IDEMPOTENCY_KEYS = env.integer("QUOTA_IDEMPOTENCY_KEYS", default=10_000)
WRITE_LIMIT = env.integer("WRITE_LIMIT", default=2000)  # of one account in 15 minutes
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BearerAuthentication",  # first, for 401 instead of 403
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["core.api.throttles.WriteThrottle"],
    "DEFAULT_PARSER_CLASSES": ["core.api.fields.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "core.api.renderers.BrowsableRenderer",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "core.api.renderers.SignedInNegotiation",
    "DEFAULT_PAGINATION_CLASS": "core.api.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.DocumentedSchema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "NUM_PROXIES": 0,  # so that DRF's throttles count by REMOTE_ADDR, never by X-Forwarded-For
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
DRF_STANDARDIZED_ERRORS: dict[str, Any] = {
    "EXCEPTION_HANDLER_CLASS": "core.api.errors.ExceptionHandler",
    "EXCEPTION_FORMATTER_CLASS": "core.api.errors.ExceptionFormatter",
    "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": True,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Nudge",
    "DESCRIPTION": "To-dos with text reminders. docs/api.md has the rules for all routes.",
    "VERSION": "v1",
    "OAS_VERSION": "3.1.0",
    "PATH_CONVERTER_OVERRIDES": {"id": {"type": "string", "format": "uuid"}},
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "PREPROCESSING_HOOKS": ["config.documentation.register"],
    "POSTPROCESSING_HOOKS": [
        "config.documentation.add_plain_routes",
        "core.api.document.unwrap_references",
        "core.api.document.several",
        "core.api.document.name_enums",
        "core.api.document.describe_tags",
        "config.documentation.add_formats",
        "config.documentation.add_examples",
        "core.api.document.share_errors",
        "core.api.document.name_server",
    ],
}
