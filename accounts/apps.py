from typing import Any

from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin import apps as admin_apps
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class AccountsConfig(AppConfig):
    name = "accounts"
    default = True

    def ready(self) -> None:
        from accounts import (  # noqa: PLC0415 - they need the models
            api_tokens,
            audit,
            audit_signals,  # noqa: F401 - importing connects its receivers
            codes,
            email_addresses,
            invitations,
            passwords,
            rate_limits,
            sessions,
            suspended_requests,
            token_service,  # noqa: F401 - importing connects its receivers
        )
        from accounts.factors import (  # noqa: PLC0415
            additions,
            changes,  # noqa: F401 - importing connects its receivers
            guesses,
            lazily,
            proofs,
        )
        from core import pruning  # noqa: PLC0415

        codes.install()
        email_addresses.install()
        passwords.install()
        rate_limits.install()
        sessions.install()
        suspended_requests.install()
        guesses.install()
        lazily.install()
        additions.install()
        proofs.install()
        pruning.register(api_tokens.ended_tokens)
        pruning.register(audit.old_events)
        pruning.register(invitations.ended_invitations)
        pruning.register(rate_limits.ended_places)


class NudgeAdminConfig(admin_apps.SimpleAdminConfig):
    """Django's admin, with the product's log-in.

    Only accounts.admin_urls imports the admin modules: no other request needs them, and they add 10
    ms or more to a cold start.
    """

    default = False
    default_site = "accounts.admin_site.NudgeAdminSite"

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_every_admin, checks.Tags.admin)


def _check_every_admin(**options: Any) -> list[checks.CheckMessage]:
    admin.autodiscover()
    return check_admin_app(**options)
