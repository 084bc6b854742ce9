"""Changes that touch more than one row; the actor first, every rule of an account kept."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from core.models import touched
from todos.models import List, Status, Tag, Todo
from todos.models.positions import after_last, before_first

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def add_todo(*, actor: "User", title: str, **fields: Any) -> Todo:
    """A new to-do, first in order unless `position` says otherwise, in the inbox unless in `list`.

    `tags` are names. Raises IntegrityError where the chosen `id` is taken.
    """
    names = fields.pop("tags", ())
    fields.setdefault("list", None)
    fields["list"] = fields["list"] or List.objects.inbox_of(actor)
    if fields.get("position") is None:
        fields["position"] = before_first(Todo.objects.owned_by(actor))
    if fields.get("status") == Status.FINISHED:
        fields["finished_at"] = timezone.now()
    todo = Todo(owner=actor, created_by=actor, title=title, **fields)
    todo.save(force_insert=True)
    if names:
        set_tags(todo, names)
    return todo


def set_tags(todo: Todo, names: "list[str] | tuple[str, ...]") -> None:
    """Exactly these tags of the owner."""
    todo.tags.set(Tag.objects.named(todo.owner, names))


def change_todo(todo: Todo, **changes: Any) -> Todo:
    """Write only what is named, and the next version. Inside a transaction that locked the row."""
    names = changes.pop("tags", None)
    if changes.get("status", todo.status) != todo.status:
        finished = changes["status"] == Status.FINISHED
        changes["finished_at"] = timezone.now() if finished else None
    for field, value in changes.items():
        setattr(todo, field, value)
    todo.save_changes(*changes)
    if names is not None:
        set_tags(todo, names)
    return todo


@transaction.atomic
def add_list(*, actor: "User", name: str, **fields: Any) -> List:
    """A new list, last in order unless `position` says otherwise."""
    if fields.get("position") is None:
        fields["position"] = after_last(List.objects.owned_by(actor))
    new = List(owner=actor, name=name, **fields)
    new.save(force_insert=True)
    return new


@transaction.atomic
def remove_list(*, actor: "User", doomed: List) -> None:
    """Remove a list and keep its to-dos: they move to the inbox."""
    inbox = List.objects.inbox_of(actor)
    Todo.objects.owned_by(actor).filter(list=doomed).update(**touched(list=inbox))
    doomed.delete()


def snapshot(todo: Todo) -> dict[str, Any]:
    """Everything needed to bring a removed to-do back, as plain JSON values."""
    plain = ("title", "notes", "status", "priority", "position")
    moments = ("due_at", "due_on", "created_at", "finished_at")
    return {
        "id": str(todo.pk),
        "list": str(todo.list_id),
        "tags": [tag.name for tag in todo.tags.all()],
        "version": todo.version,
        **{name: getattr(todo, name) for name in plain},
        **{name: value.isoformat() for name in moments if (value := getattr(todo, name))},
    }


@transaction.atomic
def bring_back(*, actor: "User", taken: dict[str, Any]) -> Todo:
    """Undo a removal from its snapshot; into the inbox where the list is gone meanwhile."""
    plain = {**taken}
    names, home = plain.pop("tags"), plain.pop("list")
    columns = [column for column in Todo._meta.concrete_fields if column.name in plain]
    fields = {column.name: column.to_python(plain[column.name]) for column in columns}
    fields["list"] = List.objects.owned_by(actor).filter(
        pk=UUID(home)
    ).first() or List.objects.inbox_of(actor)
    fields["version"] += 1
    todo = Todo(owner=actor, created_by=actor, **fields)
    todo.save(force_insert=True)
    todo.tags.set(Tag.objects.named(actor, names))
    return todo
