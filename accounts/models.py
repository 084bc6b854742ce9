"""The account: an e-mail address, a password, a time zone and a language."""

import functools
import uuid
import zoneinfo
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator, validate_email
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import passwords
from accounts.api_tokens import ApiToken
from accounts.audit import SecurityEvent
from accounts.invitations import Invitation
from accounts.mailboxes import CANONICAL, canonical, key_of
from core.conditions import in_range, is_line
from core.feed import Synced, SyncedQuerySet
from core.values import FoldedField, LineField, MomentField

__all__ = ["ApiToken", "Invitation", "LimitPlace", "SecurityEvent", "User"]

NAME_LENGTH = 150
time_zone_changed = Signal()  # in the transaction of the change, with the `account_id`


@functools.cache
def time_zone_names() -> frozenset[str]:
    """IANA names from the system and tzdata, without those that mean "this machine"."""
    return frozenset(zoneinfo.available_timezones() - {"Factory", "localtime"})


@functools.cache
def _by_lower_case() -> dict[str, str]:
    return {name.lower(): name for name in time_zone_names()}


def time_zone_named(value: str) -> str:
    """The official spelling: Asia/Calcutta for asia/calcutta. An unknown zone stays as it is."""
    return value if value == "UTC" else _by_lower_case().get(value.lower(), value)


