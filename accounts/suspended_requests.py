"""Stores a form in the session while its sender reauthenticates.

allauth would store all of request.META: the headers and, under `runserver`, the whole environment
of the process, including secrets of providers.
"""

import json
from typing import Any

from allauth.account.internal.flows import reauthentication
from django.http import HttpRequest, QueryDict

_UNUSED = "csrfmiddlewaretoken"  # already checked; the browser does not send the form again


def install() -> None:
    """Replace functions of allauth; tests/accounts/test_reauthentication.py checks their names."""
    reauthentication.serialize_request = keep
    reauthentication.deserialize_request = resume


def keep(request: HttpRequest) -> str:
    form = request.POST.copy()
    form.pop(_UNUSED, None)
    kept = {"path": request.path, "path_info": request.path_info, "query": request.GET.urlencode()}
    return json.dumps({**kept, "form": form.urlencode()})


def resume(kept: str, request: HttpRequest) -> HttpRequest:
    """Turn the request of the reauthentication into the stored form, with its own headers and
    session.
    """
    data: dict[str, Any] = json.loads(kept)
    request.GET = QueryDict(data.get("query"))
    request.POST = QueryDict(data.get("form"))
    request.path, request.path_info = data["path"], data["path_info"]
    request.META = {
        **request.META,
        "PATH_INFO": request.path_info,
        "QUERY_STRING": request.GET.urlencode(),
    }
    return request
