import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.conditions import is_color, is_line
from core.db_functions import Joined, RandomUUID
from core.feed import Synced, SyncedQuerySet, draw, stamp, writing
from core.values import FoldedField, LineField, MomentField, fold
from todos.models.columns import ColorField
from todos.models.operations import OPERATIONS_KEPT

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User

NAME_LENGTH = 50


def folded_names(tag: Any, without: Any = ()) -> Coalesce:
    """The folded names of a to-do's tags, as an expression for queries of to-dos."""
    tags = tag.objects.filter(todos=OuterRef("pk")).exclude(pk__in=without)
    tags = tags.order_by().values("todos")
    return Coalesce(Subquery(tags.annotate(names=Joined("folded")).values("names")), Value(""))


class TagQuerySet(SyncedQuerySet):
    def same_name(self, user: "User", name: str) -> "Tag | None":
        """The person's tag with this name, compared folded."""
        tag: Tag | None = self.owned_by(user).filter(folded=fold(name)).first()
        return tag

    def named(self, user: "User", names: Collection[str]) -> "list[Tag]":
        """The person's tags with these names; missing ones are created."""
        if not names:
            return []
        wanted = {fold(name): name for name in reversed([*names])}  # the first spelling wins
        former = Q(folded=None, name__in=wanted.values())  # created by the former release
        with writing(user.pk):
            known = list(self.owned_by(user).filter(Q(folded__in=wanted) | former))
            new = wanted.keys() - {fold(tag.name) for tag in known}
            made = self.bulk_create([Tag(owner=user, name=wanted[it]) for it in sorted(new)])
        return [*known, *made]


class Tag(Synced):
    """A tag. `Home` and `home` are the same tag; the first spelling stays."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="tags",
        verbose_name=_("owner"),
    )
    name = LineField(_("name"), max_length=NAME_LENGTH)
    color = ColorField(default="", db_default="")
    created_at = MomentField(
        _("created at"), default=timezone.now, db_default=Now(), editable=False
    )
    updated_at = MomentField(
        _("updated at"), default=timezone.now, db_default=Now(), editable=False
    )
    folded = FoldedField(of=("name",), null=True)  # null: created by a release without the column
    uuid = models.UUIDField(  # the id for clients; the primary key stays a number
        _("id of clients"),
        unique=True,
        default=uuid.uuid4,
        db_default=RandomUUID(),
        editable=False,
    )

    feed_kind, feed_key = "tag", "uuid"
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
            models.CheckConstraint(condition=is_color("color"), name="todos_tag_color"),
        )

    def __str__(self) -> str:
        return self.name

    @classmethod
    @contextmanager
    def rippling(
        cls,
        account_id: "UUID",
        rows: "models.QuerySet[Any]",
        members: Collection[str],
        *,
        dying: bool = False,
    ) -> Iterator[None]:
        """Stamp the to-dos, which show and search tags by name, and store the former name."""
        if dying:  # before the rows that link them are gone
            keys = rows.order_by().values("pk")
            stamp(
                account_id,
                cls._showing(account_id, keys),
                "tags",
                folded_tags=folded_names(cls, keys),
            )
            yield
        elif "name" in members:
            former = {row.pk: row.folded or fold(row.name) for row in rows}
            yield
            cls._renamed(account_id, rows.filter(pk__in=former), former)
        else:
            yield

    @contextmanager
    def rippling_from(self, members: Collection[str], *, dying: bool = False) -> Iterator[None]:
        """As `rippling`; `folded` still has the former name, because saving writes it."""
        if dying or "name" not in members or self.folded is None:
            with super().rippling_from(members, dying=dying):
                yield
            return
        former = self.folded
        yield
        self._renamed(self.owner_id, [self], {self.pk: former})

    @classmethod
    def _showing(cls, account_id: "UUID", keys: Any) -> Any:
        """The to-dos with one of these tags."""
        todo: Any = cls._meta.get_field("todos").related_model
        links = todo.tags.through.objects.filter(tag__in=keys)
        return todo.objects.of(account_id).filter(pk__in=links.values("todo"))

    @classmethod
    def _renamed(cls, account_id: "UUID", rows: "Iterable[Tag]", former: Mapping[int, str]) -> None:
        todos = cls._showing(account_id, [*former])
        stamp(account_id, todos, "tags", folded_tags=folded_names(cls))
        TagAlias.objects.remember(account_id, rows, former)


class TagAliasQuerySet(models.QuerySet["TagAlias"]):
    def expired(self, at: datetime) -> Self:
        return self.filter(renamed_at__lte=at - OPERATIONS_KEPT)

    def remember(
        self, account_id: "UUID", rows: "Iterable[Tag]", former: Mapping[int, str]
    ) -> None:
        """Store the former folded names of renamed tags. Call it in `writing()`."""
        now, seq = timezone.now(), draw(account_id, 0)
        self.bulk_create(
            TagAlias(tag=row, folded=former[row.pk], seq=seq, renamed_at=now)
            for row in rows
            if row.folded != former[row.pk]
        )


class TagAlias(models.Model):
    """A former name of a tag, for devices that do not know the new name yet.

    `seq` is the place of the renaming in the feed.
    """

    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="aliases")
    folded = models.TextField()
    seq = models.PositiveBigIntegerField()
    renamed_at = models.DateTimeField(db_index=True)

    objects = TagAliasQuerySet.as_manager()

    class Meta:
        verbose_name = "former name of a tag"
        verbose_name_plural = "former names of tags"

    def __str__(self) -> str:
        return self.folded
