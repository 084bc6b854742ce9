"""Lists the events that Lambda gave up on; docs/events.md explains why none needs a rerun."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from serverless import dead_letters
from serverless.dead_letters import DeadLetter


class Command(BaseCommand):
    help = "List the events that Lambda gave up on after its retries; changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEAD_LETTER_QUEUE_URL:
            raise CommandError("DEAD_LETTER_QUEUE_URL is not set: there is no queue to read.")
        letters = dead_letters.receive_all()
        for letter in letters:
            self.stdout.write(_line(letter))
        self.stdout.write(f"{len(letters)} dead letters.")


def _line(letter: DeadLetter) -> str:
    """A line for the letter, without its payload except for the ids of a task."""
    when = letter.died_at.isoformat(timespec="seconds")
    what = " ".join([letter.name, *letter.ids])
    return f"{letter.id}  {when}  {what}  request {letter.request_id}  {letter.error}"
