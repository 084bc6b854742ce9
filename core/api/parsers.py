"""JSON as RFC 8259 means it."""

import json
from typing import Any

from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser


class StrictJSONParser(JSONParser):
    """Deep nesting and half characters are the client's error, not ours."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
            # Half a character (an escaped lone surrogate) can be neither stored nor answered.
            json.dumps(data, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            message = "Surrogate characters are not allowed."
            raise ValidationError(message, code="surrogate_characters_not_allowed") from error
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deeply.") from error
        return data
