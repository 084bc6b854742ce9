"""Restarts every process of a stage, so that changed parameters are read.

python -m deploy.restart dev      make restart STAGE=dev
"""

from deploy import aws, functions, interruption, live, lock, stack
from deploy.progress import done, step


def restart(stage: str) -> None:
    """Change a variable, so that Lambda replaces all processes.

    Raises SystemExit if that would serve untested code.
    """
    function = aws.function_name(stage)
    if live.serving(function) and not live.is_settled(function):
        raise SystemExit(
            f"The newest code of {function} does not serve everybody: its deploy was cut off. "
            f"First `make deploy STAGE={stage}`, or `make rollback STAGE={stage}`."
        )
    stack.bundle(stage)
    for each in (function, aws.function_name(aws.ops_stage(stage))):
        if functions.exists(each):
            functions.update_environment(each, {"STARTED_AT": aws.now()})
            live.move(each)
            done(f"{each} restarts")


def main() -> None:
    stage = aws.stage_argument("Restart every process of a stage.")
    interruption.sigterm_is_ctrl_c()
    step(f"Restart of {stage}")
    with lock.held(stage):
        restart(stage)


if __name__ == "__main__":
    main()
