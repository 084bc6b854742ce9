"""Completes rows that a former release wrote during a deploy."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.models import User
from core.feed_repair import bury_gone, feed_unfed, synced_models
from core.folding import refold
from todos import dues
from todos.folding import refold_tags
from todos.models import List, Todo
from todos.models.subtasks import release_lost


class Command(BaseCommand):
    help = "Fold rows, add them to the feed, and renew dues; safe at any time, and to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        rows = refold_tags() + sum(map(refold, (User, List, Todo)))
        renewed = dues.take_over()
        self.stdout.write(f"{rows} rows folded, {feed()} fed, {renewed} dues renewed.")


def feed() -> int:
    """Repair rows that were written without the feed, and their search columns."""
    total = 0
    for model in synced_models():
        keys = feed_unfed(model)
        total += refold(model, keys) + bury_gone(model)
        if model is Todo:
            Todo.objects.filter(pk__in=keys).fold_tags()
    return total + release_lost(Todo)
