"""Removes the files of exports and imports whose account has gone."""

from typing import Any

from django.core.management.base import BaseCommand

from todos.transfer.jobs import remove_orphans


class Command(BaseCommand):
    help = "Remove files that belong to no export and no import any more."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{remove_orphans()} files removed.")
