from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from todos.models.columns import at_most, not_blank

if TYPE_CHECKING:
    from accounts.models import User

NAME_LENGTH = 50


class TagQuerySet(models.QuerySet["Tag"]):
    def owned_by(self, user: "User") -> Self:
        return self.filter(owner=user)

    def named(self, user: "User", names: Iterable[str]) -> "list[Tag]":
        """The person's tags of these names; those that do not exist yet are made."""
        wanted = list(names)
        self.bulk_create([Tag(owner=user, name=name) for name in wanted], ignore_conflicts=True)
        return list(self.owned_by(user).filter(name__in=wanted))


class Tag(models.Model):
    """A word that to-dos share. Spelling counts: `Home` and `home` are two tags."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="tags",
        verbose_name=_("owner"),
    )
    name = models.CharField(_("name"), max_length=NAME_LENGTH)

    objects = TagQuerySet.as_manager()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=("owner", "name"), name="todos_tag_one_of_a_name"),
            models.CheckConstraint(condition=not_blank("name"), name="todos_tag_name_not_blank"),
            models.CheckConstraint(
                condition=at_most(NAME_LENGTH, "name"), name="todos_tag_name_length"
            ),
        )

    def __str__(self) -> str:
        return self.name
