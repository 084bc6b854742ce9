"""Zappa's command line, settings and archive in this project."""

import json
import time
import zipfile
from typing import Any

from deploy import aws


def command_line(stage: str) -> Any:
    """Zappa's command line with the settings of `zappa package`, without an account.

    Raises ClickException for a stage that is not in the settings.
    """
    from zappa.cli import ZappaCLI

    cli = ZappaCLI()
    cli.command, cli.api_stage, cli.load_credentials = "package", stage, False
    # Zappa would search every Python file for WebSockets, and find them in its own code.
    cli._detect_websocket_usage = lambda: None  # noqa: SLF001 - there is no setting for it
    cli.load_settings()
    return cli


def stage_settings(stage: str) -> dict[str, Any]:
    """The settings as Zappa reads them: `extends` adds the missing ones."""
    stages: dict[str, dict[str, Any]] = json.loads(aws.SETTINGS.read_text())
    found = stages[stage]
    return (stage_settings(found["extends"]) if "extends" in found else {}) | found


def copy_nothing(cli: Any) -> None:
    """Make Zappa start with an empty archive; the `zip` callback replaces it.

    Zappa would copy the working folder and the environment (20 s of processor time).
    """

    def empty(prefix: str, output: str | None = None, **_options: Any) -> str:
        path = output or f"{prefix}-{time.time_ns()}.zip"
        zipfile.ZipFile(path, "w").close()
        return path

    cli.zappa.create_lambda_zip = empty
