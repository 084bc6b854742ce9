"""Lists, replays and forgets what Lambda gave up (docs/events.md says why twice does no harm)."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import dead_letters
from core.dead_letters import Letter

ALL = "all"


class Command(BaseCommand):
    help = "List tasks that Lambda gave up; --replay runs them again, --forget removes one."

    def add_arguments(self, parser: CommandParser) -> None:
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--replay", metavar="ID", help=f"run it again; `{ALL}` for every one")
        choice.add_argument("--forget", metavar="ID", help="remove it, and never run it")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEAD_LETTER_QUEUE_URL:
            raise CommandError("DEAD_LETTER_QUEUE_URL is not set: there is no queue to look into.")
        if options["replay"] and not settings.LAMBDA_FUNCTION:
            raise CommandError("Only on Lambda is there a function that could run it again.")
        with dead_letters.held() as letters:
            if options["replay"]:
                self._replay(_chosen(letters, options["replay"]))
            elif options["forget"]:
                [letter] = _chosen(letters, options["forget"], may_be_all=False)
                dead_letters.forget(letter)
                self.stdout.write(f"{letter.id} forgotten: {letter.name}")
            else:
                self._list(letters)

    def _list(self, letters: list[Letter]) -> None:
        for letter in letters:
            self.stdout.write(_line(letter))
        self.stdout.write(f"{len(letters)} dead letters.")

    def _replay(self, letters: list[Letter]) -> None:
        """One that is refused keeps no other from being replayed, and stays in the queue."""
        refused = []
        for letter in letters:
            try:
                dead_letters.replay(letter)
            except Exception as error:  # noqa: BLE001 - botocore's, or there is no event
                refused.append(f"{letter.id}: {error}")
            else:
                self.stdout.write(f"{letter.id} replayed: {letter.name}")
        if refused:
            raise CommandError("Still in the queue:\n" + "\n".join(refused))


def _line(letter: Letter) -> str:
    """No payload beyond the ids of a task."""
    when = letter.died_at.isoformat(timespec="seconds")
    what = " ".join([letter.name, *letter.ids])
    return f"{letter.id}  {when}  {what}  request {letter.request_id}  {letter.error}"


def _chosen(letters: list[Letter], wanted: str, *, may_be_all: bool = True) -> list[Letter]:
    if may_be_all and wanted == ALL:
        return letters
    if not (found := [letter for letter in letters if letter.id == wanted]):
        raise CommandError(f"There is no dead letter {wanted}.")
    return found
