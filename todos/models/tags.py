from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from core.columns import FoldedField, LineField
from core.conditions import is_line
from core.db_functions import Joined
from core.models import Folding
from core.text import fold

if TYPE_CHECKING:
    from accounts.models import User

NAME_LENGTH = 50


def folded_names(tag: Any) -> Coalesce:
    """What the tags of a to-do say, as one expression in a query of to-dos."""
    tags = tag.objects.filter(todos=OuterRef("pk")).order_by().values("todos")
    return Coalesce(Subquery(tags.annotate(names=Joined("folded")).values("names")), Value(""))


class TagQuerySet(models.QuerySet["Tag"]):
    def owned_by(self, user: "User") -> Self:
        return self.filter(owner=user)

    def named(self, user: "User", names: Iterable[str]) -> "list[Tag]":
        """The person's tags of these names; those that do not exist yet are made."""
        wanted = {fold(name): name for name in reversed([*names])}  # the first spelling
        new = [Tag(owner=user, name=name) for name in wanted.values()]
        self.bulk_create(new, ignore_conflicts=True)
        former = Q(folded=None, name__in=wanted.values())  # made by the release before
        return list(self.owned_by(user).filter(Q(folded__in=wanted) | former))


class Tag(Folding):
    """A word that to-dos share. `Home` and `home` are one tag; the first spelling stays."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="tags",
        verbose_name=_("owner"),
    )
    name = LineField(_("name"), max_length=NAME_LENGTH)
    folded = FoldedField(of=("name",), null=True)  # null: made by a release without the column

    objects = TagQuerySet.as_manager()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=("owner", "name"), name="todos_tag_one_of_a_name"),
            models.UniqueConstraint(
                fields=("owner", "folded"),
                name="todos_tag_one_of_a_folded_name",
                violation_error_message=_("There is a tag of this name."),
            ),
            models.CheckConstraint(
                condition=is_line("name", NAME_LENGTH), name="todos_tag_name_line"
            ),
        )

    def __str__(self) -> str:
        return self.name
