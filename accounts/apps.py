from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class AccountsConfig(AppConfig):
    name = "accounts"
    default = True

    def ready(self) -> None:
        from accounts import email_addresses  # noqa: PLC0415 - needs the models

        email_addresses.install()


class NudgeAdminConfig(admin_apps.AdminConfig):
    """Django's admin behind the product's one log-in."""

    default = False
    default_site = "accounts.admin_site.NudgeAdminSite"
