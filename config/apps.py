from django.apps import AppConfig
from django.db.backends.signals import connection_created

from config.sqlite import register_unicode_like


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401, PLC0415 - importing registers the checks

        connection_created.connect(
            register_unicode_like, dispatch_uid="config.sqlite.register_unicode_like"
        )
