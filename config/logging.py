"""Log lines: plain text on a terminal, otherwise JSON with a request id; without secrets."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from core.http import current_request_id
from core.redaction import redact

_FORMATTER = logging.Formatter()


class RedactingFilter(logging.Filter):
    """Redacts the formatted message and the traceback, so that it misses no argument."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(_message(record)), ()
        # Another handler may have formatted the traceback already, unredacted: format it again.
        if record.exc_info:
            record.exc_text = redact(_FORMATTER.formatException(record.exc_info))
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a wrong log call must not break the request
        return f"{record.msg} (the arguments of this log call do not fit)"


class JSONFormatter(logging.Formatter):
    """One line of JSON per record, for CloudWatch Logs Insights.

    ASCII only, so that no line separator or lone surrogate of Unicode breaks a line.
    """

    FACTS = ("task", "duration_ms", "outcome", "client_request_id")  # added by serverless

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current_request_id.get(),
        }
        line |= {name: getattr(record, name) for name in self.FACTS if hasattr(record, name)}
        if record.exc_text:
            line["traceback"] = record.exc_text
        return json.dumps(line)


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
        # Django's own handlers would print what the filter redacts.
        "loggers": {
            "django": {"handlers": ["default"], "level": "INFO", "propagate": False},
            "django.server": {"handlers": ["default"], "level": "INFO", "propagate": False},
            # Logs the ids of passkeys at INFO.
            "fido2": {"handlers": ["default"], "level": "WARNING", "propagate": False},
            # Logs at INFO where it found its credentials.
            "botocore": {"handlers": ["default"], "level": "WARNING", "propagate": False},
        },
    }
