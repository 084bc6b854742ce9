from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.factors import changes
from accounts.models import User


class Command(BaseCommand):
    help = (
        "Remove the second factor of a user who has lost it. This logs out all devices and"
        " notifies the user by mail. First make sure that the request is from the owner."
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
