"""Restarts every process of a stage, so that changed parameters are read.

python -m deploy.restart dev      make restart STAGE=dev
"""

from deploy import aws, functions, stack
from deploy.progress import done, step


def restart(stage: str) -> None:
    """If a variable changes, Lambda ends the processes that were started without it."""
    stack.bundle(stage)
    for function in (aws.function_name(stage), aws.function_name(aws.ops_stage(stage))):
        if functions.exists(function):
            functions.update_environment(function, {"STARTED_AT": aws.now()})
            done(f"{function} restarts")


def main() -> None:
    stage = aws.stage_argument("Restart every process of a stage.")
    step(f"Restart of {stage}")
    restart(stage)


if __name__ == "__main__":
    main()
