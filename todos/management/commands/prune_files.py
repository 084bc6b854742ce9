"""Removes files of exports and imports of deleted accounts."""

from typing import Any

from django.core.management.base import BaseCommand

from todos.transfer.jobs import remove_orphans


class Command(BaseCommand):
    help = "Remove files that belong to no export or import."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{remove_orphans()} files removed.")