def zone_called(name: str) -> zoneinfo.ZoneInfo:
    """The zone, or UTC if this machine does not know the name, so that pages never fail."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return zoneinfo.ZoneInfo("UTC")


class TimeZoneField(models.CharField[str, str]):
    """Accepts any letter case, and stores and returns the official spelling."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return time_zone_named(text) if isinstance(text, str) else text

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001 - Django's
        value = self.to_python(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value

    def deconstruct(self) -> Any:
        """A plain CharField in migrations."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


def validate_time_zone(value: str) -> None:
    if time_zone_named(value) not in time_zone_names():
        raise ValidationError(
            _("Choose an IANA time zone such as Europe/Berlin."), code="invalid_time_zone"
        )


def language_choices() -> list[tuple[str, str]]:
    """A function, so that adding a language needs no migration."""
    return list(settings.LANGUAGES)


class UserManager(BaseUserManager["User"]):
    use_in_migrations = True

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """The canonical address: Alice@x and "alice"@x are one account."""
        return key_of(email or "")

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=self.normalize_email(username))

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        if not email:
            raise ValueError("An e-mail address is required.")
        user = self.model(email=email, **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)


class SyncedUserManager(UserManager.from_queryset(SyncedQuerySet)):  # type: ignore[misc]
    use_in_migrations = False  # managers of historical models


class WeekStart(models.TextChoices):
    """The first day of a week in calendars; by default that of the language."""

    MONDAY = "monday", _("Monday")
    SATURDAY = "saturday", _("Saturday")
    SUNDAY = "sunday", _("Sunday")


class Channel(models.TextChoices):
    """A channel for reminders."""

    EMAIL = "email", _("Email")
    PUSH = "push", _("Notification")
    SMS = "sms", _("Text message")
    NONE = "none", _("Not at all")

    @classmethod
    def ways(cls) -> list[str]:
        """The channels that send something, in their order of preference."""
        return [cls.PUSH.value, cls.EMAIL.value, cls.SMS.value]


REMINDING = ("reminder_channel", "default_reminder", "digest_hour", "quiet_from", "quiet_until")
PROFILE = ("email", "name", "time_zone", "language", "week_start", *REMINDING, "channels_off")
CLOCK = frozenset({"time_zone", "digest_hour"})  # times are compared in UTC
MOST_MINUTES_BEFORE = 40_320  # four weeks
TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


def ClockTimeField(*args: Any, **kwargs: Any) -> "models.CharField[str, str]":  # noqa: N802 - stands for a column
    """Hours and minutes, `22:00`, or empty."""
    pattern = TIME.replace("^", r"\A").replace("$", r"\Z")
    check = RegexValidator(pattern, _("Write a time such as 22:00."))
    usual: dict[str, Any] = {"max_length": 5, "blank": True, "default": "", "db_default": ""}
    return models.CharField(*args, **{**usual, "validators": [check], **kwargs})


class User(Synced, AbstractUser):
    """Logs in with an e-mail address. Other users may see the UUID. Devices sync the profile."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = first_name = last_name = None  # type: ignore[assignment]  # fields of AbstractUser
    name = LineField(_("name"), max_length=NAME_LENGTH, blank=True)
    folded = FoldedField(of=("name",), db_default="")
    date_joined = MomentField(_("date joined"), default=timezone.now)
    last_login = MomentField(_("last login"), blank=True, null=True)
    email = models.EmailField(_("email address"), unique=True)
    # Set by the migration to canonical addresses, for duplicates that an operator must resolve.
    has_old_spelling = models.BooleanField(
        _("has an old spelling"),
        default=False,
        db_default=False,
        editable=False,
        help_text=_("Another account has this mailbox, so the address was left as it is."),
    )
    # When the account will be deleted, if its owner asked for it (accounts.deletion).
    deletion_at = MomentField(_("deleted after"), null=True, editable=False, db_index=True)
    time_zone = TimeZoneField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    language = models.CharField(_("language"), max_length=16, blank=True, choices=language_choices)
    week_start = models.CharField(
        _("first day of the week"),
        max_length=8,
        blank=True,
        default="",
        db_default="",
        choices=WeekStart.choices,
    )
    reminder_channel = models.CharField(
        _("reminds me by"),
        max_length=8,
        choices=Channel.choices,
        default=Channel.EMAIL,
        db_default=Channel.EMAIL,
    )
    default_reminder = models.PositiveIntegerField(
        _("minutes before a to-do with a time"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(MOST_MINUTES_BEFORE)],
    )
    digest_hour = models.PositiveSmallIntegerField(
        _("hour of reminders of whole days"),
        default=9,
        db_default=9,
        validators=[MaxValueValidator(23)],
    )
    quiet_from = ClockTimeField(_("quiet from"))
    quiet_until = ClockTimeField(_("quiet until"))
    # The channels that failed permanently, each with the reason. The user enables them again.
    channels_off = models.JSONField(default=dict, db_default={}, editable=False)

    USERNAME_FIELD = EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    feed_kind, account_column = "profile", "id"
    objects = SyncedUserManager()  # type: ignore[misc]  # that of AbstractUser needs a user name

    class Meta:
        # unique=True is for Django's checks; this constraint also covers bulk_create and raw SQL.
        constraints = (
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_ci"),
            models.CheckConstraint(
                condition=Q(has_old_spelling=True) | Q(email__regex=CANONICAL),
                name="accounts_user_email_canonical",
            ),
            models.CheckConstraint(
                condition=Q(name="") | is_line("name", NAME_LENGTH), name="accounts_user_name_line"
            ),
            models.CheckConstraint(
                condition=Q(week_start__in=["", *WeekStart.values]),
                name="accounts_user_week_start",
            ),
            models.CheckConstraint(
                condition=in_range("date_joined"), name="accounts_user_date_joined_range"
            ),
            models.CheckConstraint(
                condition=in_range("last_login"), name="accounts_user_last_login_range"
            ),
            models.CheckConstraint(
                condition=Q(reminder_channel__in=Channel.values),
                name="accounts_user_reminder_channel",
            ),
            models.CheckConstraint(
                condition=Q(default_reminder=None) | Q(default_reminder__lte=MOST_MINUTES_BEFORE),
                name="accounts_user_default_reminder",
            ),
            models.CheckConstraint(
                condition=Q(digest_hour__lte=23), name="accounts_user_digest_hour"
            ),
            *(
                models.CheckConstraint(
                    condition=Q(**{name: ""}) | Q(**{f"{name}__regex": TIME}),
                    name=f"accounts_user_{name}",
                )
                for name in ("quiet_from", "quiet_until")
            ),
        )

    def __str__(self) -> str:
        return self.email

    @classmethod
    def seen(cls, columns: Iterable[str] | None = None) -> list[str]:
        """Devices see only the profile."""
        return [name for name in super().seen(columns) if name in PROFILE]

    @classmethod
    @contextmanager
    def rippling(
        cls,
        account_id: uuid.UUID,
        rows: "models.QuerySet[Any]",
        members: Collection[str],
        *,
        dying: bool = False,
    ) -> Iterator[None]:
        """Announce a changed time zone, so that dues and reminders follow it."""
        yield
        if not (CLOCK.isdisjoint(members) or dying):
            time_zone_changed.send(cls, account_id=account_id)

    def clean(self) -> None:
        try:
            self.email = canonical(self.email)
        except ValueError as error:
            raise ValidationError({"email": validate_email.message}, code="invalid") from error

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(None if raw_password is None else passwords.normal(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        check = super().check_password
        return any(check(each) for each in passwords.spellings(raw_password or ""))

    def renew_password(self, raw_password: str) -> None:
        """Hash the normalized password, if the stored hash is of another form."""
        one = passwords.normal(raw_password)
        if one != raw_password and not super().check_password(one):
            self.set_password(raw_password)
            self.save(update_fields=["password"])

    def save(
        self,
        *,
        force_insert: bool | tuple[models.base.ModelBase, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        one = User.objects.normalize_email(self.email)
        self.has_old_spelling = self.has_old_spelling and self.email != one
        if not self.has_old_spelling:
            self.email = one
        super().save(
            force_insert=force_insert,
            force_update=force_update,
            using=using,
            update_fields=update_fields,
        )

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email.partition("@")[0]

    @property
    def failed_channels(self) -> list[str]:
        return sorted(self.channels_off)

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zone_called(self.time_zone)


class LimitPlace(models.Model):
    """A place of a limit, taken for some time. Only accounts.rate_limits writes it."""

    scope = models.CharField(max_length=64)  # a keyed hash of the limit and its subject
    number = models.PositiveSmallIntegerField()
    taken_at = models.DateTimeField(db_index=True)
    undecided = models.BooleanField(default=False)  # while the password is checked

    class Meta:
        verbose_name = _("place of a limit")
        verbose_name_plural = _("places of limits")
        constraints = (
            models.UniqueConstraint(
                fields=("scope", "number"), name="accounts_limitplace_scope_number"
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} of {self.scope}"
