"""Content-Security-Policy: our own files and nothing else, no inline script or style."""

from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF


def policy(static_url: str) -> dict[str, Any]:
    """The policy of every page; static files may come from an origin of their own."""
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
            "connect-src": [SELF],
            "form-action": [SELF],
            "frame-ancestors": [NONE],
            "base-uri": [NONE],
        }
    }
