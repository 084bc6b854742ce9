"""The page of a link in a message: GET shows the act, POST performs it."""

from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from todos.reminders.actions import act_of, perform
from todos.reminders.texts import title_of

DONE = ("applied", "merged", "replayed")


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
@never_cache
def act(request: HttpRequest, token: str) -> HttpResponse:
    try:
        found = act_of(token)
    except signing.SignatureExpired:
        return _gone(_("This link has expired."))
    except (signing.BadSignature, ValueError) as error:
        raise Http404 from error
    if found is None:
        return _gone(_("This to-do no longer exists."))
    is_done = request.method == "POST" and perform(found) in DONE
    context = {"title": title_of(found.todo), "act": found.name, "is_done": is_done}
    with override(found.person.language or get_language()):
        response = render(request, "todos/reminder_action.html", context)
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_POST
@login_not_required
@csrf_exempt  # no cookie needed: the token authorizes the act
@never_cache
def act_now(request: HttpRequest, token: str) -> HttpResponse:
    """Perform the act, for the buttons of a notification."""
    try:
        found = act_of(token)
    except (signing.BadSignature, ValueError):
        found = None
    is_done = found is not None and perform(found) in DONE
    return HttpResponse(status=HTTPStatus.NO_CONTENT if is_done else HTTPStatus.GONE)


def _gone(detail: str) -> HttpResponse:
    status = HTTPStatus.GONE.value
    page = render_to_string("error.html", {"status": status, "detail": detail})
    return HttpResponse(page, status=status)
