"""What Zappa writes into a package, and what it is told to leave out of it."""

import time
import zipfile
from pathlib import Path
from typing import Any


def command_line(stage: str) -> Any:
    """Zappa's command line with its settings read as `zappa package` reads them, by no account.

    Raises ClickException for a stage that the settings do not name.
    """
    from zappa.cli import ZappaCLI

    cli = ZappaCLI()
    cli.command, cli.api_stage, cli.load_credentials = "package", stage, False
    # It would read every Python file below for WebSockets, and find them in its own.
    cli._detect_websocket_usage = lambda: None  # noqa: SLF001 - there is no setting for it
    cli.load_settings()
    return cli


def generated(cli: Any) -> dict[str, bytes]:
    """name -> content, as `zappa package` names and fills them."""
    import zappa

    folder = Path(zappa.__file__).parent
    return {
        "handler.py": (folder / "handler.py").read_bytes(),
        "django_zappa_app.py": (folder / "ext" / "django_zappa.py").read_bytes(),
        "zappa_settings.py": cli.get_zappa_settings_string().encode(),
    }


def copy_nothing(cli: Any) -> None:
    """Zappa starts from an empty archive: the `zip` callback writes all of ours afterwards.

    Its own would be a copy of the working folder and of the environment (20 s of the processor).
    """

    def empty(prefix: str, output: str | None = None, **_options: Any) -> str:
        path = output or f"{prefix}-{time.time_ns()}.zip"
        zipfile.ZipFile(path, "w").close()
        return path

    cli.zappa.create_lambda_zip = empty
