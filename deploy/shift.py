"""Shifts the traffic of a stage to a new version in steps, unless an alarm of the stack fires.

"shift": {"percents": [10, 50], "minutes": 5}      in the stage of zappa_settings.json
"""

import time
from dataclasses import dataclass
from typing import Any

from deploy import aws, live
from deploy.progress import done, step

# Failed invocations, and responses of 500 and above (deploy/template.yaml).
JUDGES = ("errors", "5xx")
LONGEST_MINUTES = 30  # the lock and the credentials of CI last an hour
POLL_SECONDS = 5


class ShiftError(Exception):
    """The settings of a shift are invalid, or an alarm ended it."""


class OvertakenError(ShiftError):
    """Someone else has changed the serving version; their choice stays."""


@dataclass(frozen=True)
class Shift:
    """The shares of the new version, each for `minutes`; then it gets all traffic."""

    percents: tuple[int, ...]
    minutes: float


def of(stage: dict[str, Any]) -> Shift | None:
    """The shift in the settings of a stage. Raises ShiftError if it is invalid."""
    if not (wanted := stage.get("shift")):
        return None
    try:
        percents, minutes = tuple(map(int, wanted["percents"])), float(wanted["minutes"])
    except (KeyError, TypeError, ValueError):
        raise ShiftError('Say for example "shift": {"percents": [10, 50], "minutes": 5}.') from None
    if list(percents) != sorted({each for each in percents if 0 < each < 100}):
        raise ShiftError(f"The percents of a shift grow, between 1 and 99: not {list(percents)}.")
    if not 0 < len(percents) * minutes <= LONGEST_MINUTES:
        raise ShiftError(
            f"This shift takes {len(percents) * minutes:g} minutes; it may take {LONGEST_MINUTES}."
        )
    return Shift(percents, minutes)


def refuse(stage: str) -> None:
    """Raise SystemExit if the alarms are missing or already firing."""
    states = _states(stage)
    if missing := [name for name in names(stage) if name not in states]:
        raise SystemExit(
            f"A shift needs the alarms of the stack, but there is no {' and no '.join(missing)}: "
            f"make infra STAGE={stage}, or deploy with AT_ONCE=1."
        )
    if raised := _raised(states):
        raise SystemExit(
            f"{raised} is in ALARM already, so it cannot judge the new code. Mend that first, or "
            "deploy with AT_ONCE=1."
        )


def run(stage: str, version: str, steps: Shift | None) -> None:
    """Shift all traffic to the version. Raises ShiftError if an alarm fires."""
    function = aws.function_name(stage)
    before, revision = live.current(function)
    try:
        for percent in steps.percents if steps and before != version else ():
            step(f"Version {version} serves {percent} %, version {before} the rest")
            shares = {version: percent / 100}
            revision = live.point_unchanged(function, before, revision, shares)
            _watch(stage, percent, steps.minutes * 60 if steps else 0)
        live.point_unchanged(function, version, revision)
    except live.ChangedError:
        raise OvertakenError(
            f"Somebody else changed the alias {live.ALIAS} of {function} during the shift, for "
            f"example with `zappa update {stage}`. What they chose stays, and version {version} "
            "gets no more traffic from here (docs/operations.md)."
        ) from None
    done(f"{function} serves version {version}")


def names(stage: str) -> list[str]:
    return [f"{aws.PROJECT}-{stage}-{judge}" for judge in JUDGES]


def _watch(stage: str, percent: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    while True:
        if raised := _raised(_states(stage)):
            raise ShiftError(f"{raised} went to ALARM while the new code served {percent} %.")
        if time.monotonic() >= until:
            return
        time.sleep(min(POLL_SECONDS, max(until - time.monotonic(), 0)))


def _raised(states: dict[str, str]) -> str:
    return " and ".join(sorted(name for name in states if states[name] == "ALARM"))


def _states(stage: str) -> dict[str, str]:
    found = aws.client("cloudwatch").describe_alarms(AlarmNames=names(stage))
    return {each["AlarmName"]: each["StateValue"] for each in found["MetricAlarms"]}
