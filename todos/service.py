"""Changes of more than one row; the actor first."""

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from core.models import bump_version
from todos import quotas
from todos.models import List, Status, Tag, Todo
from todos.models.columns import after_last, before_first

if TYPE_CHECKING:
    from django.db.models import Field

    from accounts.models import User


@transaction.atomic
def add_todo(*, actor: "User", title: str, **fields: Any) -> Todo:
    """A new to-do: first unless `position` is given, in the inbox unless `list` is.

    `tags` are names. Raises IntegrityError if the `id` is taken, QuotaReached if it is too much.
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
    quotas.take(actor, todos=1, bytes=size_of(todo.notes), tags=len(names))
    return todo


def size_of(text: str) -> int:
    """Its bytes in UTF-8, as the quota counts them."""
    return len(text.encode())


def set_tags(todo: Todo, names: "list[str] | tuple[str, ...]") -> None:
    """Exactly these tags of the owner."""
    todo.tags.set(Tag.objects.named(todo.owner, names))
    Todo.objects.filter(pk=todo.pk).fold_tags()


def change_todo(todo: Todo, *, is_limited: bool = True, **changes: Any) -> Todo:
    """Write these columns and the next version. The caller has locked the row.

    Raises QuotaReached if it is too much, unless it is an operator's (`is_limited`).
    """
    names = changes.pop("tags", None)
    growth = size_of(changes.get("notes", todo.notes)) - size_of(todo.notes)
    if changes.get("status", todo.status) != todo.status:
        finished = changes["status"] == Status.FINISHED
        changes["finished_at"] = timezone.now() if finished else None
    for field, value in changes.items():
        setattr(todo, field, value)
    todo.save_changes(*changes)
    if names is not None:
        set_tags(todo, names)
    if is_limited:
        quotas.take(todo.owner, bytes=growth, tags=len(names or ()))
    return todo


@transaction.atomic
def add_list(*, actor: "User", name: str, **fields: Any) -> List:
    """A new list: last unless `position` is given. Raises QuotaReached if it is one too many."""
    if fields.get("position") is None:
        fields["position"] = after_last(List.objects.owned_by(actor))
    new = List(owner=actor, name=name, **fields)
    new.save(force_insert=True)
    quotas.take(actor, lists=1)
    return new


@transaction.atomic
def remove_list(*, actor: "User", todo_list: List) -> None:
    """Remove a list and keep its to-dos: they move to the inbox."""
    inbox = List.objects.inbox_of(actor)
    Todo.objects.owned_by(actor).filter(list=todo_list).update(**bump_version(list=inbox))
    todo_list.delete()


# Set by restore() itself; every other column comes back as it was.
_SET_ANEW = ("owner", "created_by", "updated_at")


def serialize(todo: Todo) -> dict[str, Any]:
    """Every column and the names of the tags, as plain JSON values, for restore()."""
    columns = [column for column in Todo._meta.concrete_fields if column.name not in _SET_ANEW]
    return {
        **{column.name: _plain(column, todo) for column in columns},
        "tags": [tag.name for tag in todo.tags.all()],
    }


def _plain(column: "Field[Any, Any]", todo: Todo) -> Any:
    is_null = column.value_from_object(todo) is None
    return None if is_null else column.value_to_string(todo)


@transaction.atomic
def restore(*, actor: "User", data: dict[str, Any]) -> Todo:
    """Bring a removed to-do back; into the inbox if its list is gone.

    Raises IntegrityError if it is back already, QuotaReached if it is one too many.
    """
    columns = [column for column in Todo._meta.concrete_fields if column.name in data]
    fields = {column.name: column.to_python(data[column.name]) for column in columns}
    lists = List.objects.owned_by(actor)
    fields["list"] = lists.filter(pk=fields["list"]).first() or List.objects.inbox_of(actor)
    fields["version"] += 1
    todo = Todo(owner=actor, created_by=actor, **fields)
    todo.save(force_insert=True)
    set_tags(todo, data["tags"])
    quotas.take(actor, todos=1, bytes=size_of(todo.notes), tags=len(data["tags"]))
    return todo
