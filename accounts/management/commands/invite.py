"""Prints a link that allows one sign-up."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.mailboxes import canonical
from accounts.models import Invitation
from accounts.registration import check_domain


class Command(BaseCommand):
    help = "Print a link that allows one sign-up while sign-up is closed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "email", nargs="?", default="", help="the only address that may use the link"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        invitation = Invitation.objects.create(email=_checked(options["email"]))
        self.stdout.write(invitation.link)


def _checked(email: str) -> str:
    if not email:
        return ""
    try:
        address = canonical(email)
        check_domain(address)
    except ValidationError as error:
        raise CommandError(error.message) from error
    except ValueError as error:
        raise CommandError(str(error)) from error
    return address
