"""Deploys a stage: build, migrate, deploy, smoke-test; roll back on failure.

    python -m deploy.release dev      make deploy STAGE=dev

Each step can be repeated after an interruption: Zappa deploys or updates depending on what exists,
migrations are applied once, and uploads skip existing files.
"""

import argparse
import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy import (
    archive,
    aws,
    functions,
    interruption,
    live,
    lock,
    package,
    shift,
    smoke,
    stack,
    static,
    versions,
    zappa_files,
    zappa_live,
)
from deploy.progress import done, step

BUILD = Path("build")
WayBack = Callable[[str, str], None]  # (function, version)


def release(
    stage: str,
    *,
    timeout: float = smoke.TIMEOUT_SECONDS,
    commands: Sequence[str] = (),
    at_once: bool = False,
    go_back: WayBack = functions.take_back,
) -> None:
    """Deploy the stage. If a step fails, the old version serves, and SystemExit is raised.

    `timeout`: seconds until the new code must be ready; `commands`: run after the migrations,
    before the new code serves; `at_once`: without the steps of a shift; `go_back`: restores the old
    code if the new code does not serve.
    """
    if wanting := stack.missing(stage):
        raise SystemExit(
            f"{stage} would refuse to start without {', '.join(wanting)}: store them under "
            f"{aws.parameters_path(stage)} (docs/deployment.md)."
        )
    steps = None if at_once else _steps(stage)
    target, build_id = packaged(stage)
    with lock.held(stage):
        _migrate(stage, target, commands)
        _begin(stage)
        _switch(stage, target, build_id, timeout, steps, go_back)
    # Unknown before the first deploy; commands also write links.
    functions.update_environment(
        aws.function_name(aws.ops_stage(stage)), {"API_URL": aws.api_url(stage)}
    )
    step(f"{stage} serves build {build_id}")
    done(aws.api_url(stage))


def _steps(stage: str) -> shift.Shift | None:
    """The shift of the stage; None without one, and before the first deploy, without traffic."""
    try:
        steps = shift.of(zappa_files.stage_settings(stage))
    except shift.ShiftError as error:
        raise SystemExit(str(error)) from None
    if not steps or not functions.exists(aws.function_name(stage)):
        return None
    shift.refuse(stage)
    return steps


def packaged(stage: str) -> tuple[Path, str]:
    from click import ClickException

    step(f"Package for {stage}")
    BUILD.mkdir(exist_ok=True)
    target = BUILD / f"{aws.function_name(stage)}.zip"
    try:
        cli = zappa_files.command_line(stage)
        static.collect(outputs := stack.outputs(stage))
        build_id = package.build(target, cli.architecture, extra=static.packed(outputs))
    except (ClickException, archive.PackageError, static.CollectError) as error:
        raise SystemExit(str(error)) from None
    done(f"{target} has {target.stat().st_size / package.MEGABYTE:.1f} MB")
    return target, build_id


def _migrate(stage: str, target: Path, commands: Sequence[str]) -> None:
    """Migrate in the operations function, while the old code serves."""
    operations = aws.ops_stage(stage)
    function = aws.function_name(operations)
    step(f"Migrations, in {function}")
    previous = _serving(function)
    try:
        _put(operations, target)
        for command in ("migrate --noinput --verbosity 1", *commands):
            done(manage(function, command))
    except BaseException as error:
        _roll_back(function, previous, error)
        if isinstance(error, (ManageError, SystemExit)):
            raise SystemExit(f"Migrations failed, {stage} is as it was.\n{error}") from None
        raise


def _begin(stage: str) -> None:
    """Create the alias with present variables for a rollback; a version of Zappa may lack some."""
    function, settings = aws.function_name(stage), zappa_files.stage_settings(stage)
    if live.is_wanted(settings) and functions.exists(function) and aws.api_id(stage):
        live.begin(function)


