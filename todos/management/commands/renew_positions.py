"""Shortens long keys of the manual order, without a change of the order."""

from typing import Any

from django.core.management.base import BaseCommand

from todos.ordering import renew_all


class Command(BaseCommand):
    help = "Shorten long keys of the manual order; safe at any time, and to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{renew_all()} positions renewed.")
