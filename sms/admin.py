"""The admin pages of messages, allowances and opt-outs."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.admin import UserAdmin
from accounts.models import User
from core.admin import NamedValuesFilter, ReadOnlyAdmin, SearchableAdmin
from core.selection import is_too_large
from sms import consent, prices, resend, statistics
from sms.models import Allowance, Attempt, Consent, Event, Message, OptOut, Phone, Source
from sms.policy import SendError
from sms.telephony import RecipientError, canonical, masked, parsed

MOST_SENT_AGAIN = 100  # the provider gets each while the operator waits


class MaskedNumbersAdmin(ReadOnlyAdmin):
    """Only superusers see, search and filter by whole numbers."""

    masked: ClassVar[Mapping[str, str]] = {}  # field -> its replacement for others

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return self._allowed(request, super().get_list_display(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.readable(request, self._allowed(request, self.fields or ()))

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        names = super().get_search_fields(request)
        return [name for name in names if name not in self.masked or _sees_numbers(request)]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Also find numbers that are written in another form."""
        found, repeats = super().get_search_results(request, queryset, search_term)
        number = canonical(search_term.strip())
        if _sees_numbers(request) and number != search_term:
            by_number, _ = super().get_search_results(request, queryset, number)
            found |= by_number
        return found, repeats

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Without this, ?to__startswith= would disclose a number digit by digit."""
        if lookup.partition("__")[0] in self.masked and not _sees_numbers(request):
            return False
        return super().lookup_allowed(lookup, value, request)

    def _allowed(self, request: HttpRequest, names: Sequence[Any]) -> list[Any]:
        seen = _sees_numbers(request)
        return [name if seen else self.masked.get(name, name) for name in names]


def _sees_numbers(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


class HistoryInline(admin.TabularInline[Any, Message]):
    """Part of a message: permission to view the message includes it."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.has_perm("sms.view_message")

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class AttemptInline(HistoryInline):
    model = Attempt
    fields = ("number", "started_at", "finished_at", "outcome", "http_status", "code", "detail")


class EventInline(HistoryInline):
    model = Event
    fields = ("received_at", "source", "status", "error_code")


