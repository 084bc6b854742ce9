"""Creates a demo account with sample data. A repeat replaces it, with a new password."""

import secrets
from datetime import datetime, time, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from todos import service
from todos.models import Due, List, Priority, Todo

EMAIL, STAFF = "demo@nudge.example", "staff@nudge.example"


class Command(BaseCommand):
    help = "Create a demo account with sample data, and print its log-in."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--staff", action="store_true", help="also create one for the admin")
        here = settings.PUBLIC_BASE_URL or "http://127.0.0.1:8000"
        parser.add_argument("--at", default=here, help="the URL of the service")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        user, password = _anew(EMAIL, name="Demo")
        fill(user, timezone.now())
        self.stdout.write(self.style.SUCCESS(f"{user.todos.count()} to-dos are waiting."))
        at = options["at"].rstrip("/")
        self.stdout.write(
            f"Log in at {at}/auth/login/\n  e-mail:   {EMAIL}\n  password: {password}"
        )
        if options["staff"]:
            _staff, password = _anew(STAFF, name="Staff", is_staff=True, is_superuser=True)
            self.stdout.write(f"For {at}/admin/\n  e-mail:   {STAFF}\n  password: {password}")


def _anew(email: str, **columns: Any) -> tuple[User, str]:
    """A new account with a random password, because anyone could use a known one on a server."""
    password = secrets.token_urlsafe(12)
    User.objects.filter(email=email).delete()
    user = User.objects.create_user(email, password, **columns)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user, password


def fill(user: User, now: datetime) -> None:
    """Add to-dos around today in three lists; the last one added is on top."""
    today = now.date()
    home = service.add_list(actor=user, name="Home", color="#2f855a")
    work = service.add_list(actor=user, name="Work", color="#2b6cb0")
    day = timedelta(days=1)
    rows: list[dict[str, Any]] = [
        {"title": "Read the book about sleep", "tags": ["someday"]},
        {
            "title": "Renew the passport",
            "start_on": today + 10 * day,
            "due": Due(today + 40 * day),
            "priority": Priority.MEDIUM,
        },
        {"title": "Water the tomatoes", "list": home, "due": Due(today), "tags": ["garden"]},
        {"title": "Repair the kitchen lamp", "list": home, "priority": Priority.LOW},
        {"title": "Send the invoice for October", "list": work, "due": Due(today - 2 * day)},
        {
            "title": "Prepare Monday's demo",
            "list": work,
            "due": Due((now + 2 * day).date(), time(14)),
            "priority": Priority.HIGH,
            "notes": "Three slides at most; show the phone.",
            "tags": ["focus"],
        },
        {
            "title": "Call the dentist",
            "due": Due(today + day, time(9, 30)),
            "tags": ["phone"],
        },
        {"title": "Buy milk", "list": home, "tags": ["errand"]},
        {"title": "Book the train to Vienna", "due": Due(today + day), "priority": Priority.URGENT},
    ]
    for row in rows:
        service.add_todo(actor=user, **row)
    for title in ("Buy milk", "Repair the kitchen lamp"):
        Todo.objects.owned_by(user).get(title=title).finish()
    List.objects.inbox_of(user)
