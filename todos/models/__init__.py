from todos.models.lists import List, ListQuerySet
from todos.models.tags import Tag, TagQuerySet
from todos.models.todos import Priority, Status, Todo, TodoQuerySet

__all__ = [
    "List",
    "ListQuerySet",
    "Priority",
    "Status",
    "Tag",
    "TagQuerySet",
    "Todo",
    "TodoQuerySet",
]