@admin.register(Message)
class MessageAdmin(MaskedNumbersAdmin):
    """The log of messages, each with its history; the only action is to send again."""

    masked = {"to": "masked_to", "from_number": "masked_from"}
    private = frozenset({"body"})  # contains titles in reminders and answers
    list_display = ("created_at", "to", "sender", "state", "provider", "error_code", "finished_at")
    list_filter = (
        "state",
        ("provider", NamedValuesFilter),
        ("region", NamedValuesFilter),
        "created_at",
    )
    list_select_related = ("sender",)
    search_fields = ("body", "provider_sid", "sender__email", "to")
    date_hierarchy = "created_at"
    show_full_result_count = False
    inlines = (AttemptInline, EventInline)
    actions = ("send_again",)
    fields = (
        *("id", "sender", "to", "from_number", "region", "body", "encoding", "segments"),
        *("provider", "provider_sid", "state", "error_code", "error_message", "unreached"),
        *("attempt_count", "retry_of", "sent_again_as", "refers_to"),
        *("lane", "created_at", "send_at", "expires_at", "next_attempt_at", "dispatched_at"),
        *("claimed_at", "accepted_at", "finished_at"),
    )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        at = timezone.now()
        day, month = statistics.spend(at)
        days = statistics.deliveries(at)
        context = {"day": day, "month": month, "days": days, "bars": statistics.bars(days)}
        context["forecast"] = prices.forecast(at)
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def has_send_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sms.add_message")

    @admin.action(description=_("Send again if certainly not sent"), permissions=["send_again"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        if is_too_large(request, self, queryset, MOST_SENT_AGAIN):
            return
        for message in queryset.select_related("sender").prefetch_related("attempts", "events"):
            try:
                successor = resend.send_again(message)
            except SendError as error:
                self.message_user(request, f"{message}: {error}", messages.ERROR)
            else:
                self.log_change(request, message, f"Sent again as {successor.pk}.")
                self.message_user(request, _("Sent again as %s.") % successor.pk)

    @admin.display(description=_("sent again as"))
    def sent_again_as(self, row: Message) -> str:
        successor = Message.objects.filter(retry_of=row).first()
        if successor is None:
            return self.get_empty_value_display()
        address = reverse("admin:sms_message_change", args=(successor.pk,))
        return format_html('<a href="{}">{}</a>', address, successor)

    @admin.display(description=_("to"))
    def masked_to(self, row: Message) -> str:
        return masked(row.to)

    @admin.display(description=_("from"))
    def masked_from(self, row: Message) -> str:
        return masked(row.from_number)


@admin.register(Allowance)
class AllowanceAdmin(SearchableAdmin):
    """How many messages an account may send per day; without a row, none."""

    list_display = ("account", "per_day", "granted_at")
    list_editable = ("per_day",)
    list_select_related = ("account",)
    search_fields = ("account__email",)
    autocomplete_fields = ("account",)
    ordering = ("account__email",)


class AllowanceInline(admin.StackedInline[Allowance, User]):
    model = Allowance


admin.site.unregister(User)


@admin.register(User)
class SendingUserAdmin(UserAdmin):
    """The page of an account, with its allowance."""

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[Any]:
        return [*super().get_inlines(request, obj), AllowanceInline]


@admin.register(Phone)
class PhoneAdmin(MaskedNumbersAdmin):
    """Verified numbers. Only their owners can change them."""

    masked = {"number": "masked_number"}
    list_display = ("account", "number", "proved_at")
    list_select_related = ("account",)
    search_fields = ("account__email", "number")
    fields: ClassVar[tuple[str, ...]] = ("account", "number", "proved_at")

    @admin.display(description=_("number"))
    def masked_number(self, row: Phone) -> str:
        return masked(row.number)


@admin.register(Consent)
class ConsentAdmin(MaskedNumbersAdmin):
    """The consent ledger: who agreed to messages, when, where and to which text."""

    masked = {"number": "masked_number"}
    list_display = ("at", "account", "number", "event", "source")
    list_filter = ("event", "source", "at")
    list_select_related = ("account",)
    search_fields = ("account__email", "number")
    date_hierarchy = "at"
    show_full_result_count = False
    fields: ClassVar[tuple[str, ...]] = (
        *("at", "account", "number", "event", "source", "words", "address", "user_agent"),
    )

    @admin.display(description=_("number"))
    def masked_number(self, row: Consent) -> str:
        return masked(row.number)


class OptOutForm(forms.ModelForm[OptOut]):
    class Meta:
        model = OptOut
        fields = ("number",)

    def clean_number(self) -> str:
        try:
            return parsed(self.cleaned_data["number"]).number
        except RecipientError as error:
            raise forms.ValidationError(str(error), code=error.code) from error


@admin.register(OptOut)
class OptOutAdmin(MaskedNumbersAdmin):
    """Opted-out numbers. Only superusers may add one: the form discloses whether it exists."""

    masked = {"number": "masked_number"}
    form = OptOutForm
    list_display = ("number", "source", "created_at")
    list_filter = ("source", "created_at")
    search_fields = ("number",)
    fields: ClassVar[tuple[str, ...]] = ("number",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _sees_numbers(request)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return _sees_numbers(request)

    def save_model(self, request: HttpRequest, obj: OptOut, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        obj.source = OptOut.Source.ADMIN
        super().save_model(request, obj, form, change)
        consent.note_of_number(Consent.Event.STOPPED, obj.number, Source.ADMIN)

    def delete_model(self, request: HttpRequest, obj: OptOut) -> None:
        super().delete_model(request, obj)
        consent.note_of_number(Consent.Event.STARTED, obj.number, Source.ADMIN)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[OptOut]) -> None:
        for row in list(queryset):
            self.delete_model(request, row)

    @admin.display(description=_("number"))
    def masked_number(self, row: OptOut) -> str:
        return masked(row.number)
