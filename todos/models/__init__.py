from todos.models.due import Due
from todos.models.filters import SavedFilter
from todos.models.firings import Firing, Notice, NoticeState
from todos.models.lists import List, ListQuerySet
from todos.models.operations import SyncOperation
from todos.models.push import PushSubscription
from todos.models.queries import Priority, Status, TodoQuerySet
from todos.models.reminders import Reminder
from todos.models.tags import Tag, TagAlias, TagQuerySet
from todos.models.todos import Todo
from todos.models.transfers import CalendarFeed, Transfer, TransferState
from todos.models.usage import Usage

__all__ = [
    "CalendarFeed",
    "Due",
    "Firing",
    "List",
    "ListQuerySet",
    "Notice",
    "NoticeState",
    "Priority",
    "PushSubscription",
    "Reminder",
    "SavedFilter",
    "Status",
    "SyncOperation",
    "Tag",
    "TagAlias",
    "TagQuerySet",
    "Todo",
    "TodoQuerySet",
    "Transfer",
    "TransferState",
    "Usage",
]
