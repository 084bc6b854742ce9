"""Redirects Zappa's calls to the alias of a stage that shifts traffic or uses SnapStart.

Zappa's own alias for SnapStart moves only with its own commands, and Zappa leaves schedules, the
queue and their permissions on the newest code.
"""

import sys
from typing import Any

from deploy import aws, functions, live, shift

PYTHON = sys.version_info[:2]  # Zappa deploys to this version
SNAP_START_PYTHON = (3, 12)
ARM64_PYTHON = (3, 12)
SHIFTS_LATER = "NUDGE_SHIFTS_LATER"  # a variable that says: the caller of Zappa moves the alias
MAKE_PROCESSES = ("deploy", "update")
NEED_ALIAS = ("update", "schedule")


def is_wanted(cli: Any) -> bool:
    """Whether the stage needs the alias; the operations function has no traffic."""
    served = cli.api_stage == aws.base_stage(cli.api_stage)
    return bool(served and live.is_wanted(cli.stage_config))


def refuse(cli: Any, outputs: dict[str, str]) -> None:
    """Raise ClickException for settings that AWS refuses or that would have no effect."""
    from click import ClickException

    if cli.command not in MAKE_PROCESSES:
        return
    if cli.architecture == "arm64" and PYTHON < ARM64_PYTHON:
        raise ClickException(
            "arm64 needs Python 3.12 or newer: the driver of PostgreSQL has no wheel for Lambda's "
            "Python 3.11. Deploy with a newer Python, or remove architecture."
        )
    if _snaps(cli) and PYTHON < SNAP_START_PYTHON:
        raise ClickException(
            "SnapStart needs Python 3.12 or newer. Deploy with one, or remove snap_start."
        )
    if is_wanted(cli) and outputs and "Alias" not in outputs:
        raise ClickException(
            "The role of the stack may not call an alias yet, so every request would fail: "
            f"make infra STAGE={cli.api_stage}."
        )
    if is_wanted(cli) and cli.use_function_url:
        raise ClickException(
            "A function URL calls the newest code, past the alias that shift and snap_start need. "
            "Remove these, or function_url_enabled."
        )
    try:
        shift.of(cli.stage_config)
    except shift.ShiftError as error:
        raise ClickException(str(error)) from None


def direct(cli: Any) -> None:
    """Redirect the calls of this command, and create the alias if an old stage lacks it."""
    snaps, zappa = _snaps(cli), cli.zappa
    _one_architecture(cli)
    _unschedule_both(zappa)
    if snaps:
        cli.snap_start, cli.apigateway_lambda_qualifier = "None", None  # see settle()
    if not is_wanted(cli):
        return
    if snaps:  # it would keep a process of the unused newest code warm
        cli.override_stage_config_setting("keep_warm", False)  # noqa: FBT003 - Zappa's signature
    cli.apigateway_lambda_qualifier = live.ALIAS
    _publish_once(cli)
    _target(zappa, "schedule_events")
    _target(zappa, "unschedule_events")
    permit = zappa.create_event_permission
    zappa.create_event_permission = lambda name, *given: permit(f"{name}:{live.ALIAS}", *given)
    if cli.command in NEED_ALIAS and functions.exists(cli.lambda_name):
        live.begin(cli.lambda_name)


def settle(cli: Any, *, later: bool) -> None:
    """Publish one version after all changes. `later`: the caller moves the alias."""
    name = cli.lambda_name
    if not is_wanted(cli):
        live.remove(name)
        return
    if _snaps(cli):
        functions.update_configuration(name, SnapStart={"ApplyOn": live.PUBLISHED})
    if later:
        live.publish(name)
    else:
        live.move(name)
    _prune(name, int(cli.num_retained_versions or 0))


def _snaps(cli: Any) -> bool:
    return bool(cli.stage_config.get("snap_start") == live.PUBLISHED)


def _one_architecture(cli: Any) -> None:
    """Always send the architecture, which Zappa sends only at the first deployment."""
    client = cli.zappa.lambda_client
    update = client.update_function_code
    client.update_function_code = lambda **given: update(
        **{"Architectures": [cli.architecture]} | given
    )


def _unschedule_both(zappa: Any) -> None:
    """Remove rules of both the function and the alias, so that no rule has two targets."""
    rules, clear = zappa.get_event_rule_names_for_lambda, zappa._clear_policy  # noqa: SLF001

    def of_both(lambda_arn: str) -> list[str]:
        arns = (live.unqualified(lambda_arn), live.qualified(lambda_arn))
        return sorted({name for arn in arns for name in rules(lambda_arn=arn)})

    def clear_both(function: str) -> None:
        clear(function)
        clear(f"{function}:{live.ALIAS}")

    zappa.get_event_rule_names_for_lambda, zappa._clear_policy = of_both, clear_both  # noqa: SLF001


def _target(zappa: Any, name: str) -> None:
    call = getattr(zappa, name)
    setattr(
        zappa,
        name,
        lambda **given: call(**given | {"lambda_arn": live.qualified(given["lambda_arn"])}),
    )


def _publish_once(cli: Any) -> None:
    """Publish only once: Zappa would also publish the new code with the old variables."""
    zappa, name = cli.zappa, cli.lambda_name
    update, create = zappa.update_lambda_function, zappa.create_lambda_function
    back = zappa.rollback_lambda_function_version

    def create_with_alias(**given: Any) -> Any:
        arn = create(**given)
        live.begin(name)
        return arn

    def roll_back(*given: Any, **options: Any) -> Any:
        if answer := back(*given, **options):
            live.move(name)
        return answer

    zappa.create_lambda_function, zappa.rollback_lambda_function_version = (
        create_with_alias,
        roll_back,
    )
    zappa.update_lambda_function = lambda **given: update(
        **given | {"publish": False, "num_revisions": None}
    )


def _prune(function: str, kept: int) -> None:
    """Delete old versions except the serving one, which Zappa would delete after failed deploys."""
    from deploy import versions

    numbers = [each.number for each in sorted(versions.published(function))]
    for number in numbers[:-kept]:  # all are kept with 0
        if str(number) != live.serving(function):
            aws.client("lambda").delete_function(FunctionName=function, Qualifier=str(number))
