"""The to-do pages for browsers without JavaScript: a list, and a form for every change."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.sessions import signed_in_user
from core.api.pagination import page_after
from core.feed import writing
from core.ids import found_in
from core.quotas import QuotaReached
from todos import service
from todos.forms import TitleForm
from todos.models import Status, Todo, TodoQuerySet

PAGE_SIZE = 50
UNDO_SECONDS = 600
_ORDER = ("position", "id")
_REMOVED = "todos.removed"  # in the session: the last deleted to-do, and when
_SALT = "todos.views"


@dataclass(frozen=True)
class ListState:
    """The filter and page of the list; every link and redirect keeps it."""

    status: str = ""
    after: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """Read the query string; ignores invalid values."""
        status, after = request.GET.get("status", ""), request.GET.get("after", "")
        return cls(status if status in Status.values else "", after if _key(after) else "")

    @property
    def parameters(self) -> str:
        """For the end of a query string: empty or `&status=open`."""
        chosen = {name: value for name, value in vars(self).items() if value}
        return f"&{urlencode(chosen)}" if chosen else ""

    def __str__(self) -> str:
        return self.parameters.replace("&", "?", 1)

    def shows(self, todo: Todo) -> bool:
        return self.status in ("", todo.status)


def _key(after: str) -> list[Any]:
    """The sort keys of the row before the page; empty for the first page."""
    try:
        key: list[Any] = signing.loads(after, salt=_SALT)
    except signing.BadSignature:
        return []
    return key


def _writing(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Run in one transaction, after other changes of the same person."""

    @wraps(view)
    def changed(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        with writing(signed_in_user(request).pk, savepoint=True):
            return view(request, **kwargs)

    return changed


def _changes(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """POST only, in `writing()`. A log-in redirects to the list and not back to a POST URL."""
    return login_required(redirect_field_name="")(require_POST(_writing(view)))


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """A page of the list; POST adds a to-do."""
    return _add(request) if request.method == "POST" else _whole_page(request)


def _add(request: HttpRequest) -> HttpResponse:
    form = TitleForm(request.POST)
    if not form.is_valid():
        return _refuse(request, add_form=form)
    actor = signed_in_user(request)
    try:
        with writing(actor.pk, savepoint=True):
            todo = service.add_todo(actor=actor, title=form.cleaned_data["title"])
    except QuotaReached as error:
        form.add_error("title", str(error))
        return _refuse(request, add_form=form)
    if not ListState.of(request).shows(todo):
        messages.success(request, format_html(_("Added “{title}”."), title=_isolated(todo)))
    return _redirect(request, todo)


@_changes
def finish(request: HttpRequest, pk: UUID) -> HttpResponse:
    todo = _own(request, pk)
    todo.finish()
    return _redirect(request, todo)


@_changes
def reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    todo = _own(request, pk)
    todo.reopen()
    return _redirect(request, todo)


@_changes
def rename(request: HttpRequest, pk: UUID) -> HttpResponse:
    todo = _own(request, pk)
    form = TitleForm(request.POST)
    if not form.is_valid():
        return _refuse(request, todo=todo, edit_form=form)
    todo.rename(form.cleaned_data["title"])
    return _redirect(request, todo)


@_changes
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Move to the trash; the last one can be undone for a while."""
    todo = _own(request, pk)
    todo.trash()
    request.session[_REMOVED] = {"at": timezone.now().timestamp(), "id": str(todo.pk)}
    deleted = format_html(_("Deleted “{title}”."), title=_isolated(todo))
    messages.info(request, deleted, extra_tags="undo")
    return _redirect(request)


@_changes
def undo(request: HttpRequest) -> HttpResponse:
    """Restore the last deleted to-do, unless it is too old or already restored."""
    todo = _restore(request)
    if todo is None:
        messages.warning(request, _("There is nothing left to undo."))
    return _redirect(request, todo)


def _restore(request: HttpRequest) -> Todo | None:
    removed = request.session.pop(_REMOVED, None)
    if removed is None or timezone.now().timestamp() - removed["at"] > UNDO_SECONDS:
        return None
    todo = Todo.objects.trash_of(signed_in_user(request)).filter(pk=removed.get("id")).first()
    if todo is not None:
        todo.restore()
    return todo


def _isolated(todo: Todo) -> str:
    """Isolate the title, so that its direction moves no other word of a sentence."""
    return format_html("<bdi>{}</bdi>", todo.title)


def _todos(request: HttpRequest) -> TodoQuerySet:
    return Todo.objects.owned_by(signed_in_user(request))


def _in_view(request: HttpRequest, state: ListState) -> TodoQuerySet:
    todos = _todos(request).select_related("list", "parent").prefetch_related("tags")
    return todos.filter(status=state.status) if state.status else todos


def _own(request: HttpRequest, pk: UUID) -> Todo:
    todo: Todo = get_object_or_404(_todos(request).select_related("list"), pk=pk)
    return todo


def _title_form(todo: Todo) -> TitleForm:
    return TitleForm(initial={"title": todo.title})


def _page(request: HttpRequest) -> dict[str, Any]:
    """The rows of this page, and the state of the next page."""
    state = ListState.of(request)
    rows = page_after(_in_view(request, state), _ORDER, _key(state.after), PAGE_SIZE + 1)
    more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    next_after = signing.dumps([rows[-1].position, str(rows[-1].pk)], salt=_SALT) if more else ""
    return {
        "todos": rows,
        "state": state,
        "next": ListState(state.status, next_after) if more else "",
    }


def _whole_page(request: HttpRequest, *, status: int = HTTPStatus.OK, **forms: Any) -> HttpResponse:
    """The page; a refused form is passed as `add_form` or, for a `todo`, `edit_form`."""
    context = {
        "add_form": TitleForm(),
        "open_count": _todos(request).open().count(),
        **_page(request),
        **forms,
    }
    if "edit_form" not in forms:
        context |= _editing(found_in(request.GET.get("edit", "")), context["todos"])
    return render(request, "todos/plain.html", context, status=status)


def _editing(wanted: UUID | None, rows: list[Todo]) -> dict[str, Any]:
    todo = next((row for row in rows if row.pk == wanted), None)
    return {"todo": todo, "edit_form": _title_form(todo) if todo else None}


def _refuse(request: HttpRequest, **forms: Any) -> HttpResponse:
    return _whole_page(request, status=HTTPStatus.UNPROCESSABLE_ENTITY, **forms)


def _redirect(request: HttpRequest, todo: Todo | None = None) -> HttpResponse:
    """Redirect to the same filter and page, at the changed row."""
    anchor = f"#todo-{todo.pk}" if todo else ""
    return redirect(f"{reverse('todos:plain')}{ListState.of(request)}{anchor}")
