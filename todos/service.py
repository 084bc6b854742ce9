"""Changes of more than one row."""

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from django.db.models import Case, F, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from core.feed import draw, stamp, writing
from core.values import fold
from todos import ordering, quotas
from todos.models import Due, List, Reminder, SavedFilter, Status, Tag, TagAlias, Todo
from todos.models.due import renew_order, zone_of
from todos.models.planning import plan_all

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User


# The members whose change counts towards a quota, or brings the person's usual reminder.
COUNTED_OR_TIMED: Final = frozenset({"notes", "tags", "due"})


def add_todo(*, actor: "User", title: str, **fields: Any) -> Todo:
    """Add a to-do: first unless `position` is given, in the inbox unless `list` or `parent` is.

    `tags` has names. Raises IntegrityError if the `id` is taken, QuotaReached at the quota.
    """
    names = fields.pop("tags", ())
    with writing(actor.pk):
        if fields.get("parent"):
            fields["list_id"] = fields["parent"].list_id
            fields.pop("list", None)
        else:
            fields["list"] = fields.get("list") or List.objects.inbox_of(actor)
        if fields.get("position") is None:
            fields["position"] = ordering.before_first(Todo.objects.of(actor.pk))
        if fields.get("status") == Status.FINISHED:
            fields.setdefault("finished_at", timezone.now())
        fields.setdefault("reminders", _usual_reminders(actor, fields.get("due")))
        todo = Todo(owner=actor, created_by=actor.pk, title=title, **fields)
        todo.insert(names)
        quotas.take(actor, todos=1, bytes=size_of(todo.notes), tags=len(names))
    return todo


def size_of(text: str) -> int:
    """The bytes in UTF-8, as the quota counts them."""
    return len(text.encode())


def change_todo(todo: Todo, **changes: Any) -> None:
    """As `Todo.change`, for changes of COUNTED_OR_TIMED. Raises QuotaReached at the quota."""
    before = todo.notes
    if changes.get("due") and _gets_a_time(todo, changes):
        changes["reminders"] = _usual_reminders(todo.owner, changes["due"])
    todo.change(**changes)
    if "notes" in changes or changes.get("tags"):
        growth = size_of(todo.notes) - size_of(before)
        quotas.take(todo.owner, bytes=growth, tags=len(changes.get("tags") or ()))


def _usual_reminders(owner: "User", due: Due | None) -> tuple[Reminder, ...]:
    """The person's default reminder for to-dos with a time."""
    minutes = owner.default_reminder
    if minutes is None or due is None or due.at is None:
        return ()
    return (Reminder(uuid4(), minutes_before=minutes),)


def _gets_a_time(todo: Todo, changes: dict[str, Any]) -> bool:
    """Whether the to-do gets its first time, without reminders in the change."""
    has_one = todo.due is not None and todo.due.at is not None
    return bool(changes["due"].at and not has_one) and not (
        "reminders" in changes or todo.reminders
    )


def add_list(*, actor: "User", name: str, **fields: Any) -> List:
    """Add a list: last unless `position` is given. Raises QuotaReached at the quota."""
    with writing(actor.pk):
        if fields.get("position") is None:
            fields["position"] = ordering.after_last(List.objects.of(actor.pk))
        new = List(owner=actor, name=name, **fields)
        new.save()
        quotas.take(actor, lists=1)
    return new


def add_filter(*, actor: "User", name: str, **fields: Any) -> SavedFilter:
    """Add a filter: last unless `position` is given. Raises QuotaReached at the quota."""
    with writing(actor.pk):
        if fields.get("position") is None:
            fields["position"] = ordering.after_last(SavedFilter.objects.of(actor.pk))
        new = SavedFilter(owner=actor, name=name, **fields)
        new.save()
        quotas.take(actor, filters=1)
    return new


def add_tag(*, actor: "User", name: str, **fields: Any) -> Tag:
    """Add a tag. Raises QuotaReached at the quota, IntegrityError if the name is taken."""
    with writing(actor.pk):
        tag = Tag(owner=actor, name=name, **fields)
        tag.save()
        quotas.take(actor, tags=1)
    return tag


def merge_tags(tag: Tag, into: Tag) -> None:
    """Move all to-dos and names of the first tag to the other, and delete the first."""
    links = Todo.tags.through.objects
    with writing(tag.owner_id):
        todos = links.filter(tag=tag).values_list("todo", flat=True)
        new = [links.model(todo_id=key, tag_id=into.pk) for key in todos]
        links.bulk_create(new, ignore_conflicts=True, batch_size=1_000)
        TagAlias.objects.filter(tag=tag).update(tag=into)
        former = tag.folded or fold(tag.name)
        tag.delete()  # which stamps the to-dos
        TagAlias.objects.create(
            tag=into, folded=former, seq=draw(into.owner_id, 0), renamed_at=timezone.now()
        )


def remove_list(
    *, actor: "User", todo_list: List, inbox: List | None = None, trashes: bool = False
) -> None:
    """Delete a list permanently; its to-dos move to the inbox or to the trash.

    Call it in `writing()`, with the list read there. An error must undo that whole block.
    """
    with writing(actor.pk):
        inside = Todo.objects.of(actor.pk).filter(list=todo_list)
        columns: dict[str, Any] = {"list": inbox or List.objects.inbox_of(actor)}
        if trashes:  # those in the trash stay as they are
            act = When(deleted_at=None, then=Value(todo_list.pk))
            columns["trashed_with"] = Case(act, default=F("trashed_with"))
            columns["deleted_at"] = Coalesce("deleted_at", Value(timezone.now()))
        stamp(actor.pk, inside, **columns)
        todo_list.purge()


def follow_time_zone(*, account_id: "UUID", **_signal: Any) -> None:
    """Update dues and reminders after a change of the time zone. Call it in `writing()`."""
    renew_order(Todo.objects.of(account_id), zone_of(account_id))
    plan_all(account_id)
