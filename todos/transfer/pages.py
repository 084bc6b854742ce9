"""The page for exports, imports and the URL of the calendar."""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.sessions import signed_in_user
from core import files, ids
from core.errors import Refused
from core.files import FilesAwayError
from todos.models import CalendarFeed, List, Transfer
from todos.models.transfers import TransferKind
from todos.transfer import jobs, personal, starting
from todos.transfer.formats import EXPORTED, IMPORTED

logger = logging.getLogger(__name__)

PAGE: Final = "transfers:page"
SHOWN: Final = 10  # jobs
TOLD: Final = 20  # lines of a report with problems
NAMES: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "json": gettext_lazy("JSON: everything, to import it again"),
        "csv": gettext_lazy("CSV: a table"),
        "ics": gettext_lazy("iCalendar: tasks for calendars"),
        "todotxt": gettext_lazy("todo.txt: one to-do in a line"),
        "todoist": gettext_lazy("CSV of Todoist"),
    }
)


class ExportForm(forms.Form):
    format = forms.ChoiceField(
        label=gettext_lazy("Format"), choices=[(name, NAMES[name]) for name in EXPORTED]
    )


class ImportForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "JSON, an archive of Nudge, CSV, iCalendar, todo.txt or a CSV of Todoist."
        ),
    )
    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        required=False,
        choices=[("", gettext_lazy("Detect automatically")), *((it, NAMES[it]) for it in IMPORTED)],
    )
    list = forms.ModelChoiceField(
        label=gettext_lazy("List for to-dos without one"),
        queryset=List.objects.none(),
        required=False,
        empty_label=gettext_lazy("Inbox"),
    )

    def __init__(self, person: User, *args: Any) -> None:
        super().__init__(*args)
        lists: Any = self.fields["list"]
        lists.queryset = List.objects.owned_by(person).filter(is_inbox=False, archived_at=None)


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponseBase:
    person = signed_in_user(request)
    answer: Callable[..., HttpResponseBase] = shown
    if request.method == "POST":
        answer = next((act for name, act in ACTS.items() if name in request.POST), take)
    try:
        found = answer(request, person)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(PAGE)
    except FilesAwayError:
        logger.exception("Files unavailable")
        messages.error(request, _("Files cannot be stored now. Please try again in a moment."))
        return redirect(PAGE)
    return found


def shown(request: HttpRequest, person: User, **more: Any) -> HttpResponseBase:
    rows = Transfer.objects.filter(owner=person).order_by("-created_at", "-id")[:SHOWN]
    context = {
        "jobs": [_job_context(job) for job in rows],
        "feed": CalendarFeed.objects.filter(owner=person).first(),
        "export_form": ExportForm(),
        "import_form": ImportForm(person),
        **more,
    }
    is_faulty = any(form.errors for form in more.values() if isinstance(form, forms.Form))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_faulty else HTTPStatus.OK

    @csp_update({"connect-src": _bucket()})
    def answer(request: HttpRequest) -> HttpResponse:
        return render(request, "todos/transfer.html", context, status=status)

    return answer(request)


def _bucket() -> list[str]:
    """The origin to which the browser uploads a large file."""
    link = files.upload_link("transfers/x", 1, starting.UPLOADED)
    parts = urlsplit(link["url"]) if link else None
    return [f"{parts.scheme}://{parts.netloc}"] if parts else []


def _job_context(job: Transfer) -> dict[str, Any]:
    report = job.report or {}
    problems = [it for it in report.get("lines", ()) if it["problems"]]
    name = _("Everything about you") if job.format == personal.FORMAT else NAMES[job.format]
    return {
        "job": job,
        "name": name,
        "is_export": job.kind == TransferKind.EXPORT,
        "is_at_work": job.state in ("queued", "running"),
        "token": jobs.token_of(job) if job.state == "checked" else "",
        "new": report.get("new"),
        "problems": problems[:TOLD],
    }


def export(request: HttpRequest, person: User) -> HttpResponseBase:
    form = ExportForm(request.POST)
    if not form.is_valid():
        return shown(request, person, export_form=form)
    starting.export(person, form.cleaned_data["format"], request)
    return redirect(PAGE)


def everything(request: HttpRequest, person: User) -> HttpResponseBase:
    starting.export(person, personal.FORMAT, request)
    return redirect(PAGE)


def take(request: HttpRequest, person: User) -> HttpResponseBase:
    form = ImportForm(person, request.POST, request.FILES)
    if not form.is_valid():
        return shown(request, person, import_form=form)
    file, chosen = form.cleaned_data["file"], form.cleaned_data["format"]
    head = file.read(200)
    name = chosen or starting.format_of(file.name, head)
    starting.import_file(person, name, file.size, form.cleaned_data["list"], file)
    return redirect(PAGE)


def _named(request: HttpRequest, person: User) -> Transfer:
    key = ids.read(request.POST.get("job"))
    job = Transfer.objects.filter(owner=person, pk=key).first() if key else None
    if job is None:
        raise Http404
    return job


def confirm(request: HttpRequest, person: User) -> HttpResponseBase:
    job = _named(request, person)
    if jobs.is_token(job, request.POST.get("token", "")):
        starting.confirm(job)
    return redirect(PAGE)


def forget(request: HttpRequest, person: User) -> HttpResponseBase:
    job = _named(request, person)
    Transfer.objects.filter(pk=job.pk).delete()
    return redirect(PAGE)


def renew(request: HttpRequest, person: User) -> HttpResponseBase:
    """Show the URL in this response only; no message or session stores it."""
    _row, secret = starting.renew_feed(person, request)
    path = reverse("feeds:calendar", kwargs={"secret": secret})
    return shown(request, person, address=request.build_absolute_uri(path))


def end(request: HttpRequest, person: User) -> HttpResponseBase:
    CalendarFeed.objects.filter(owner=person).delete()
    messages.success(request, _("The address of your calendar no longer works."))
    return redirect(PAGE)


ACTS: Final[Mapping[str, Callable[[HttpRequest, User], HttpResponseBase]]] = MappingProxyType(
    {
        "action_export": export,
        "action_everything": everything,
        "action_confirm": confirm,
        "action_forget": forget,
        "action_renew": renew,
        "action_end": end,
    }
)
