"""Shorter keys of the manual order where they have grown long; their order stays."""

from typing import Any

from django.core.management.base import BaseCommand

from todos.ordering import renew_all


class Command(BaseCommand):
    help = "Renew keys of the manual order that have grown long; harmless at any time, and twice."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{renew_all()} positions renewed.")
