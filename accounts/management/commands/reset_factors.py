from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.factors import changes
from accounts.models import User


class Command(BaseCommand):
    help = (
        "Remove the second factor of an account, for a person who has lost it: every device is"
        " logged out, and the person is told by mail. Make sure first that it is they who ask."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = User.objects.get_by_natural_key(options["email"])
        except User.DoesNotExist as error:
            raise CommandError("No account has this address.") from error
        types = changes.reset(user)
        removed = ", ".join(types) or "nothing: there was no second factor"
        self.stdout.write(f"Removed: {removed}.")
