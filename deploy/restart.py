"""Starts every process of a stage anew, so that parameters which were changed are read.

python -m deploy.restart dev      make restart STAGE=dev
"""

from deploy import aws, functions
from deploy.progress import done, step


def restart(stage: str) -> None:
    """A changed variable makes Lambda end the processes that were started without it."""
    for function in (aws.function_name(stage), aws.function_name(aws.ops_stage(stage))):
        if functions.exists(function):
            functions.update_environment(function, {"STARTED_AT": aws.now()})
            done(f"{function} starts anew")


def main() -> None:
    stage = aws.stage_argument("Start every process of a stage anew.")
    step(f"Restart of {stage}")
    restart(stage)


if __name__ == "__main__":
    main()
