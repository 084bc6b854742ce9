"""A form that waits while its sender proves who they are: what is kept of it in the session.

allauth keeps all of request.META: the headers, and under `runserver` the whole environment of the
process, secrets of providers among it.
"""

import json
from typing import Any

from allauth.account.internal.flows import reauthentication
from django.http import HttpRequest, QueryDict

_UNUSED = "csrfmiddlewaretoken"  # checked before; the form is not sent again


def install() -> None:
    """allauth has no setting for it; tests/accounts/test_reauthentication.py watches the names."""
    reauthentication.serialize_request = keep
    reauthentication.deserialize_request = resume


def keep(request: HttpRequest) -> str:
    form = request.POST.copy()
    form.pop(_UNUSED, None)
    kept = {"path": request.path, "path_info": request.path_info, "query": request.GET.urlencode()}
    return json.dumps({**kept, "form": form.urlencode()})


def resume(kept: str, request: HttpRequest) -> HttpRequest:
    """The request that proved it, as the form that waited: same headers, same session."""
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
