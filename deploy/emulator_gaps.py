"""Where the emulator answers other than AWS does, and what we lean on needs AWS's answer.

Each is a few lines around a function of MiniStack 1.5.33; a new release may make one needless.
"""

import json
from typing import Any
from urllib.parse import unquote


def close() -> None:
    accept_function_prefix()
    give_code_of_versions()
    read_binary_media_types()


def accept_function_prefix() -> None:
    """AWS takes `function:NAME:VERSION` as a name, and `zappa rollback` asks so."""
    from ministack.services import lambda_svc

    def without(original: Any) -> Any:
        return lambda name: original(name.removeprefix("function:"))

    for name in ("_resolve_name", "_resolve_name_and_qualifier"):
        setattr(lambda_svc, name, without(getattr(lambda_svc, name)))


def give_code_of_versions() -> None:
    """GetFunction of a version leads to the code of that version, not to the newest."""
    from ministack.services import lambda_svc

    get = lambda_svc._get_function  # noqa: SLF001 - there is no other way in
    record_of = lambda_svc._get_func_record_for_qualifier  # noqa: SLF001

    def get_function(name: str, qualifier: str | None = None) -> Any:
        status, headers, body = get(name, qualifier)
        answer = json.loads(body)
        if qualifier and "Code" in answer:
            code = answer["Code"]
            code["Location"] = code["Location"].replace(f"/{name}?", f"/{name}:{qualifier}?")
        return status, headers, json.dumps(answer).encode()

    def serve_function_code(named: str, **_scope: str) -> Any:
        name, _, qualifier = unquote(named).partition(":")
        record, _config = record_of(name, qualifier or None)
        code = (record or {}).get("code_zip")
        return (200 if code else 404), {"Content-Type": "application/zip"}, code or b""

    lambda_svc._get_function = get_function  # noqa: SLF001
    lambda_svc.serve_function_code = serve_function_code


def read_binary_media_types() -> None:
    """Zappa adds `*/*` by a JSON pointer, in which AWS reads `~1` as a slash (RFC 6901).

    Without it every answer that is neither text nor plain JSON came as base64, cut off.
    """
    from ministack.services import apigateway_v1

    name = "_media_type_matches"
    matches = getattr(apigateway_v1, name)

    def unescaped(found: Any, types: Any) -> Any:
        return matches(found, [each.replace("~1", "/") for each in types or ()])

    setattr(apigateway_v1, name, unescaped)
