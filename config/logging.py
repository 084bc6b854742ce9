"""Log lines: readable on a terminal, JSON with a request id elsewhere, never with a secret."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from core.http import current_request_id

_FORMATTER = logging.Formatter()
_REDACTIONS = (
    # A header or a field that carries a credential, in any spelling, up to the end of its value.
    (
        re.compile(
            r"(?i)((?:authorization|cookie|x-session-token|password\d?|secret|auth_token|token"
            r"|api[-_]?key|sessionid|csrftoken|csrfmiddlewaretoken)[\"']?\s*[:=]\s*)"
            r"(?:\"[^\"]*\"|'[^']*'|(?:Bearer|Basic)\s+\S+|[^\s,;&}]+)"
        ),
        r"\1[redacted]",
    ),
    (re.compile(r"(?i)\b(Bearer|Basic)\s+[\w.~+/=-]+"), r"\1 [redacted]"),
    (re.compile(r"nudge_[\w-]{8,}"), "nudge_[redacted]"),
    (re.compile(r"\?[^\s\"'<>]*=[^\s\"'<>]*"), "?[redacted]"),
    (re.compile(r"(/auth/(?:confirm-email|password/reset/key)/)[^\s\"'/]+"), r"\1[redacted]"),
    (re.compile(r"(\+|%2B)\d{4,11}(\d{2})(?!\d)"), r"+…\2"),
)


def redact(text: str) -> str:
    """The text without query strings, credentials and whole phone numbers."""
    for pattern, replacement in _REDACTIONS:
        text = pattern.sub(replacement, text)
    return text


class RedactingFilter(logging.Filter):
    """Redacts the finished message and the traceback, so no argument slips through a format."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = redact(_FORMATTER.formatException(record.exc_info))
        return True


class JSONFormatter(logging.Formatter):
    """One line of JSON per record, as CloudWatch Logs Insights reads it."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current_request_id.get(),
        }
        if record.exc_text:
            line["traceback"] = record.exc_text
        return json.dumps(line, ensure_ascii=False)


def logging_config(*, json_lines: bool) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"redact": {"()": "config.logging.RedactingFilter"}},
        "formatters": {
            "json": {"()": "config.logging.JSONFormatter"},
            "plain": {"format": "%(levelname)s %(name)s: %(message)s"},
        },
        "handlers": {
            "default": {
                "class": "logging.StreamHandler",
                "formatter": "json" if json_lines else "plain",
                "filters": ["redact"],
            }
        },
        "root": {"handlers": ["default"], "level": "INFO"},
        # Django's own handlers would print what the filter removes.
        "loggers": {
            "django": {"handlers": ["default"], "level": "INFO", "propagate": False},
            "django.server": {"handlers": ["default"], "level": "INFO", "propagate": False},
        },
    }