def _switch(
    stage: str,
    target: Path,
    build_id: str,
    timeout: float,
    steps: shift.Shift | None,
    go_back: WayBack,
) -> None:
    """Deploy the new code. On any error, including Ctrl-C, restore the old code."""
    function = aws.function_name(stage)
    step(f"The new code serves in {function}")
    previous = _serving(function)
    try:
        _put(stage, target, shifts=True)
        if live.serving(function):
            _shift(stage, build_id, timeout, steps)
        step("Smoke test")
        smoke.check(stage, build_id, timeout=timeout)
    except shift.OvertakenError as error:
        raise SystemExit(str(error)) from None
    except BaseException as error:
        _roll_back(function, previous, error, go_back)
        if not isinstance(error, (smoke.SmokeError, shift.ShiftError, SystemExit)):
            raise
        if not previous:
            raise SystemExit(f"The first deploy of {stage} does not serve.\n{error}") from None
        raise SystemExit(f"Build {build_id} failed, the one before it serves.\n{error}") from None


def _shift(stage: str, build_id: str, timeout: float, steps: shift.Shift | None) -> None:
    """Smoke-test the new version before it gets traffic, then shift."""
    version = live.publish(aws.function_name(stage))
    smoke.check_version(stage, version, build_id, timeout=timeout)
    shift.run(stage, version, steps)


def _serving(function: str) -> str:
    """The number of the version that serves, to roll back to; empty before the first deploy."""
    if not functions.exists(function):
        return ""
    if aliased := live.serving(function):
        return aliased
    digest = functions.configuration(function)["CodeSha256"]
    version = versions.of(digest, versions.published(function))
    return str(version.number) if version else ""


def _roll_back(
    function: str, previous: str, reason: BaseException, go_back: WayBack = functions.take_back
) -> None:
    """Restore the previous code. Raises SystemExit with both errors if that fails."""
    if not previous:
        return
    try:
        with interruption.ignored():
            go_back(function, previous)
    except (Exception, SystemExit) as error:
        raise SystemExit(
            f"{function} failed and could not be rolled back to version {previous}. Act now.\n"
            f"{str(reason) or type(reason).__name__}\n{error}"
        ) from error


def _put(stage: str, target: Path, *, shifts: bool = False) -> None:
    """Deploy or update; removes the remains of a failed first deploy before.

    `shifts`: the alias stays on its version.
    """
    exists = functions.exists(aws.function_name(stage))
    if exists and stage == aws.base_stage(stage) and not aws.api_id(stage):
        zappa("undeploy", stage, "--yes")
        exists = False
    told = {zappa_live.SHIFTS_LATER: "1"} if shifts else {}
    zappa("update" if exists else "deploy", stage, "--zip", str(target), **told)


def zappa(*arguments: str, **variables: str) -> None:
    """Run Zappa from this virtual environment. Raises SystemExit if it fails."""
    scripts = Path(sys.executable).parent
    environment = {
        **os.environ,
        **variables,
        "VIRTUAL_ENV": sys.prefix,
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
    }
    command = [str(scripts / "zappa"), *arguments]
    if subprocess.call(command, env=environment):
        raise SystemExit(f"zappa {' '.join(arguments)} failed.")


class ManageError(Exception):
    """A management command failed on Lambda."""


def manage(function: str, command: str) -> str:
    """Run a management command on Lambda and return the end of its log (AWS returns 4 KB)."""
    answer = aws.client("lambda").invoke(
        FunctionName=function,
        LogType="Tail",
        Payload=json.dumps({"manage": command}).encode(),
    )
    log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
    if "FunctionError" in answer:
        raise ManageError(f"{command}: {answer['Payload'].read().decode()[:2000]}\n{log}")
    return log.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description="Deploy a stage; roll back on failure.")
    parser.add_argument("stage", type=aws.serving_stage)
    parser.add_argument("--timeout", type=float, default=smoke.TIMEOUT_SECONDS, help="seconds")
    parser.add_argument("--at-once", action="store_true", help="without the steps of a shift")
    arguments = parser.parse_args()
    interruption.sigterm_is_ctrl_c()
    release(arguments.stage, timeout=arguments.timeout, at_once=arguments.at_once)


if __name__ == "__main__":
    main()
