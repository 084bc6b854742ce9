from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _files_of_the_test(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def begun(django_capture_on_commit_callbacks) -> Callable[..., dict[str, Any]]:
    """`begun(phone, path, body)`: what has become of the job that this begins."""

    def post(phone: Any, path: str, body: Any = None, verb: str = "post") -> dict[str, Any]:
        with django_capture_on_commit_callbacks(execute=True):
            answer = getattr(phone, verb)(path, body)
        assert answer.status_code == 202, answer.content
        found: dict[str, Any] = phone.get(answer["Location"]).json()
        return found

    return post
