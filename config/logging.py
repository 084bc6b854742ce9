"""Log lines: readable on a terminal, JSON with a request id elsewhere, never with a secret."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from core.http import current_request_id

_FORMATTER = logging.Formatter()
_CREDENTIAL = r"\w{0,40}(?:password|passwd|secret|token|api[-_]?key|session[-_]?id|csrf)\w{0,40}"
# A value: quoted (also inside quoted JSON), or up to the next blank or separator.
_VALUE = (
    r"(?:b?\"(?:[^\"\\]|\\.)*\"?|b?'(?:[^'\\]|\\.)*'?|\\+\"(?:(?!\\+\").)*(?:\\+\")?|[^\s,;&}\])]+)"
)
_REDACTIONS = (
    # A header that carries credentials: to the end of the line or of the quoted text.
    (
        re.compile(
            r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(\\*[\"']?\s*[:=]\s*(?:\[?\(?b?\\*[\"'])?)"
            r"[^\r\n\"']+"
        ),
        r"\1\2[redacted]",
    ),
    # A field whose name says that it is a credential, in any spelling.
    (
        re.compile(rf"(?i)({_CREDENTIAL}\\*[\"']?\s*(?:[:=]|=>|,(?=\s*b?[\"']))\s*){_VALUE}"),
        r"\1[redacted]",
    ),
    (re.compile(r"(?i)\b(Bearer|Basic)\s+[^\s,;\"']+"), r"\1 [redacted]"),
    (re.compile(r"nudge_[\w-]{20,}"), "nudge_[redacted]"),
    # The password of a URL such as postgresql://user:password@host/name.
    (re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://[^\s:/@]*):[^\s\"']*@"), r"\1:[redacted]@"),
    # Query strings, and links that are keys: confirmation, reset, calendar feed.
    (re.compile(r"([\w/.~%-])\?[^\s\"'<>]+"), r"\1?[redacted]"),
    (re.compile(r"(/(?:confirm-email|password/reset/key|feeds)/)[^\s\"'/?]+"), r"\1[redacted]"),
    # A session key by itself: 32 of a-z0-9; hexadecimal digests and UUIDs are left readable.
    (re.compile(r"\b(?=[a-f0-9]*[g-z])[a-z0-9]{32}\b"), "[redacted]"),
    # A phone number (E.164, also with blanks or dashes), of which the last two digits stay. Its
    # plus may be escaped as in a URL, once or twice, or as in a path of the admin.
    (
        re.compile(
            r"(?:\+|%(?:25)*2[Bb]|_2B)[1-9](?:[ ().-]{0,2}\d){3,12}[ ().-]{0,2}(\d{2})(?!\d)"
        ),
        r"+…\1",
    ),
    # One without a plus, where the name before it says so: other digits may be ids and times.
    (
        re.compile(
            r"(?i)((?:phone|mobile|msisdn|recipient)(?:[ _-]?(?:number|no))?"
            r"\\*[\"']?\s*[:=]\s*\\*[\"']?)\d{5,15}(\d{2})(?!\d)"
        ),
        r"\1…\2",
    ),
)


def redact(text: str) -> str:
    """The text without query strings, credentials and whole phone numbers."""
    for pattern, replacement in _REDACTIONS:
        text = pattern.sub(replacement, text)
    return text


class RedactingFilter(logging.Filter):
    """Redacts the finished message and the traceback, so no argument slips through a format."""

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
    except Exception:  # noqa: BLE001 - a wrong log call must not break the request it reports on
        return f"{record.msg} (the arguments of this log call do not fit)"


class JSONFormatter(logging.Formatter):
    """One line of JSON per record, as CloudWatch Logs Insights reads it.

    ASCII only, so that no line separator or lone surrogate of Unicode breaks a line.
    """

    FACTS = ("task", "duration_ms", "outcome")  # what config.on_lambda adds

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
        # Django's own handlers would print what the filter removes.
        "loggers": {
            "django": {"handlers": ["default"], "level": "INFO", "propagate": False},
            "django.server": {"handlers": ["default"], "level": "INFO", "propagate": False},
            # Tells at INFO where it found its credentials.
            "botocore": {"handlers": ["default"], "level": "WARNING", "propagate": False},
        },
    }
