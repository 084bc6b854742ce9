"""Merges tags with the same folded name. Safe at any time, and to repeat."""

from collections import defaultdict
from typing import Any

from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone

from core.feed import writing
from core.folding import in_form
from core.values import fold
from todos.models import Tag
from todos.models.tags import folded_names


def refold_tags() -> int:
    """As merge_tags(), but through the feed; returns the number of tags."""
    keys = list(Tag.objects.filter(folded=None).values_list("pk", flat=True))
    for key in keys:
        tag = Tag.objects.select_related("owner").get(pk=key)
        with writing(tag.owner_id):
            tag.name = in_form(tag._meta.get_field("name"), tag.name)
            twin = Tag.objects.same_name(tag.owner, tag.name)
            if twin:
                _give_to(tag, twin)
            else:
                tag.folded = fold(tag.name)
                tag.save()
                tag.todos.fold_tags()
    return len(keys)


def _give_to(tag: Tag, twin: Tag) -> None:
    for todo in tag.todos.all():
        todo.change(tags=[twin.name, *(each.name for each in todo.tags.all() if each != tag)])
    tag.delete()


def merge_tags(tag: Any, todo: Any) -> None:
    """Fold the names that are not folded yet in a migration, one transaction per owner."""
    tags = tag.objects
    owners = list(tags.filter(folded=None).values_list("owner", flat=True).distinct())
    for owner in owners:
        with transaction.atomic():
            _merge(tag, todo, owner)


def _merge(tag: Any, todo: Any, owner: Any) -> None:
    """Keep the most used spelling, and among these the oldest."""
    used = dict(tag.objects.filter(owner=owner).values_list("pk").annotate(Count("todos")))
    groups: dict[str, list[Any]] = defaultdict(list)
    for row in tag.objects.select_for_update().filter(owner=owner).order_by("pk"):
        groups[fold(_name(row))].append(row)
    for folded, rows in groups.items():
        kept, *others = sorted(rows, key=lambda row: (-used[row.pk], row.pk))
        renamed = [*others, *([kept] if _name(kept) != kept.name else [])]
        todos = todo.objects.filter(tags__in=[row.pk for row in renamed])
        keys = list(todos.values_list("pk", flat=True).distinct())
        _replace(others, kept, todo.tags.through.objects)
        tag.objects.filter(pk=kept.pk).update(name=_name(kept), folded=folded)
        todo.objects.filter(pk__in=keys).update(version=F("version") + 1, updated_at=timezone.now())
    todo.objects.filter(owner=owner, tags__isnull=False).update(folded_tags=folded_names(tag))


def _name(row: Any) -> str:
    return in_form(row._meta.get_field("name"), row.name)


def _replace(tags: list[Any], kept: Any, links: Any) -> None:
    """Replace these tags of to-dos by the kept one."""
    lost = [row.pk for row in tags]
    todos = links.filter(tag__in=lost).values_list("todo", flat=True).distinct()
    new = [links.model(todo_id=key, tag_id=kept.pk) for key in todos]
    links.bulk_create(new, ignore_conflicts=True)
    type(kept).objects.filter(pk__in=lost).delete()  # with their links
