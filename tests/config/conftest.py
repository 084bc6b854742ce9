"""Settings as another environment would make them."""

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import config

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCTION = {
    "DEBUG": "False",
    "SECRET_KEY": "r7pAqf0y3mWkZt5vXn8sJd2hGc6bLe9uRo4iTx1wQz-VyKaNjB",
    "DATABASE_URL": "postgresql://nudge:hunter%2F2@db.example.com/nudge",
    "ALLOWED_HOSTS": "nudge.example.com",
    "SMS_PROVIDER": "console",
    "EMAIL_HOST": "mail.example.com",
}


@pytest.fixture
def settings_of(monkeypatch) -> Callable[..., dict[str, Any]]:
    """`settings_of(DEBUG="False")`: every setting when only these variables are set."""

    def load(**variables: str) -> dict[str, Any]:
        for name in set(os.environ) - {"PATH", "HOME", "TMPDIR", "LANG"}:
            monkeypatch.delenv(name)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with monkeypatch.context() as fresh:
            for name in [name for name in sys.modules if name.startswith("config.settings")]:
                fresh.delitem(sys.modules, name)
            fresh.setattr(config, "settings", None)
            try:
                return vars(importlib.import_module("config.settings"))
            finally:
                for name in [name for name in sys.modules if name.startswith("config.settings")]:
                    del sys.modules[name]

    return load
