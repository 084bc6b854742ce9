from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TodosConfig(AppConfig):
    name = "todos"
    verbose_name = _("To-dos")

    def ready(self) -> None:
        from core import pruning  # noqa: PLC0415 - as the next one, needs the models
        from todos.models import SyncOperation, Todo  # noqa: PLC0415

        pruning.register(Todo.objects.expired)
        pruning.register(SyncOperation.objects.expired)
