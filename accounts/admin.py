from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts import deletion
from accounts.audit import Kind, SecurityEvent, record
from accounts.deletion_mails import erase_and_tell, tell_asked
from accounts.mailboxes import canonical
from accounts.models import REMINDING, ApiToken, Invitation, User
from accounts.registration import check_domain
from accounts.sessions import signed_in_user
from accounts.token_service import revoke
from core.admin import ReadOnlyAdmin, SearchableAdmin


class EmailAddressFormSet(BaseInlineFormSet[EmailAddress, User, ModelForm[EmailAddress]]):
    """Compares the rows of the form, because Django checks each only against the database."""

    def clean(self) -> None:
        """Check before Django does: its message about duplicates does not say what to do."""
        rows = [form.cleaned_data for form in self.forms if form.cleaned_data.get("email")]
        rows = [row for row in rows if not row.get("DELETE")]
        if sum(bool(row.get("primary")) for row in rows) > 1:
            raise ValidationError(_("Only one address can be the primary one."))
        if len({row["email"] for row in rows}) < len(rows):
            raise ValidationError(_("Write each address once."))
        super().clean()


class EmailAddressForm(ModelForm[EmailAddress]):
    def clean_email(self) -> str:
        try:
            address = canonical(self.cleaned_data["email"])
        except ValueError as error:
            raise ValidationError(validate_email.message, code="invalid") from error
        if "email" in self.changed_data:
            check_domain(address)
        return address


class Audited:
    """Records changes by staff in the security events of the account's owner."""

    def account_of(self, obj: Any) -> User:
        owner: User = obj if isinstance(obj, User) else obj.user
        return owner

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._tell(request, obj, message)
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._tell(request, obj, message)
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def _tell(self, request: HttpRequest, obj: Any, message: Any) -> None:
        fields = [name for part in message for name in _fields_of(part)]
        record(self.account_of(obj), Kind.STAFF_CHANGED, request, actor=request.user, fields=fields)


def _fields_of(part: dict[str, dict[str, Any]]) -> list[str]:
    """The fields in one part of a log message: {"changed": {"name": ..., "fields": [...]}}."""
    return [
        str(name)
        for said in part.values()
        for name in [*said.get("fields", ()), *filter(None, [said.get("name")])]
    ]


class NewUserForm(AdminUserCreationForm[User]):
    def clean_email(self) -> str:
        check_domain(self.cleaned_data["email"])
        return str(self.cleaned_data["email"])


class SuperusersChange:
    """Staff may read these rows; only superusers may change them.

    Permission to change one would amount to all permissions: a row is a password, an address that
    receives the code for a new password, or the permissions themselves.
    """

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


class EmailAddressInline(SuperusersChange, admin.TabularInline[EmailAddress, User]):
    model = EmailAddress
    form = EmailAddressForm
    formset = EmailAddressFormSet
    extra = 0


