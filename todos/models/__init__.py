from todos.models.due import Due
from todos.models.lists import List, ListQuerySet
from todos.models.operations import SyncOperation
from todos.models.tags import Tag, TagQuerySet
from todos.models.todos import Priority, Status, Todo, TodoQuerySet
from todos.models.usage import Usage

__all__ = [
    "Due",
    "List",
    "ListQuerySet",
    "Priority",
    "Status",
    "SyncOperation",
    "Tag",
    "TagQuerySet",
    "Todo",
    "TodoQuerySet",
    "Usage",
]
