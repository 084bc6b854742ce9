"""JSON as RFC 8259 means it."""

import json
from typing import Any

from django.conf import settings
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.utils import json as strict_json


class RepeatedMemberError(ValueError):
    """A JSON object has two members of one name."""

    def __init__(self) -> None:
        super().__init__("Duplicate object member.")


def unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For `object_pairs_hook`: readers differ in which of two they take (RFC 7493, 2.3)."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise RepeatedMemberError
    return members


class StrictJSONParser(JSONParser):
    """Repeated members, deep nesting and half characters are the client's error, not ours."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        encoding = (parser_context or {}).get("encoding", settings.DEFAULT_CHARSET)
        try:
            text = stream.read().decode(encoding)
            data = strict_json.loads(text, object_pairs_hook=unique_members)
            # Half a character (an escaped lone surrogate) can be neither stored nor answered.
            json.dumps(data, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            message = "Surrogate characters are not allowed."
            raise ValidationError(message, code="surrogate_characters_not_allowed") from error
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from error
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deeply.") from error
        return data
