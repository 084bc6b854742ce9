"""Static files as a release has them: under names of their content, scripts without comments."""

from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.base import ContentFile

SHORTENED = ("app/", "js/", "vendor/")  # folders of scripts that are ours, or that we keep


class HashedStorage(ManifestStaticFilesStorage):
    """Django's, with shorter scripts; what developers are served stays as it is written."""

    def post_process(self, paths: dict[str, Any], *args: Any, **options: Any) -> Iterator[Any]:
        if not options.get("dry_run"):
            paths = {name: self._shorter(name, *source) for name, source in paths.items()}
        yield from super().post_process(paths, *args, **options)

    def _shorter(self, name: str, storage: Any, path: str) -> tuple[Any, str]:
        """Where the file stands that is to be named by its content."""
        from core.scripts import shortened  # no request needs it

        if not (name.startswith(SHORTENED) and name.endswith(".js")):
            return storage, path
        with storage.open(path) as file:
            code = shortened(file.read().decode())
        self.delete(name)
        self.save(name, ContentFile(code.encode()))
        return self, name
