"""Where a request stands in the world, in API Gateway's words and never in the client's.

Zappa takes the stage off a path by a bare comparison of text (`/devices` in stage dev became
`ices`), knows it under amazonaws.com only, and has REMOTE_ADDR from X-Forwarded-For.
"""

from typing import Any
from urllib.parse import SplitResult, unquote, unquote_to_bytes, urlsplit

from django.conf import settings

from core.events import Event
from core.http import gateway_address

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def put_right(environ: dict[str, Any]) -> None:
    """SCRIPT_NAME, PATH_INFO, REMOTE_ADDR, headers and, on this machine only, the scheme."""
    event: Event | None = environ.get("lambda.event")
    if event is None:
        return
    prefix, path = _http_api(event) if event.get("version") == "2.0" else _rest_api(event)
    public = _public_address(environ.get("HTTP_HOST", ""))
    if public is not None:
        prefix = public.path.rstrip("/")
        path = path.removeprefix(prefix) if _begins(path, prefix) else path
        environ["wsgi.url_scheme"] = _scheme(public)
    environ["SCRIPT_NAME"] = prefix
    environ["PATH_INFO"] = unquote_to_bytes(path or "/").decode("latin-1")
    environ["REMOTE_ADDR"] = gateway_address(environ) or environ.get("REMOTE_ADDR", "")
    environ.update({name: _in_latin_1(environ[name]) for name in environ if name[:5] == "HTTP_"})


def _in_latin_1(header: str) -> str:
    """PEP 3333: every character is one byte. Zappa hands on the text of the event, of any script.

    Django failed with 500 at a cookie that has such a character.
    """
    try:
        header.encode("latin-1")
    except UnicodeEncodeError:
        return header.encode(errors="replace").decode("latin-1")
    return header


def _rest_api(event: Event) -> tuple[str, str]:
    """`path` is without the stage, and with the base path of a custom domain."""
    path, context = str(event.get("path") or "/"), event.get("requestContext") or {}
    whole, stage = str(context.get("path") or path), f"/{context.get('stage', '')}"
    if whole != path and _begins(whole, stage):
        return stage, path
    base = _base_path(path, event)
    return base, path[len(base) :]


def _base_path(path: str, event: Event) -> str:
    """What precedes the part that API Gateway matched; AWS allows no "%" in a base path.

    Nothing with an empty segment: `//evil.example.com` in front would make links lead there.
    """
    whole, base = unquote(path).rstrip("/"), ""
    matched = unquote((event.get("pathParameters") or {}).get("proxy") or "").rstrip("/")
    if event.get("resource") == "/":
        base = whole
    elif matched and whole.endswith(f"/{matched}"):
        base = whole.removesuffix(f"/{matched}")
    return "" if "//" in f"{base}/" else base


def _http_api(event: Event) -> tuple[str, str]:
    """`rawPath` has the stage under the API's own name; $default, as of function URLs, has none."""
    path, context = str(event.get("rawPath") or "/"), event.get("requestContext") or {}
    stage = f"/{context.get('stage', '')}"
    own_name = str(context.get("domainName", "")).startswith(f"{context.get('apiId')}.execute-api.")
    return (stage, path[len(stage) :]) if own_name and _begins(path, stage) else ("", path)


def _public_address(host: str) -> SplitResult | None:
    """PUBLIC_BASE_URL, where this request asked for it: only it knows what lies in front of AWS."""
    public = urlsplit(settings.PUBLIC_BASE_URL)
    return public if public.netloc and public.netloc.lower() == host.lower() else None


def _scheme(public: SplitResult) -> str:
    """API Gateway knows https only; an emulator on this machine may be plain http."""
    local = public.hostname in LOOPBACK or str(public.hostname).endswith(".localhost")
    return "http" if local and public.scheme == "http" else "https"


def _begins(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")
