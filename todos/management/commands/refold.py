"""Completes rows that a release without folded columns has written while it was replaced."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.models import User
from core.folding import refold
from todos.folding import refold_tags
from todos.models import List, Todo


class Command(BaseCommand):
    help = "Fold names and texts that are not folded yet; harmless at any time, and twice."

    def handle(self, *args: Any, **options: Any) -> None:
        rows = refold_tags() + sum(map(refold, (User, List, Todo)))
        self.stdout.write(f"{rows} rows folded.")
