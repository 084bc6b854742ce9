"""Personal API tokens: `nudge_` and 49 letters and digits, for the owner's programs.

A token has 256 random bits, so nobody can guess it, and a fast digest is enough for the lookup. Six
characters are a checksum: scanners for leaked secrets can recognize a token, and a mistyped token
costs no query.
"""

import hashlib
import secrets
import string
import uuid
import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.api.scopes import Scope
from core.conditions import in_range, is_line
from core.feed import writing
from core.limits import Limit, take
from core.quotas import QuotaReached
from core.values import LineField, MomentField

PREFIX: Final = "nudge_"
NAME_LENGTH: Final = 80
LIVES: Final = timedelta(days=90)  # by default
LIVES_AT_MOST: Final = timedelta(days=366)
KEPT: Final = timedelta(days=30)  # after it expires, so that the owner sees why a program fails
MADE_DAILY: Final = 100  # each sends a mail
USED_EVERY: Final = timedelta(hours=1)  # how often the last use is written, at most
_ALPHABET: Final = string.digits + string.ascii_letters
_SECRET, _CHECKSUM, _HINT = 43, 6, 4  # 62 ** 43 > 2 ** 256


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def owned_by(self, owner: Any) -> "ApiTokenQuerySet":
        return self.filter(owner=owner)

    def living(self) -> "ApiTokenQuerySet":
        return self.filter(expires_at__gt=timezone.now())

    def called(self, token: str) -> "ApiToken | None":
        """The valid token of an active account, with its owner, in one query."""
        if not is_whole(token):
            return None
        found = self.living().filter(digest=digest_of(token), owner__is_active=True)
        return found.select_related("owner").first()


class ApiToken(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.CASCADE,
        related_name="api_tokens",
        editable=False,
    )
    name = LineField(_("name"), max_length=NAME_LENGTH)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(_("begins with"), max_length=12, editable=False)
    scopes = models.JSONField(_("may"), default=list, editable=False)
    created_at = MomentField(_("created at"), default=timezone.now, editable=False)
    expires_at = MomentField(_("expires at"), editable=False)
    last_used_at = MomentField(_("last used at"), null=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=is_line("name", NAME_LENGTH), name="accounts_apitoken_name_line"
            ),
            models.CheckConstraint(
                condition=in_range("expires_at"), name="accounts_apitoken_expires_at_range"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    def allows(self, scope: Scope | None) -> bool:
        """Whether the token has this scope. Scope `write` includes `read`."""
        implied = {Scope.READ} if Scope.WRITE in self.scopes else set()
        return scope is not None and scope in {*self.scopes, *implied}

    @property
    def is_living(self) -> bool:
        return self.expires_at > timezone.now()

    @property
    def scope_names(self) -> list[Any]:
        return [Scope(each).label for each in self.scopes]

    def note_use(self) -> None:
        """Write with a condition, so that only one of several parallel requests writes."""
        now = timezone.now()
        if self.last_used_at and self.last_used_at > now - USED_EVERY:
            return
        unused = Q(last_used_at=None) | Q(last_used_at__lte=now - USED_EVERY)
        ApiToken.objects.filter(unused, pk=self.pk).update(last_used_at=now)


def issue(
    owner: Any, *, name: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Create a token; returns the row and the token, which cannot be shown again.

    Raises QuotaReached if the account has too many valid tokens.
    """
    token = _random()
    made = Limit(scope=f"tokens:{owner.pk}", amount=MADE_DAILY, window=timedelta(days=1))
    with writing(owner.pk):
        if ApiToken.objects.owned_by(owner).living().count() >= settings.QUOTA_TOKENS:
            detail = gettext("An account may have %(most)d API tokens. Revoke one first.")
            raise QuotaReached("tokens", detail % {"most": settings.QUOTA_TOKENS})
        if not take(made):
            detail = gettext("An account may make %(most)d API tokens a day.")
            raise QuotaReached("tokens_a_day", detail % {"most": MADE_DAILY})
        row = ApiToken.objects.create(
            owner=owner,
            name=name,
            scopes=sorted(set(scopes)),
            digest=digest_of(token),
            hint=token[: len(PREFIX) + _HINT],
            expires_at=expires_at or timezone.now() + LIVES,
        )
    return row, token


def _random() -> str:
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET))
    return f"{PREFIX}{secret}{_checksum(secret)}"


def _checksum(secret: str) -> str:
    number, digits = zlib.crc32(secret.encode()), ""
    for _place in range(_CHECKSUM):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits


def is_api_token(token: str) -> bool:
    """False for a session token, which has no underscore."""
    return token.startswith(PREFIX)


def is_whole(token: str) -> bool:
    secret, checksum = token[len(PREFIX) : -_CHECKSUM], token[-_CHECKSUM:]
    is_text = len(secret) == _SECRET and set(secret) <= set(_ALPHABET)
    return is_text and is_api_token(token) and checksum == _checksum(secret)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def ended_tokens(at: datetime) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(expires_at__lt=at - KEPT)