@admin.register(User)
class UserAdmin(Audited, SearchableAdmin, DjangoUserAdmin[User]):
    list_display = ("email", "name", "time_zone", "is_staff", "is_active", "date_joined")
    list_filter = (
        *("is_staff", "is_superuser", "is_active", "has_old_spelling", "language"),
        "date_joined",
    )
    search_fields = ("email", "folded")
    ordering = ("-date_joined",)
    inlines = (EmailAddressInline,)
    add_form = NewUserForm
    fieldsets = (
        (None, {"fields": ("email", "has_old_spelling", "password")}),
        (_("Profile"), {"fields": ("name", "time_zone", "language", "week_start", "version")}),
        (_("Reminders"), {"fields": (*REMINDING, "channels_off")}),
        (
            _("Permissions"),
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (_("Important dates"), {"fields": ("last_login", "date_joined", "deletion_at")}),
    )
    readonly_fields = ("has_old_spelling", "version", "channels_off", "deletion_at")
    actions = ("delete_in_a_week", "keep")
    most_deleted = 20  # per action; each account is deleted in batches
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)
    # What makes an operator, and the credentials of an account.
    for_superusers = ("email", "is_staff", "is_superuser", "groups", "user_permissions")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        kept = self.for_superusers if obj and not _is_superuser(request) else ()
        return (*super().get_readonly_fields(request, obj), *kept)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and not (obj and _is_above(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and not (obj and _is_above(request, obj))

    @admin.action(permissions=["delete"], description=_("Delete selected accounts in seven days"))
    def delete_in_a_week(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Ask for the deletion as an owner does: the owner gets a mail and may cancel.

        Skips accounts that staff have disabled, because cancelling would enable them.
        """
        asked = queryset.filter(deletion_at=None, is_active=True)
        for account in self._within_reach(request, asked):
            deletion.ask(account, request, actor=signed_in_user(request))
            tell_asked(account, request)

    @admin.action(permissions=["delete"], description=_("Keep selected accounts after all"))
    def keep(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for account in self._within_reach(request, queryset.exclude(deletion_at=None)):
            deletion.cancel(account, request, actor=signed_in_user(request))

    def _within_reach(self, request: HttpRequest, queryset: QuerySet[User]) -> list[User]:
        return [account for account in queryset if not _is_above(request, account)]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: Any) -> None:
        """Cancel the pending deletion of an account that staff enable."""
        if obj.is_active and obj.deletion_at:
            obj.deletion_at = None
            record(obj, Kind.DELETION_CANCELLED, request, actor=request.user)
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete now. If the process dies, the nightly job deletes the rest."""
        deletion.begin(obj)
        erase_and_tell(obj, actor=signed_in_user(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for account in queryset:
            self.delete_model(request, account)

    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not _is_superuser(request):
            raise PermissionDenied
        return super().user_change_password(request, *args, **kwargs)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Whoever may delete an account may delete its rows too: sessions, the inbox and others.

        The admins of these rows would forbid it. The page counts the rows but does not name them,
        because their names are private.
        """
        _named, counts, _forbidden, protected = super().get_deleted_objects(objs, request)
        operators = {_("operator") for account in objs if _is_above(request, account)}
        deleted = [str(account) for account in objs]
        return deleted, counts, {str(words) for words in operators}, protected


def _is_above(request: HttpRequest, account: User) -> bool:
    """Whether the account is an operator that this user may not change: only superusers may."""
    return (account.is_staff or account.is_superuser) and not _is_superuser(request)


admin.site.unregister(Group)


@admin.register(Group)
class SuperusersGroupAdmin(SuperusersChange, GroupAdmin):
    pass


# The admins of allauth search by user name, which these accounts do not have.
admin.site.unregister((Authenticator, EmailAddress, UserSession))


@admin.register(EmailAddress)
class EmailAddressAdmin(Audited, SuperusersChange, SearchableAdmin):
    form = EmailAddressForm
    list_display = ("email", "user", "primary", "verified")
    list_filter = ("primary", "verified")
    list_select_related = ("user",)
    search_fields = ("email", "user__email")
    autocomplete_fields = ("user",)


@admin.register(UserSession)
class UserSessionAdmin(ReadOnlyAdmin):
    """Signed-in devices. Never shows the session key, which is the token."""

    list_display = ("user", "ip", "user_agent", "created_at", "last_seen_at")
    list_filter = ("last_seen_at",)
    list_select_related = ("user",)
    search_fields = ("user__email", "ip", "user_agent")
    exclude = ("session_key", "data")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Without this, ?session_key__startswith= would disclose the token bit by bit."""
        if lookup.partition("__")[0] in self.exclude:
            return False
        return super().lookup_allowed(lookup, value, request)


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """The second factors of accounts. Never shows their secrets."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    exclude = ("data",)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup.partition("__")[0] != "data" and super().lookup_allowed(
            lookup, value, request
        )


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Staff with the permission may revoke a token. Shows neither a token nor its digest."""

    list_display = ("hint", "name", "owner", "scopes", "expires_at", "last_used_at")
    list_filter = ("expires_at", "last_used_at")
    list_select_related = ("owner",)
    search_fields = ("owner__email", "name", "hint")
    fields = ("owner", "name", "hint", "scopes", "created_at", "expires_at", "last_used_at")
    ordering = ("-created_at", "-id")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return "digest" not in lookup and super().lookup_allowed(lookup, value, request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super(ReadOnlyAdmin, self).has_delete_permission(request, obj)
        return allowed and not (obj and _is_above(request, obj.owner))

    def delete_model(self, request: HttpRequest, obj: ApiToken) -> None:
        revoke(obj, request, actor=signed_in_user(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset.select_related("owner"):
            self.delete_model(request, token)


@admin.register(Invitation)
class InvitationAdmin(SearchableAdmin):
    """Shows the link to staff who may change an invitation. Deleting an invitation revokes it."""

    list_display = ("email", "created_at", "created_by", "expires_at", "used_at", "account")
    list_filter = ("created_at", "expires_at", "used_at")
    list_select_related = ("created_by", "account")
    search_fields = ("email", "account__email")
    fields = ("email", "expires_at", "link", "created_at", "created_by", "used_at", "account")
    readonly_fields = ("link", "created_at", "created_by", "used_at", "account")
    ordering = ("-created_at", "-id")

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: Any) -> None:
        if not change:
            obj.created_by = signed_in_user(request)
        super().save_model(request, obj, form, change)


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "account", "kind", "by_staff", "actor", "address", "user_agent")
    list_filter = ("kind", "by_staff", "at")
    list_select_related = ("account", "actor")
    search_fields = ("account__email", "address")
    ordering = ("-at", "-id")
