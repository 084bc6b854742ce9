"""Mails in plain text and, made of the same text, in HTML.

Each is a template of paragraphs, `templates/account/email/*_message.txt`. A paragraph that is the
code or the address of a page is shown as such; everything else is text, whoever wrote it.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from accounts.devices import device_name
from accounts.models import User

logger = logging.getLogger(__name__)
NOT_SENT = "A mail was not sent"
T = TypeVar("T")

_LINKS = ("activate_url", "keep_url", "password_reset_url", "reset_url")


class Mail(EmailMultiAlternatives):
    def send(self, *args: Any, **kwargs: Any) -> int:
        return _twice(partial(self._send_afresh, *args, **kwargs))

    def _send_afresh(self, *args: Any, **kwargs: Any) -> int:
        self.connection = None
        return super().send(*args, **kwargs)


def _twice(act: Callable[[], T]) -> T:
    """For a server that has just dropped a connection, or is being restarted."""
    try:
        return act()
    except TimeoutError:  # that took EMAIL_TIMEOUT: a request has not the time for another
        raise
    except OSError:  # smtplib's errors are OSErrors
        return act()


def knock() -> None:
    """Raise what a mail would if the server is away."""
    _twice(_open)


def _open() -> None:
    with get_connection():
        pass


def tell(mail: Mail) -> None:
    """Send a mail that only informs; a failure is logged, and the act stays done."""
    try:
        mail.send()
    except OSError:
        logger.exception(NOT_SENT)


def in_words_of(user: User | None) -> Any:
    """A person's language and clock, whoever's request the mail comes from."""
    language = user.language if user else ""
    return translation.override(language or translation.get_language())


def facts(context: dict[str, Any], request: Any) -> dict[str, Any]:
    """What every mail may name, beside what allauth gives it."""
    user = context.get("user") or User.objects.filter(emailaddress__email=context["email"]).first()
    confirmed = context.get("email_address") or context.get("email", "")
    return {
        **context,
        "recipient": user,
        "address": getattr(confirmed, "email", confirmed),
        "device": device_name(context.get("user_agent", "")),
        "zone": user.time_zone if user else "UTC",
        "reset_url": request.build_absolute_uri(reverse("account_reset_password")),
    }


def rendered(prefix: str, context: dict[str, Any], subject: str) -> tuple[str, str]:
    """The text and the HTML of a mail."""
    user: User | None = context["recipient"]
    with timezone.override(user.zone if user else None):
        text = render_to_string(f"{prefix}_message.txt", context).strip()
    page = {"subject": subject, "parts": _parts(text, context)}
    return text, render_to_string("account/email/base_message.html", page)


def _parts(text: str, context: dict[str, Any]) -> list[dict[str, str]]:
    kinds = {str(context[name]): "link" for name in _LINKS if context.get(name)}
    kinds |= {str(context["code"]): "code"} if context.get("code") else {}
    paragraphs = filter(None, (part.strip() for part in text.split("\n\n")))
    return [{"text": part, "kind": kinds.get(part, "text")} for part in paragraphs]


def in_both_forms(subject: str, text: str, to: list[str]) -> Mail:
    """Of a text that is no template of allauth's; the subject begins as those of allauth do."""
    subject = f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}{subject}"
    mail = Mail(subject, text, to=to)
    page = {"subject": subject, "parts": _parts(text, {})}
    mail.attach_alternative(render_to_string("account/email/base_message.html", page), "text/html")
    return mail


def message(
    prefix: str,
    context: dict[str, Any],
    *,
    subject: str,
    sender: str,
    to: list[str],
    headers: dict[str, str] | None = None,
) -> Mail:
    text, page = rendered(prefix, context, subject)
    mail = Mail(subject, text, sender, to, headers=headers)
    mail.attach_alternative(page, "text/html")
    return mail
