from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.conditions import in_range, is_color, is_line
from core.feed import SyncedQuerySet
from core.models import Versioned
from core.values import FoldedField, LineField, MomentField
from todos.models.columns import (
    BEFORE_FIRST,
    ColorField,
    FormerPositionField,
    PositionField,
    is_key,
)

if TYPE_CHECKING:
    from accounts.models import User

NAME_LENGTH = 128


class ListQuerySet(SyncedQuerySet):
    def inbox_of(self, user: "User") -> "List":
        """The inbox of the account, created on first use; a constraint makes it unique."""
        inbox: List
        inbox, _created = self.get_or_create(
            owner=user, is_inbox=True, defaults={"name": "Inbox", "position": BEFORE_FIRST}
        )
        return inbox


class List(Versioned):
    """A named list of to-dos. Every account has one inbox, which cannot be deleted."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="lists",
        verbose_name=_("owner"),
    )
    name = LineField(_("name"), max_length=NAME_LENGTH)
    folded = FoldedField(of=("name",), db_default="")
    color = ColorField()
    position = PositionField()
    former_position = FormerPositionField()
    is_inbox = models.BooleanField(_("inbox"), default=False, editable=False)
    archived_at = MomentField(_("archived at"), null=True, blank=True)

    feed_kind, derived = "list", frozenset({"former_position"})
    objects = ListQuerySet.as_manager()

    class Meta:
        verbose_name = _("list")
        verbose_name_plural = _("lists")
        ordering = ("position", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("owner",), condition=Q(is_inbox=True), name="todos_list_one_inbox"
            ),
            models.CheckConstraint(
                condition=is_line("name", NAME_LENGTH), name="todos_list_name_line"
            ),
            models.CheckConstraint(condition=is_color("color"), name="todos_list_color"),
            models.CheckConstraint(condition=is_key("position"), name="todos_list_position_key"),
            models.CheckConstraint(
                condition=in_range("archived_at"), name="todos_list_archived_at_range"
            ),
            models.CheckConstraint(
                condition=Q(is_inbox=False) | Q(archived_at=None),
                name="todos_list_inbox_not_archived",
            ),
        )
        indexes = (models.Index(fields=("owner", "position", "id"), name="todos_list_by_place"),)

    def __str__(self) -> str:
        return self.name
