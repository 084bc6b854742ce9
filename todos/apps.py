from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TodosConfig(AppConfig):
    name = "todos"
    verbose_name = _("To-dos")

    def ready(self) -> None:
        from accounts.models import time_zone_changed  # noqa: PLC0415 - needs the apps
        from core import pruning  # noqa: PLC0415
        from todos import service  # noqa: PLC0415
        from todos.models import (  # noqa: PLC0415
            Notice,
            SyncOperation,
            TagAlias,
            Todo,
            Transfer,
        )

        pruning.register(Todo.objects.expired)
        pruning.register(SyncOperation.objects.expired)
        pruning.register(TagAlias.objects.expired)
        pruning.register(Notice.objects.expired)
        pruning.register(Transfer.objects.expired)
        time_zone_changed.connect(service.follow_time_zone, dispatch_uid="todos")
