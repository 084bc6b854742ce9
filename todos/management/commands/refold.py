"""Completes rows that a release before has written while it was replaced."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.models import User
from core.folding import refold
from todos import dues
from todos.folding import refold_tags
from todos.models import List, Todo


class Command(BaseCommand):
    help = "Fold what is not folded yet, and renew dues; harmless at any time, and twice."

    def handle(self, *args: Any, **options: Any) -> None:
        rows = refold_tags() + sum(map(refold, (User, List, Todo)))
        self.stdout.write(f"{rows} rows folded, {dues.take_over()} dues renewed.")
