"""Mails in plain text, and in HTML made from the same text.

Each is a template of paragraphs, `templates/account/email/*_message.txt`. The HTML marks up a
paragraph that is a code or a URL; everything else is plain text, even from users.
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
    """Try twice, for a server that has just dropped a connection or restarts."""
    try:
        return act()
    except TimeoutError:  # it took EMAIL_TIMEOUT; a request has no time for a second attempt
        raise
    except OSError:  # the errors of smtplib are OSErrors
        return act()


def knock() -> None:
    """Raise the error that a mail would raise if the server is unreachable."""
    _twice(_open)


def _open() -> None:
    with get_connection():
        pass


def tell(mail: Mail) -> None:
    """Send a notification. An error is only logged, and the reported change stays."""
    try:
        mail.send()
    except OSError:
        logger.exception(NOT_SENT)


def in_words_of(user: User | None) -> Any:
    """Activate the recipient's language, whoever sends the request."""
    language = user.language if user else ""
    return translation.override(language or translation.get_language())


def facts(context: dict[str, Any], request: Any) -> dict[str, Any]:
    """The context of every mail, in addition to that of allauth."""
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
    """A mail, in text and HTML, from text outside allauth's templates.

    Its subject gets the same prefix as allauth's.
    """
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
