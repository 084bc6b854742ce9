from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from core.background import task_boundary
from sms.sweep import sweep


class Command(BaseCommand):
    help = "Delivers texts that are due and clears up what became of the others; run every minute."

    def handle(self, *args: Any, **options: Any) -> None:
        done = task_boundary(sweep)(at=timezone.now())
        told = ", ".join(f"{number} {name}" for name, number in done.items() if number)
        self.stdout.write(told or "nothing to do")
