from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.conditions import is_color, is_line
from core.feed import SyncedQuerySet
from core.models import Versioned
from core.values import LineField
from todos.models.columns import ColorField, PositionField, is_key
from todos.models.search import QUERY_LENGTH, check_query

NAME_LENGTH = 128


class SavedFilter(Versioned):
    """A saved search, in the syntax of todos.models.search."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="saved_filters",
        verbose_name=_("owner"),
    )
    name = LineField(_("name"), max_length=NAME_LENGTH)
    query = LineField(_("query"), max_length=QUERY_LENGTH, validators=[check_query])
    color = ColorField(default="")
    position = PositionField()

    feed_kind = "filter"
    objects = SyncedQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering = ("position", "id")
        constraints = (
            models.CheckConstraint(
                condition=is_line("name", NAME_LENGTH), name="todos_savedfilter_name_line"
            ),
            models.CheckConstraint(
                condition=is_line("query", QUERY_LENGTH), name="todos_savedfilter_query_line"
            ),
            models.CheckConstraint(condition=is_color("color"), name="todos_savedfilter_color"),
            models.CheckConstraint(
                condition=is_key("position"), name="todos_savedfilter_position_key"
            ),
        )
        indexes = (
            models.Index(fields=("owner", "position", "id"), name="todos_savedfilter_by_place"),
        )

    def __str__(self) -> str:
        return self.name
